//! RTP from publishers: authenticated, described, kept, forwarded.

use std::time::Duration;

use trio_sfu_srtp::Error;
use trio_sfu_wire::codec::{Codec, Detail, describe};
use trio_sfu_wire::rtp::extension::{AudioLevel, transport_cc};
use trio_sfu_wire::rtp::{ExtensionKind, Header, Mid, PayloadType, Rid};

use crate::command::Kind;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::event::Event;
use crate::receive::cache::{Bytes, MAX_PAYLOAD, Packet};
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::receive::levels::Loudness;
use crate::time::Instant;
use crate::transport::TransportKey;
use crate::transport::negotiated::{Format, Negotiated, kind_of};

/// Publishers hear about arrivals this often while packets arrive. Without it browsers
/// never raise their rate enough for the upper simulcast layers.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);

/// The header extensions of one packet that matter here.
#[derive(Default)]
pub(crate) struct Extensions<'a> {
    pub(crate) mid: Option<Mid>,
    pub(crate) rid: Option<Rid>,
    pub(crate) repaired_rid: Option<Rid>,
    audio_level: Option<u8>,
    orientation: Option<u8>,
    wide_sequence: Option<u16>,
    dependency_descriptor: Option<&'a [u8]>,
}

impl<'a> Extensions<'a> {
    fn parse(header: &Header, packet: &'a [u8], negotiated: &Negotiated) -> Self {
        let mut values = Self::default();
        for (id, value) in header.extensions(packet) {
            match negotiated.kind(id) {
                Some(ExtensionKind::Mid) => values.mid = Mid::from_bytes(value).ok(),
                Some(ExtensionKind::Rid) => values.rid = Rid::from_bytes(value).ok(),
                Some(ExtensionKind::RepairedRid) => {
                    values.repaired_rid = Rid::from_bytes(value).ok();
                }
                Some(ExtensionKind::AudioLevel) => values.audio_level = value.first().copied(),
                Some(ExtensionKind::VideoOrientation) => {
                    values.orientation = value.first().copied();
                }
                Some(ExtensionKind::TransportCc) => values.wide_sequence = transport_cc(value).ok(),
                Some(ExtensionKind::DependencyDescriptor) => {
                    values.dependency_descriptor = Some(value);
                }
                Some(ExtensionKind::AbsSendTime) | None => {}
            }
        }
        values
    }
}

/// A media packet, original or restored.
struct Media<'a> {
    sequence: u16,
    timestamp: u32,
    marker: bool,
    /// It came as a retransmission.
    repair: bool,
    format: Format,
    payload: &'a [u8],
}

