//! One cached packet, written and encrypted for one subscriber.

use std::time::Duration;

use trio_sfu_wire::codec::{Codec, Detail};
use trio_sfu_wire::rtp::extension::abs_send_time;
use trio_sfu_wire::rtp::{ExtensionKind, write_header};

use crate::arena::Arena;
use crate::command::Kind;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::receive::cache::{Bytes, Packet};
use crate::receive::encoding::Encoding;
use crate::remote::Remote;
use crate::send::pacer::{Purpose, Queued};
use crate::send::padding::write_padding;
use crate::send::scratch::Scratch;
use crate::send::selection::seams::Shift;
use crate::send::slot::Slot;
use crate::send::span::Span;
use crate::time::Instant;
use crate::transmit::Batch;
use crate::transport::{Transport, TransportKey};

/// Of so many packets of a slot, one's latency is counted.
const LATENCY_EVERY: u64 = 16;

/// Sound that has waited longer than this for a connection is left out: a listener's buffer
/// would grow by as much, for the rest of the call.
const LONGEST_SOUND: Duration = Duration::from_millis(400);

/// Why a queued packet was not written.
enum Unsent {
    Gone,
    CacheMissed,
    NotNegotiated,
    Protect,
    Stale,
}

/// Where one subscriber's packets go, and what it takes to make them.
struct Out<'a> {
    now: Instant,
    destination: Remote,
    /// Bytes of the headers around each datagram.
    overhead: usize,
    /// Whether the batch's latest run goes there: who it is for is compared once, not for each
    /// packet.
    ours: bool,
    encodings: &'a Arena<Encoding>,
    slots: &'a mut Arena<Slot>,
    counters: &'a mut Counters,
    scratch: &'a mut Scratch,
    batch: &'a mut Batch,
}

impl Engine {
    /// Writes what may go now, until the batch has reached `limit` bytes.
    pub(crate) fn flush_media(
        &mut self,
        now: Instant,
        key: TransportKey,
        batch: &mut Batch,
        limit: usize,
    ) {
        let Self { encodings, slots, transports, counters, scratch, .. } = self;
        let Some(transport) = transports.get_mut(key) else { return };
        let Some(destination) = transport.path.destination() else {
            // Consent is gone: what waits would be stale when it returns.
            counters.drop_subscriber_not_ready += transport.media.clear() as u64;
            transport.bandwidth.probing = None;
            return;
        };
        let start = batch.buffer.len();
        let limit = start + transport.media.within_room(limit.saturating_sub(start));
        let overhead = destination.overhead();
        let mut out = Out {
            now,
            destination,
            overhead,
            ours: false,
            encodings,
            slots,
            counters,
            scratch,
            batch,
        };
        transport.media.refill(now);
        while out.batch.buffer.len() < limit {
            let Some(queued) = transport.media.pop() else { break };
            let written = out.send(transport, &queued);
            transport.media.sent(written.unwrap_or(0));
        }
        while out.batch.buffer.len() < limit && transport.wants_padding(now) {
            if !out.pad(transport) {
                transport.bandwidth.probing = None;
            }
        }
        transport.media.fill(out.batch.buffer.len() - start);
        if transport.bandwidth.probing.as_ref().is_some_and(|probing| probing.is_over(now)) {
            self.end_probe(now, key);
        }
    }
}

