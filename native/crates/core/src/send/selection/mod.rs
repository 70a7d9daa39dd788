//! Which layers of what it shows a slot forwards, and how the numbers close up over the rest.
//!
//! Packets are decided on in the order of their numbers. One that comes late finds what was
//! decided: its number belongs to a dropped stretch, or was kept for it (`seams`).

mod described;
mod dropped;
mod gaps;
mod limits;
mod patience;
mod plain;
pub(crate) mod seams;
mod vp9;

use trio_sfu_wire::codec::dependency_descriptor::{Frame, Structure};
use trio_sfu_wire::codec::{Descriptor, Detail};

use crate::receive::cache::Packet;
use crate::time::Instant;

use dropped::Dropped;
use gaps::{Latest, place};
use patience::{Lack, Patience};
use seams::{Rules, Seams};

/// As a layer: there is no such limit.
pub(crate) const ANY: u8 = u8::MAX;
/// Spatial layers whose frames are told apart by their references.
const SPATIAL: usize = 4;

/// The highest layers that are forwarded; none: all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) spatial: Option<u8>,
    pub(crate) temporal: Option<u8>,
}

impl Limit {
    fn spatial(self) -> u8 {
        self.spatial.unwrap_or(ANY)
    }

    fn temporal(self) -> u8 {
        self.temporal.unwrap_or(ANY)
    }
}

/// What is forwarded at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    All,
    /// Up to these layers, of lower spatial ones what they need.
    Layers {
        spatial: u8,
        temporal: u8,
    },
    /// What belongs to this decode target.
    Target(u8),
}

impl Rule {
    fn admits(self, packet: &Packet, frame: Option<&Frame>) -> bool {
        match self {
            Self::All => true,
            Self::Layers { spatial, temporal } => {
                let own = layers(&packet.descriptor);
                let needed = own.0 == spatial || packet.descriptor.upper_reference;
                own.1 <= temporal && own.0 <= spatial && (needed || spatial == ANY)
            }
            Self::Target(target) => frame.is_none_or(|frame| frame.indications.present(target)),
        }
    }
}

/// Spatial and temporal layer. Where the payload does not say, a frame nothing depends on is
/// as good as one of the upper layer.
fn layers(descriptor: &Descriptor) -> (u8, u8) {
    let temporal = descriptor.temporal_id.unwrap_or(u8::from(descriptor.non_reference));
    (descriptor.spatial_id.unwrap_or(0), temporal)
}

/// A packet, and what is known of it and its encoding: the same for all who see it.
pub(crate) struct Subject<'a> {
    pub(crate) packet: &'a Packet,
    /// It has no payload: padding.
    pub(crate) empty: bool,
    /// By its dependency descriptor, if it has one that can be read.
    pub(crate) frame: Option<Frame>,
    pub(crate) structure: Option<&'a Structure>,
    /// The decode targets the publisher says are active.
    pub(crate) active: u32,
    /// The highest spatial layer that was seen lately.
    pub(crate) top: u8,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Forward,
    Drop,
    /// Its number was kept for it, but it is of no use: an empty packet takes the number.
    Hollow,
}

/// The layers of one span.
pub(crate) struct Selection {
    pub(crate) limit: Limit,
    span: u32,
    rule: Rule,
    /// The highest number that was decided on.
    highest: u64,
    latest: Option<Latest>,
    /// By spatial layer, of VP9 in flexible mode; in the first, of dependency descriptors.
    dropped: [Dropped; SPATIAL],
    /// By dependency descriptors: frames that have not come. When they do they may be left out.
    missing: Dropped,
    /// The first packet of the latest keyframe: what was left out before it is forgotten.
    keyframe: u64,
    /// Frames below the spatial layer that is shown were left out since the last keyframe.
    thinned: bool,
    patience: Patience,
}

impl Selection {
    /// For a span whose packets up to `highest` were all forwarded.
    pub(crate) fn new(limit: Limit, span: u32, highest: u64) -> Self {
        Self {
            limit,
            span,
            rule: Rule::All,
            highest,
            latest: None,
            dropped: [Dropped::default(); SPATIAL],
            missing: Dropped::default(),
            keyframe: 0,
            thinned: false,
            patience: Patience::default(),
        }
    }

    pub(crate) fn set_limit(&mut self, limit: Limit) {
        self.limit = limit;
        self.patience = Patience::default();
    }

    /// Decides on a packet; true beside it: a keyframe is wanted.
    pub(crate) fn decide(
        &mut self,
        now: Instant,
        subject: &Subject<'_>,
        seams: &mut Seams,
    ) -> (Verdict, bool) {
        let packet = subject.packet;
        if packet.sequence <= self.highest {
            return (self.decide_late(subject, seams), false);
        }
        let latest = Latest::of(packet, subject.frame.as_ref(), subject.empty);
        if let Some(before) = self.latest
            && packet.sequence > self.highest + 1
        {
            self.note_missing(&before, &latest);
        }
        let same = self.latest.is_some_and(|before| before.same_frame(&latest));
        let mut lack = Lack::None;
        let forwarded = if let Some(before) = self.latest.filter(|_| same) {
            before.forwarded
        } else {
            let begins = self.begins_picture(&latest);
            if packet.descriptor.start_of_frame && (begins || subject.frame.is_some()) {
                self.turn(subject, begins, seams, &mut lack);
            }
            let forwarded = self.rule.admits(packet, subject.frame.as_ref())
                && !self.lacks_reference(subject)
                && !latest.empty;
            if !latest.empty {
                self.weigh(subject, forwarded, &mut lack);
            }
            forwarded
        };
        self.close_up(packet, latest.fated(forwarded), same, seams);
        let verdict = if forwarded { Verdict::Forward } else { Verdict::Drop };
        (verdict, self.patience.asks(now, lack))
    }

