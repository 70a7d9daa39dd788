//! One RID stream of a published track, and who watches it.

use std::ops::RangeInclusive;
use std::time::Duration;

use trio_sfu_wire::rtcp::SenderInfo;
use trio_sfu_wire::rtp::{Rid, Ssrc};

use crate::arena::Key;
use crate::command::Kind;
use crate::ids::UpTrackId;
use crate::keyframe::KeyframeRequests;
use crate::receive::cache::Cache;
use crate::receive::dependencies::Dependencies;
use crate::receive::flow::Flow;
use crate::receive::layers::LayerRates;
use crate::receive::levels::Levels;
use crate::receive::missing::Missing;
use crate::receive::publisher::Publisher;
use crate::receive::reception::Reception;
use crate::receive::sequence::Sequence;
use crate::relay::publish::Relay;
use crate::relay::watch::Watched;
use crate::send::slot::SlotKey;
use crate::time::Instant;
use crate::transport::negotiated::Format;

pub(crate) type EncodingKey = Key<Encoding>;

/// Who comes so long after a keyframe began is sent that one, and what has come since: for as long
/// publishers send no other. Longer, and what came since is more than another keyframe.
const RECENT: Duration = Duration::from_millis(300);

/// Per-encoding counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EncodingCounts {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) repaired: u64,
    pub(crate) nacked: u64,
    pub(crate) keyframes: u64,
    pub(crate) plis: u64,
}

pub(crate) struct Encoding {
    pub(crate) up_track: UpTrackId,
    pub(crate) publisher: Publisher,
    pub(crate) kind: Kind,
    pub(crate) rid: Rid,
    pub(crate) ssrc: Option<Ssrc>,
    pub(crate) rtx_ssrc: Option<Ssrc>,
    pub(crate) format: Option<Format>,
    pub(crate) flow: Flow,
    /// The number of the first packet under the current SSRC.
    pub(crate) first: Option<u64>,
    pub(crate) sequence: Sequence,
    pub(crate) cache: Cache,
    pub(crate) missing: Missing,
    pub(crate) reception: Reception,
    pub(crate) levels: Levels,
    pub(crate) keyframes: KeyframeRequests,
    /// Timestamp of the keyframe that began last, and the number of its first packet.
    pub(crate) keyframe: Option<(u32, u64)>,
    pub(crate) sender_report: Option<SenderInfo>,
    /// Slots that forward it.
    pub(crate) showing: Vec<SlotKey>,
    /// Slots that will, from its next keyframe on.
    pub(crate) waiting: Vec<SlotKey>,
    /// Other engines that have slots for it.
    pub(crate) relays: Vec<Relay>,
    /// How it stands with the engine that relays it, if one does.
    pub(crate) relayed: Option<Box<Watched>>,
    pub(crate) counts: EncodingCounts,
    pub(crate) layers: LayerRates,
    pub(crate) dependencies: Dependencies,
}

impl Encoding {
    pub(crate) fn new(up_track: UpTrackId, publisher: Publisher, kind: Kind, rid: Rid) -> Self {
        Self {
            up_track,
            publisher,
            kind,
            rid,
            ssrc: None,
            rtx_ssrc: None,
            format: None,
            flow: Flow::default(),
            first: None,
            sequence: Sequence::default(),
            cache: Cache::new(kind),
            missing: Missing::default(),
            reception: Reception::default(),
            levels: Levels::default(),
            keyframes: KeyframeRequests::default(),
            keyframe: None,
            sender_report: None,
            showing: Vec::new(),
            waiting: Vec::new(),
            relays: Vec::new(),
            relayed: None,
            counts: EncodingCounts::default(),
            layers: LayerRates::default(),
            dependencies: Dependencies::default(),
        }
    }

    /// Whether lost packets matter to somebody.
    pub(crate) fn watched(&self) -> bool {
        !(self.showing.is_empty() && self.waiting.is_empty() && self.relays.is_empty())
    }

    /// The numbers from its latest keyframe on, if that began a moment ago and all that has come
    /// since is here.
    pub(crate) fn recent_picture(&self, now: Instant) -> Option<RangeInclusive<u64>> {
        let (_, sequence) = self.keyframe?;
        let packet = self.cache.packet(sequence)?;
        let highest = self.sequence.highest()?;
        let recent = now.since(packet.arrived) < RECENT;
        (recent && (sequence..=highest).all(|number| self.cache.contains(number)))
            .then_some(sequence..=highest)
    }

    /// The publisher sends it under another SSRC from now on, or not at all.
    pub(crate) fn restart(&mut self) {
        self.sequence.restart();
        self.first = None;
        self.missing.clear();
        self.reception = Reception::default();
        self.sender_report = None;
        self.keyframe = None;
        self.dependencies = Dependencies::default();
    }
}