impl Out<'_> {
    /// Appends a queued packet to the batch; returns its bytes on the wire.
    fn send(&mut self, transport: &mut Transport, queued: &Queued) -> Option<usize> {
        let Self { now, encodings, slots, counters, scratch, batch, .. } = self;
        let slot = slots.get_mut(queued.slot)?;
        let start = batch.buffer.len();
        let wide = transport.wide_sequence;
        let written = (|| {
            let span = *slot.spans.get(queued.span).ok_or(Unsent::Gone)?;
            let encoding = encodings.get(span.encoding).ok_or(Unsent::Gone)?;
            let source = encoding.cache.get(queued.sequence).ok_or(Unsent::CacheMissed)?;
            if transport.media.is_stream() && is_stale(*now, slot, queued, source.0) {
                return Err(Unsent::Stale);
            }
            let payload = write(*now, transport, slot, &span, source, queued, scratch, batch)?;
            Ok((payload, source.0.arrived, span.timestamps.recalls(source.0)))
        })();
        let (payload, arrived, recalled) = match written {
            Ok(written) => written,
            Err(reason) => {
                batch.buffer.truncate(start);
                slot.counts.dropped += 1;
                match reason {
                    Unsent::Gone => {}
                    Unsent::CacheMissed => counters.drop_cache_missed += 1,
                    Unsent::NotNegotiated => counters.drop_codec_not_negotiated += 1,
                    Unsent::Protect => counters.drop_protect_failed += 1,
                    Unsent::Stale => counters.drop_sound_too_late += 1,
                }
                return None;
            }
        };
        let len = batch.buffer.len() - start;
        if !self.ours || !batch.join(start) {
            batch.push(self.destination, start);
            self.ours = true;
        }
        counters.datagrams_sent += 1;
        match queued.purpose {
            Purpose::Media => {
                counters.rtp_forwarded += 1;
                counters.rtp_forwarded_bytes += len as u64;
                // By the slot's own count, so that no slot is looked at more than others.
                if slot.counts.packets.is_multiple_of(LATENCY_EVERY) && !recalled {
                    counters.forwarded_after(now.since(arrived));
                }
                slot.counts.packets += 1;
                slot.counts.bytes += len as u64;
                slot.counts.payload_bytes += payload as u64;
                slot.earn(len);
                if slot.rtx_ssrc.is_some() {
                    transport.bandwidth.padder = Some(queued.slot);
                }
            }
            Purpose::Repair => {
                counters.rtx_sent += 1;
                slot.counts.retransmitted += 1;
            }
            Purpose::Padding => counters.padding_sent += 1,
        }
        Some(transport.note_sent(*now, self.overhead, wide, len))
    }

    /// Appends one packet of padding; false when there is nothing to make it of.
    fn pad(&mut self, transport: &mut Transport) -> bool {
        let Some(probing) = &mut transport.bandwidth.probing else { return false };
        let number = probing.next_padding();
        let Some(key) = transport.bandwidth.padder else { return false };
        let Some(slot) = self.slots.get_mut(key) else { return false };
        if let Some(queued) = slot.padding(key, number, self.encodings) {
            return self.send(transport, &queued).is_some();
        }
        let Some(format) = slot.padding_format(transport, self.encodings) else { return false };
        let (start, wide) = (self.batch.buffer.len(), transport.wide_sequence);
        if !write_padding(self.now, transport, slot, format, self.scratch, self.batch) {
            self.batch.buffer.truncate(start);
            return false;
        }
        let len = self.batch.buffer.len() - start;
        self.batch.push(self.destination, start);
        self.ours = true;
        self.counters.datagrams_sent += 1;
        self.counters.padding_sent += 1;
        transport.note_sent(self.now, self.overhead, wide, len);
        true
    }
}

impl Transport {
    /// A packet has been written, with a transport-wide number if that has moved on from
    /// `wide`; returns its bytes on the wire.
    fn note_sent(&mut self, now: Instant, overhead: usize, wide: u64, len: usize) -> usize {
        self.counts.packets_sent += 1;
        self.counts.bytes_sent += len as u64;
        let bytes = len + overhead;
        if let Some(probing) = &mut self.bandwidth.probing {
            probing.sent(bytes);
        }
        if self.wide_sequence != wide {
            self.bandwidth.sent(now, wide, bytes);
        }
        bytes
    }

    fn wants_padding(&mut self, now: Instant) -> bool {
        let probing = self.bandwidth.probing.as_mut();
        self.media.is_empty() && probing.is_some_and(|probing| probing.wants_padding(now))
    }
}

/// Whether sound has waited for a connection until nobody wants to hear it any more.
fn is_stale(now: Instant, slot: &Slot, queued: &Queued, packet: &Packet) -> bool {
    slot.kind == Kind::Audio
        && queued.purpose == Purpose::Media
        && now.since(packet.arrived) > LONGEST_SOUND
}

