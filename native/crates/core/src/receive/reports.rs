//! What publishers are told and asked: receiver reports, transport-wide feedback, NACK, PLI.

use std::time::Duration;

use trio_sfu_wire::rtcp::{self, ReportBlock};

use crate::engine::Engine;
use crate::event::Event;
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::receive::flow::{Lapse, Patience};
use crate::receive::levels::Loudness;
use crate::receive::publisher::Publisher;
use crate::time::Instant;
use crate::transport::{Transport, TransportKey};

/// Assumed until a receiver report says better.
const DEFAULT_ROUND_TRIP: Duration = Duration::from_millis(100);
/// Bytes of an RTCP datagram before encryption, well below any path's MTU.
pub(crate) const MAX_RTCP: usize = 1100;

impl Engine {
    /// Sends due NACKs and keyframe requests; notices encodings that pause or stopped.
    pub(crate) fn ask_publisher(&mut self, now: Instant, key: TransportKey) {
        for encoding in self.encodings_of(key) {
            self.notice_pause(now, encoding);
            self.notice_silence(now, encoding);
            self.ask_again(now, key, encoding);
            self.ask_for_keyframe(now, key, encoding);
        }
    }

    pub(crate) fn encodings_of(&self, key: TransportKey) -> Vec<EncodingKey> {
        let Some(transport) = self.transports.get(key) else { return Vec::new() };
        let tracks = transport.up_tracks.iter().filter_map(|&track| self.up_tracks.get(track));
        tracks.flat_map(|track| track.encodings.iter().map(|(_, encoding)| *encoding)).collect()
    }

    fn notice_pause(&mut self, now: Instant, key: EncodingKey) {
        let patience = self.patience();
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        if !Self::stops(encoding.kind) {
            return;
        }
        let transport = encoding.publisher.here().and_then(|key| self.transports.get(key));
        let deaf = transport.is_some_and(|transport| transport.path.is_silent());
        let Some(lapse) = encoding.flow.lapse(now, patience, deaf) else { return };
        encoding.missing.clear();
        let (up_track, rid) = (encoding.up_track, encoding.rid);
        self.emit(match lapse {
            Lapse::Idle => Event::EncodingIdle { up_track, rid },
            Lapse::Stopped => Event::EncodingStopped { up_track, rid },
        });
    }