    fn decide_late(&mut self, subject: &Subject<'_>, seams: &Seams) -> Verdict {
        let Some(seam) = seams.find(self.span, subject.packet.sequence) else {
            return Verdict::Drop;
        };
        let frame = subject.frame.as_ref();
        let brings = frame.is_some_and(|frame| frame.mandatory.has_structure);
        let latest = Latest::of(subject.packet, frame, subject.empty);
        let admitted = seam.rules.rule.admits(subject.packet, frame)
            || completes(subject.packet)
            || self.awaited(subject, &latest);
        if brings || admitted && !self.lacks_reference(subject) {
            if let Some(frame) = frame {
                self.missing.remove(frame.mandatory.frame_number);
            }
            Verdict::Forward
        } else {
            self.note_dropped(subject.packet, &latest);
            Verdict::Hollow
        }
    }

    /// Whether a late frame of VP9's flexible mode is wanted by now: what has been forwarded
    /// since may depend on it.
    fn awaited(&self, subject: &Subject<'_>, latest: &Latest) -> bool {
        let flexible = matches!(subject.packet.descriptor.detail, Detail::Vp9(vp9) if vp9.flexible);
        flexible
            && subject.frame.is_none()
            && subject.packet.sequence > self.keyframe
            && self.rule.admits(subject.packet, None)
            && place(subject.packet, latest)
                .is_some_and(|(layer, number, mask)| !self.dropped[layer].has_of(number, mask))
    }

    fn begins_picture(&self, latest: &Latest) -> bool {
        // Nor does it go on, for a viewer who has none of its frames so far.
        self.latest.is_none_or(|before| before.timestamp != latest.timestamp || !before.shown)
    }

    /// A frame begins, or a picture with it: other layers may be forwarded from here on.
    fn turn(&mut self, subject: &Subject<'_>, begins: bool, seams: &mut Seams, lack: &mut Lack) {
        let rule = match (&subject.frame, subject.structure, subject.packet.descriptor.detail) {
            (Some(frame), Some(structure), _) => {
                self.described(frame, structure, subject.active, begins)
            }
            // The structure is on its way: its packet was lost.
            (None, ..) if matches!(self.rule, Rule::Target(_)) => self.rule,
            (_, _, Detail::Vp9(vp9)) if vp9.spatial_id.is_some() => {
                self.vp9(subject.packet, &vp9, subject.top, lack)
            }
            _ => self.plain(subject.packet),
        };
        if rule == self.rule && !subject.packet.descriptor.keyframe {
            return;
        }
        if rule != self.rule {
            self.patience = Patience::default();
        }
        if subject.packet.descriptor.keyframe {
            self.thinned = false;
            self.dropped = [Dropped::default(); SPATIAL];
            self.missing = Dropped::default();
            self.keyframe = subject.packet.sequence;
        }
        self.rule = rule;
        let top = match (rule, subject.structure) {
            (Rule::Layers { spatial, .. }, _) => spatial,
            (Rule::Target(target), Some(structure)) => {
                structure.layers(target).map_or(ANY, |(spatial, _)| spatial)
            }
            _ => ANY,
        };
        let (mut targets, mut mask, mut announced) = (0, u32::MAX, None);
        if let (Rule::Target(target), Some(structure), Some(frame)) =
            (rule, subject.structure, subject.frame)
        {
            mask = structure.left(target, u32::MAX);
            // A structure says by itself that all are active.
            if !(frame.mandatory.has_structure && mask == structure.all_targets()) {
                targets = structure.targets();
                announced = Some(frame.mandatory.frame_number);
            }
        }
        let rules = Rules { rule, top, targets, mask, announced };
        seams.turn(self.span, subject.packet.sequence, rules);
    }

    /// Whether what it says it depends on was left out.
    fn lacks_reference(&self, subject: &Subject<'_>) -> bool {
        if self.rule == Rule::All {
            return false;
        }
        if let Some(frame) = &subject.frame {
            let number = frame.mandatory.frame_number;
            let mut references = frame.references.differences();
            return references.any(|back| self.dropped[0].has(number.wrapping_sub(back)));
        }
        match subject.packet.descriptor.detail {
            Detail::Vp9(vp9) if vp9.flexible => self.lacks_picture(&vp9),
            _ => false,
        }
    }
}

/// Whether the packet is a whole picture of VP8 that needs the lowest layer only: one more of
/// those a receiver counts, and that others wait for.
fn completes(packet: &Packet) -> bool {
    let descriptor = &packet.descriptor;
    let whole = descriptor.start_of_frame && descriptor.end_of_frame;
    whole && descriptor.layer_sync && matches!(descriptor.detail, Detail::Vp8(_))
}