impl Engine {
    pub(crate) fn handle_rtp(&mut self, now: Instant, key: TransportKey, datagram: &mut [u8]) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let Some(inbound) = &mut transport.inbound else {
            self.counters.drop_no_keys += 1;
            return;
        };
        let Ok(header) = Header::parse(datagram) else {
            self.counters.drop_malformed_rtp += 1;
            return;
        };
        let senders = inbound.senders();
        let unprotected =
            inbound.unprotect_rtp(datagram, header.ssrc.0, header.sequence, header.len);
        let packet = match unprotected {
            Ok((len, _)) => &datagram[..len],
            Err(error) => return count_refused(&mut self.counters, error),
        };
        if inbound.senders() != senders {
            self.by_ssrc.insert(header.ssrc, key);
        }
        self.counters.rtp_received += 1;
        transport.counts.packets_received += 1;
        transport.counts.bytes_received += packet.len() as u64;
        let extensions = Extensions::parse(&header, packet, &transport.negotiated);
        if let Some(sequence) = extensions.wide_sequence {
            transport.arrivals.record(sequence, self.arrived.0);
            if transport.next_feedback.is_none() {
                transport.next_feedback = Some(now + FEEDBACK_INTERVAL);
                self.timers.arm(&mut transport.armed, key, now + FEEDBACK_INTERVAL);
            }
        }
        let format = transport.negotiated.format(header.payload_type);
        let known = transport.sources.get(header.ssrc);
        self.heard(now, key);
        let Some(format) = format else {
            self.counters.drop_unknown_payload_type += 1;
            return;
        };
        let Ok(payload) = header.payload_end(packet).map(|end| &packet[header.len..end]) else {
            self.counters.drop_malformed_rtp += 1;
            return;
        };
        let Some(source) = known.or_else(|| self.learn(now, key, header.ssrc, format, &extensions))
        else {
            return;
        };
        if source.rtx != format.rtx {
            self.counters.drop_bad_rtx += 1;
            return;
        }
        let mut media = Media {
            sequence: header.sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            repair: format.rtx,
            format,
            payload,
        };
        if payload.is_empty() {
            self.counters.padding_received += 1;
        }
        if format.rtx {
            // RFC 4588 4: the original sequence number precedes the original payload.
            let Some((original, payload)) = payload.split_first_chunk() else {
                // Probes come as padding on this SSRC.
                self.counters.drop_bad_rtx += u64::from(!payload.is_empty());
                return;
            };
            self.counters.rtx_received += 1;
            (media.sequence, media.payload) = (u16::from_be_bytes(*original), payload);
        }
        self.receive_media(now, source.encoding, &media, &extensions);
    }

    fn receive_media(
        &mut self,
        now: Instant,
        key: EncodingKey,
        media: &Media<'_>,
        extensions: &Extensions<'_>,
    ) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let counters = &mut self.counters;
        let format = Format { rtx: false, ..media.format };
        if kind_of(format.codec) != encoding.kind {
            counters.drop_wrong_kind += 1;
            return;
        }
        let descriptor_bytes = extensions.dependency_descriptor.unwrap_or(&[]);
        if media.payload.len() > MAX_PAYLOAD || descriptor_bytes.len() > usize::from(u8::MAX) {
            counters.drop_oversize_rtp += 1;
            return;
        }
        let mut descriptor =
            describe(format.codec, media.payload, media.marker, extensions.dependency_descriptor);
        if format.codec == Codec::Red && !media.payload.is_empty() {
            let publisher = encoding.publisher.here().and_then(|key| self.transports.get(key));
            if !publisher.is_some_and(|each| is_opus(&descriptor.detail, &each.negotiated)) {
                counters.drop_malformed_red += 1;
                return;
            }
        }
        let highest = encoding.sequence.highest();
        if media.repair && highest.is_none() {
            counters.drop_bad_rtx += 1;
            return;
        }
        let sequence = encoding.sequence.peek(media.sequence);
        if highest.is_some_and(|highest| sequence + encoding.cache.reach() <= highest) {
            counters.drop_late += 1;
            return;
        }
        if encoding.cache.contains(sequence) {
            let counter = if media.repair {
                &mut counters.rtx_redundant
            } else {
                &mut counters.drop_duplicate
            };
            *counter += 1;
            return;
        }
        if media.repair {
            if highest.is_some_and(|highest| sequence > highest) {
                counters.drop_bad_rtx += 1;
                return;
            }
            encoding.reception.repaired();
            encoding.counts.repaired += 1;
        } else {
            encoding.sequence.extend(media.sequence);
            encoding.reception.packet(self.arrived, sequence, media.timestamp, format.clock_rate);
        }
        encoding.counts.packets += 1;
        encoding.counts.bytes += media.payload.len() as u64;
        encoding.first.get_or_insert(sequence);
        let video = encoding.kind == Kind::Video;
        if video && !descriptor_bytes.is_empty() {
            let newest = highest.is_none_or(|highest| sequence > highest);
            encoding.dependencies.read(descriptor_bytes, sequence, newest, &mut descriptor);
        }

        let watched = encoding.kind == Kind::Video && encoding.watched();
        let mut wake = false;
        let mut overwhelmed = false;
        match highest {
            Some(highest) if sequence > highest + 1 && watched => {
                overwhelmed = !encoding.missing.gap(now, highest, sequence);
                wake = true;
            }
            Some(highest) if sequence < highest => encoding.missing.arrived(sequence),
            _ => {}
        }

        if descriptor.keyframe && video {
            let Encoding { dependencies, layers, .. } = encoding;
            dependencies.tell_sizes(format.codec, media.payload, &descriptor, layers);
            if encoding.keyframe.is_none_or(|(timestamp, _)| timestamp != media.timestamp) {
                encoding.keyframe = Some((media.timestamp, sequence));
                encoding.counts.keyframes += 1;
                counters.keyframes_received += 1;
            }
            encoding.keyframes.arrived();
        }
        let packet = Packet {
            sequence,
            timestamp: media.timestamp,
            codec: format.codec,
            marker: media.marker,
            audio_level: extensions.audio_level,
            orientation: extensions.orientation,
            descriptor,
            arrived: now,
        };
        let loudness = extensions
            .audio_level
            .filter(|_| encoding.kind == Kind::Audio)
            .and_then(|value| AudioLevel::parse(&[value]).ok())
            .and_then(|level| encoding.levels.packet(now, level));
        let bytes = Bytes { dependency_descriptor: descriptor_bytes, payload: media.payload };
        encoding.cache.insert(packet, bytes);

        let codec = format.codec.wrapped();
        let codec_before = encoding.format.replace(format).map(|format| format.codec.wrapped());
        let measure = video && encoding.layers.count(now, &packet.descriptor, media.payload.len());
        let started = encoding.flow.packet(now);
        let (publisher, relayed) = (encoding.publisher.here(), !encoding.relays.is_empty());
        let up_track = encoding.up_track;
        if (started || codec_before != Some(codec))
            && let Some(ssrc) = encoding.ssrc
        {
            let rid = encoding.rid;
            self.emit(Event::EncodingStarted { up_track, rid, ssrc, codec });
            wake = true;
        }
        if let Some(Loudness { level, voice, levels }) = loudness {
            self.emit(Event::AudioLevel { up_track, level, voice, levels });
            wake = true;
        }
        if overwhelmed {
            self.ask_keyframe(now, key);
        }
        if wake
            && let Some(publisher) = publisher
            && let Some(at) = self.next_question(publisher)
        {
            self.wake(publisher, at.max(now));
        }
        if measure {
            self.measure_layers(now, key);
        }
        if relayed {
            self.relay_packet(key, sequence);
        }
        self.forward(now, key, sequence);
    }
}

/// Whether every block of redundant audio is Opus as the peer numbers it.
fn is_opus(detail: &Detail, negotiated: &Negotiated) -> bool {
    let Detail::Red(blocks) = detail else { return false };
    negotiated.format(PayloadType(blocks.payload_type)).is_some_and(|f| f.codec == Codec::Opus)
}

/// Counts an SRTP or SRTCP packet that was refused.
pub(crate) fn count_refused(counters: &mut Counters, error: Error) {
    match error {
        Error::Replayed => counters.drop_replay += 1,
        Error::TooManySources => counters.drop_too_many_ssrcs += 1,
        Error::TooShort => counters.drop_malformed_rtp += 1,
        _ => counters.drop_auth += 1,
    }
}