/// Appends the encrypted packet to the batch's buffer; returns its payload's length.
#[allow(clippy::too_many_arguments)] // Everything a packet is made of; nothing to group.
fn write(
    now: Instant,
    transport: &mut Transport,
    slot: &mut Slot,
    span: &Span,
    (packet, bytes): (&Packet, Bytes<'_>),
    queued: &Queued,
    scratch: &mut Scratch,
    batch: &mut Batch,
) -> Result<usize, Unsent> {
    let outgoing = transport.negotiated.outgoing(packet.codec).ok_or(Unsent::NotNegotiated)?;
    let shift = slot.shift(span, packet).ok_or(Unsent::Gone)?;
    let out = span.out(packet.sequence, &shift).ok_or(Unsent::Gone)?;
    let bytes = if queued.hollow { Bytes::default() } else { bytes };
    let rtx = slot.rtx_ssrc.zip(outgoing.rtx);
    if queued.purpose == Purpose::Padding && rtx.is_none() {
        return Err(Unsent::NotNegotiated);
    }
    // Without RTX a packet is repeated under its own number, so it must be the same bytes
    // again: a GCM nonce over two different headers would give away the key.
    let repeatable = rtx.is_none() && slot.kind == Kind::Video;
    write_extensions(now, transport, slot, span, &shift, packet, bytes, repeatable, scratch);
    let marker = shift.ends_picture(packet) && !queued.hollow;

    let (payload_type, ssrc, index, marker) = match rtx.filter(|_| queued.purpose != Purpose::Media)
    {
        Some((ssrc, payload_type)) => {
            let index = slot.rtx_next;
            slot.rtx_next += 1;
            (payload_type, ssrc, index, marker)
        }
        None => {
            let restart = span.mark_first && out == span.first_out;
            (outgoing.payload_type, slot.ssrc, out, marker || restart)
        }
    };
    let start = batch.buffer.len();
    let timestamp = span.timestamps.of(packet);
    #[allow(clippy::cast_possible_truncation)]
    let header_len = write_header(
        &mut batch.buffer,
        marker,
        payload_type,
        index as u16,
        timestamp,
        ssrc,
        &scratch.extensions,
    );
    if ssrc != slot.ssrc {
        // RFC 4588 4: the original sequence number.
        #[allow(clippy::cast_possible_truncation)]
        batch.buffer.extend_from_slice(&(out as u16).to_be_bytes());
    }
    let payload_start = batch.buffer.len();
    let payload = match packet.descriptor.detail {
        // The newest frame alone, for those who take no redundancy.
        Detail::Red(blocks) if outgoing.codec == Codec::Opus => {
            bytes.payload.get(usize::from(blocks.primary)..).unwrap_or_default()
        }
        _ => bytes.payload,
    };
    batch.buffer.extend_from_slice(payload);
    span.rewrite_payload(packet, &shift, &mut batch.buffer[payload_start..]);
    if let Detail::Red(blocks) = packet.descriptor.detail
        && outgoing.codec == Codec::Red
        && let Some(opus) = transport.negotiated.outgoing(Codec::Opus)
    {
        blocks.renumber(&mut batch.buffer[payload_start..], opus.payload_type.0);
    }
    let len = batch.buffer.len() - start;
    let outbound = transport.outbound.as_ref().ok_or(Unsent::Protect)?;
    batch.buffer.resize(start + len + outbound.profile().rtp_overhead(), 0);
    let protected = outbound
        .protect_rtp(&mut batch.buffer[start..], header_len, len, index)
        .map_err(|_| Unsent::Protect)?;
    batch.buffer.truncate(start + protected);
    Ok(payload.len())
}

/// Collects the header extensions in the subscriber's numbering. One that does not fit
/// any more is left out.
#[allow(clippy::too_many_arguments)]
fn write_extensions(
    now: Instant,
    transport: &mut Transport,
    slot: &Slot,
    span: &Span,
    shift: &Shift,
    packet: &Packet,
    bytes: Bytes<'_>,
    repeatable: bool,
    scratch: &mut Scratch,
) {
    let Scratch { extensions, descriptor, .. } = scratch;
    let id = |kind| transport.negotiated.id(kind);
    extensions.clear();
    if let Some(id) = id(ExtensionKind::Mid) {
        let _ = extensions.push(id, slot.mid.as_bytes());
    }
    if let (Some(id), Some(level)) = (id(ExtensionKind::AudioLevel), packet.audio_level) {
        let _ = extensions.push(id, &[level]);
    }
    if let (Some(id), Some(value)) = (id(ExtensionKind::VideoOrientation), packet.orientation) {
        let _ = extensions.push(id, &[value]);
    }
    let wide = id(ExtensionKind::TransportCc).filter(|_| !repeatable);
    if let Some(id) = id(ExtensionKind::AbsSendTime).filter(|_| !repeatable) {
        let _ = extensions.push(id, &abs_send_time(now.0));
    }
    if let Some(id) = wide {
        #[allow(clippy::cast_possible_truncation)]
        let _ = extensions.push(id, &(transport.wide_sequence as u16).to_be_bytes());
        transport.wide_sequence += 1;
    }
    if let Some(id) = transport.negotiated.id(ExtensionKind::DependencyDescriptor)
        && !bytes.dependency_descriptor.is_empty()
    {
        shift.write_descriptor(bytes.dependency_descriptor, descriptor);
        span.rewrite_descriptor(descriptor);
        let _ = extensions.push(id, descriptor);
    }
}
