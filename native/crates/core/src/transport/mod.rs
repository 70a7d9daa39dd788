//! One ICE + DTLS association: where the peer is, what was negotiated, its keys, its queues.

pub(crate) mod credentials;
pub(crate) mod negotiated;
pub(crate) mod outbox;
pub(crate) mod path;
pub(crate) mod sources;

use trio_sfu_srtp::{Error, Inbound, Outbound, Profile};
use trio_sfu_wire::rtcp::twcc::Recorder;
use trio_sfu_wire::rtp::Ssrc;

use crate::arena::Key;
use crate::counters::Counters;
use crate::engine::timers::Armed;
use crate::ids::TransportId;
use crate::rate::Bucket;
use crate::receive::clock::PeerClock;
use crate::receive::up_track::UpTrackKey;
use crate::send::bandwidth::Bandwidth;
use crate::send::outcomes::ReceiverClock;
use crate::send::pacer::Pacer;
use crate::send::slot::SlotKey;
use crate::time::Instant;

use credentials::{Credential, Credentials};
use negotiated::Negotiated;
use outbox::Outbox;
use path::Path;
use sources::{Sources, SsrcMap};

pub(crate) type TransportKey = Key<Transport>;

/// SSRCs whose packet counts are kept after their slot went, see [`Transport::retired`].
const MAX_RETIRED: usize = 1024;

/// Per-transport counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TransportCounts {
    pub(crate) packets_received: u64,
    pub(crate) bytes_received: u64,
    pub(crate) packets_sent: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) binding_requests: u64,
}

pub(crate) struct Transport {
    pub(crate) id: TransportId,
    pub(crate) credentials: Credentials,
    pub(crate) path: Path,
    pub(crate) negotiated: Box<Negotiated>,
    pub(crate) inbound: Option<Inbound>,
    pub(crate) outbound: Option<Outbound>,
    keying: Option<(Profile, Vec<u8>, Vec<u8>)>,
    /// Our own SSRC in reports and feedback.
    pub(crate) ssrc: Ssrc,
    pub(crate) outbox: Outbox,
    pub(crate) media: Pacer,
    /// Whether it is in the engine's list of transports with something to send.
    pub(crate) pending: bool,
    /// DTLS datagrams the control plane has not fetched yet.
    pub(crate) control_waiting: usize,
    /// DTLS datagrams, checks, and wrong passwords from strangers that are let through.
    pub(crate) control: Bucket,
    pub(crate) checks: Bucket,
    pub(crate) guesses: Bucket,
    pub(crate) sources: Sources,
    pub(crate) up_tracks: Vec<UpTrackKey>,
    pub(crate) slots: Vec<SlotKey>,
    /// Slots by their SSRC, for the feedback of subscribers.
    pub(crate) slot_ssrcs: SsrcMap<SlotKey>,
    /// The next SRTP index of SSRCs whose slots are gone. Starting one again from an
    /// earlier index would use a nonce twice (RFC 7714 8.4).
    pub(crate) retired: SsrcMap<u64>,
    pub(crate) arrivals: Recorder,
    pub(crate) next_feedback: Option<Instant>,
    pub(crate) next_report: Option<Instant>,
    pub(crate) clock: PeerClock,
    pub(crate) armed: Armed,
    /// Transport-wide number of the next packet to the peer; its low 16 bits are sent.
    pub(crate) wide_sequence: u64,
    pub(crate) receiver_clock: ReceiverClock,
    pub(crate) bandwidth: Bandwidth,
    /// The round trip to the peer, from its receiver reports, smoothed, in nanoseconds.
    pub(crate) round_trip: Option<u64>,
    pub(crate) counts: TransportCounts,
}

impl Transport {
    pub(crate) fn new(id: TransportId, credential: Credential, ssrc: Ssrc) -> Self {
        Self {
            id,
            credentials: Credentials::new(credential),
            path: Path::default(),
            negotiated: Box::default(),
            inbound: None,
            outbound: None,
            keying: None,
            ssrc,
            outbox: Outbox::default(),
            media: Pacer::default(),
            pending: false,
            control_waiting: 0,
            control: Bucket::default(),
            checks: Bucket::default(),
            guesses: Bucket::default(),
            sources: Sources::default(),
            up_tracks: Vec::new(),
            slots: Vec::new(),
            slot_ssrcs: SsrcMap::default(),
            retired: SsrcMap::default(),
            arrivals: Recorder::default(),
            next_feedback: None,
            next_report: None,
            clock: PeerClock::default(),
            armed: Armed::default(),
            wide_sequence: 0,
            receiver_clock: ReceiverClock::default(),
            bandwidth: Bandwidth::default(),
            round_trip: None,
            counts: TransportCounts::default(),
        }
    }

    /// Installs keys; returns what received under those before. The same keys again change
    /// nothing: starting their indices over would use nonces twice.
    ///
    /// # Errors
    /// When a key has the wrong length; nothing is changed then.
    pub(crate) fn set_keys(
        &mut self,
        profile: Profile,
        inbound: Vec<u8>,
        outbound: Vec<u8>,
    ) -> Result<Option<Inbound>, Error> {
        let keying = (profile, inbound, outbound);
        if self.keying.as_ref() == Some(&keying) {
            return Ok(None);
        }
        let receiver = Inbound::new(profile, &keying.1)?;
        let sender = Outbound::new(profile, &keying.2)?;
        let former = self.inbound.replace(receiver);
        self.outbound = Some(sender);
        self.keying = Some(keying);
        self.retired.clear();
        Ok(former)
    }

    /// Whether media can be sent to the peer.
    #[inline]
    pub(crate) fn ready(&self) -> bool {
        self.outbound.is_some() && self.path.destination().is_some()
    }

    /// The indices of a slot's SSRC may not be used again.
    pub(crate) fn retire(&mut self, ssrc: Ssrc, next_index: u64) {
        self.retired.insert(ssrc, next_index);
    }

    /// Whether one more slot's SSRCs could still be remembered after it is gone.
    pub(crate) fn can_retire(&self) -> bool {
        self.retired.len() + 2 <= MAX_RETIRED
    }

    /// Encrypts an RTCP datagram and puts it into the outbox.
    pub(crate) fn send_rtcp(&mut self, counters: &mut Counters, mut datagram: Vec<u8>) {
        let (Some(outbound), Some(destination)) = (&mut self.outbound, self.path.destination())
        else {
            return;
        };
        if outbound.protect_rtcp(&mut datagram).is_err() {
            counters.drop_protect_failed += 1;
        } else if self.outbox.push(destination, datagram) {
            counters.rtcp_sent += 1;
        } else {
            counters.drop_outbox_full += 1;
        }
    }
}