    fn notice_silence(&mut self, now: Instant, key: EncodingKey) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let Some(Loudness { level, voice, levels }) = encoding.levels.lapse(now) else { return };
        let up_track = encoding.up_track;
        self.emit(Event::AudioLevel { up_track, level, voice, levels });
    }

    fn patience(&self) -> Patience {
        Patience { idle: self.config.encoding_timeout, over: self.config.source_timeout }
    }

    /// The peer was silent and is heard again: its sources have all their time anew.
    pub(crate) fn bear_with(&mut self, now: Instant, key: TransportKey) {
        for encoding in self.encodings_of(key) {
            if let Some(encoding) = self.encodings.get_mut(encoding) {
                encoding.flow.sign(now);
            }
        }
    }

    fn ask_again(&mut self, now: Instant, key: TransportKey, encoding_key: EncodingKey) {
        let (Some(transport), Some(encoding)) =
            (self.transports.get_mut(key), self.encodings.get_mut(encoding_key))
        else {
            return;
        };
        if !encoding.watched() {
            encoding.missing.clear();
            return;
        }
        let round_trip = round_trip(transport);
        let mut sequences = Vec::new();
        let given_up = encoding.missing.take(now, round_trip, &mut sequences);
        if let Some(media) = encoding.ssrc
            && !sequences.is_empty()
        {
            encoding.counts.nacked += sequences.len() as u64;
            self.counters.nacks_sent += sequences.len() as u64;
            let mut rest = &sequences[..];
            while !rest.is_empty() {
                let mut datagram = empty_report(transport);
                let written = rtcp::nack(&mut datagram, transport.ssrc, media, rest);
                transport.send_rtcp(&mut self.counters, datagram);
                rest = &rest[written.max(1).min(rest.len())..];
            }
        }
        self.counters.nacks_given_up += given_up.count;
        // A keyframe that came since makes up for what is lost.
        let shown_from = encoding.keyframe.map_or(0, |(_, sequence)| sequence);
        if given_up.newest.is_some_and(|newest| newest > shown_from) {
            self.ask_keyframe(now, encoding_key);
        }
        if !sequences.is_empty() {
            self.has_output(key);
        }
    }

    fn ask_for_keyframe(&mut self, now: Instant, key: TransportKey, encoding_key: EncodingKey) {
        if self.next_keyframe_request(encoding_key).is_none_or(|at| at > now) {
            return;
        }
        let (Some(transport), Some(encoding)) =
            (self.transports.get_mut(key), self.encodings.get_mut(encoding_key))
        else {
            return;
        };
        let Some(media) = encoding.ssrc else { return };
        encoding.keyframes.sent(now);
        encoding.counts.plis += 1;
        self.counters.plis_sent += 1;
        let mut datagram = empty_report(transport);
        rtcp::pli(&mut datagram, transport.ssrc, media);
        transport.send_rtcp(&mut self.counters, datagram);
        self.has_output(key);
    }

    /// Never when the encoding has stopped or its publisher cannot be reached: it is asked
    /// when it starts (again) and somebody still waits. One that is idle is asked: a screen
    /// on which nothing moves is sent once more for those who come later.
    pub(crate) fn next_keyframe_request(&self, key: EncodingKey) -> Option<Instant> {
        let encoding = self.encodings.get(key)?;
        let heard = match (encoding.publisher, &encoding.relayed) {
            (Publisher::Here(key), _) => encoding.flow.live() && self.transports.get(key)?.ready(),
            (Publisher::There { .. }, relayed) => relayed.as_ref()?.flows(),
        };
        if !heard {
            return None;
        }
        encoding.keyframes.next(self.somebody_waits(encoding))
    }

    fn somebody_waits(&self, encoding: &Encoding) -> bool {
        Self::stops(encoding.kind)
            && encoding.waiting.iter().any(|&slot| {
                let transport = self.slots.get(slot).map(|slot| slot.transport);
                transport.and_then(|key| self.transports.get(key)).is_some_and(Transport::ready)
            })
    }

    /// When [`Engine::ask_publisher`] next has something to do.
    pub(crate) fn next_question(&self, key: TransportKey) -> Option<Instant> {
        let transport = self.transports.get(key)?;
        let round_trip = round_trip(transport);
        let (patience, deaf) = (self.patience(), transport.path.is_silent());
        let tracks = transport.up_tracks.iter().filter_map(|&track| self.up_tracks.get(track));
        tracks
            .flat_map(|track| &track.encodings)
            .filter_map(|&(_, key)| {
                let encoding = self.encodings.get(key)?;
                let pause = encoding.flow.next_lapse(patience, deaf);
                let pause = pause.filter(|_| Self::stops(encoding.kind));
                let missing = encoding.missing.next(round_trip);
                let silence = encoding.levels.next_lapse();
                let keyframe = self.next_keyframe_request(key);
                [pause, missing, silence, keyframe].into_iter().flatten().min()
            })
            .min()
    }

    /// Sends transport-wide feedback when it is due.
    pub(crate) fn transport_feedback(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if transport.next_feedback.is_none_or(|at| at > now) {
            return;
        }
        transport.next_feedback = None;
        // The format wants one media SSRC; receivers of this feedback do not look at it.
        let media = transport
            .up_tracks
            .iter()
            .filter_map(|&track| self.up_tracks.get(track))
            .flat_map(|track| &track.encodings)
            .find_map(|&(_, encoding)| self.encodings.get(encoding)?.ssrc)
            .unwrap_or_default();
        loop {
            let mut datagram = empty_report(transport);
            if !transport.arrivals.take(transport.ssrc, media, &mut datagram) {
                break;
            }
            self.counters.transport_cc_sent += 1;
            transport.send_rtcp(&mut self.counters, datagram);
        }
        self.has_output(key);
    }

    /// The report blocks about everything that arrived from the peer since the last ones.
    pub(crate) fn report_blocks(&mut self, now: Instant, key: TransportKey) -> Vec<ReportBlock> {
        self.encodings_of(key)
            .into_iter()
            .filter_map(|key| {
                let encoding = self.encodings.get_mut(key)?;
                encoding.reception.report(now, encoding.ssrc?)
            })
            .collect()
    }
}

/// Feedback travels behind a report, even an empty one (RFC 3550 6.1).
pub(crate) fn empty_report(transport: &Transport) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(128);
    rtcp::receiver_report(&mut datagram, transport.ssrc, &[]);
    datagram
}

fn round_trip(transport: &Transport) -> Duration {
    transport.round_trip.map_or(DEFAULT_ROUND_TRIP, Duration::from_nanos)
}
