//! Closing the numbers up over what is dropped, also where some of it never arrived.

use trio_sfu_wire::codec::Detail;
use trio_sfu_wire::codec::dependency_descriptor::Frame;

use crate::receive::cache::Packet;

use super::seams::Seams;
use super::{Rule, SPATIAL, Selection, layers};

/// Frames that are noted of a gap; a longer one costs a keyframe anyway.
const MOST_MISSING: u16 = 64;

/// The frame of the highest packet that was decided on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) timestamp: u32,
    pub(super) forwarded: bool,
    /// The same of any frame of its picture.
    pub(super) shown: bool,
    /// VP9's U bit.
    pub(super) switching_up: bool,
    /// There was no payload: padding.
    pub(super) empty: bool,
    spatial: u8,
    /// There are spatial layers.
    layered: bool,
    starts: bool,
    /// Its end was seen, and that of its picture.
    ended: bool,
    marked: bool,
    /// What counts frames, or pictures, and how many bits that has.
    number: Option<(u16, u16)>,
    /// Frames of one picture have numbers of their own.
    of_frames: bool,
    base: Option<u8>,
    lowest: bool,
}

impl Latest {
    pub(super) fn of(packet: &Packet, frame: Option<&Frame>, empty: bool) -> Self {
        let descriptor = &packet.descriptor;
        let picture = descriptor.picture_id().map(|id| (id.value, id.mask()));
        let (spatial, temporal) = layers(descriptor);
        Self {
            timestamp: packet.timestamp,
            forwarded: false,
            shown: false,
            switching_up: descriptor.layer_sync && matches!(descriptor.detail, Detail::Vp9(_)),
            empty,
            spatial,
            layered: descriptor.spatial_id.is_some(),
            starts: descriptor.start_of_frame,
            ended: descriptor.end_of_frame || packet.marker,
            marked: packet.marker,
            number: frame.map(|frame| (frame.mandatory.frame_number, u16::MAX)).or(picture),
            of_frames: frame.is_some(),
            base: descriptor.tl0_picture_index().map(|field| field.value),
            lowest: temporal == 0,
        }
    }

    pub(super) fn fated(self, forwarded: bool) -> Self {
        Self { forwarded, ..self }
    }

    pub(super) fn same_frame(&self, other: &Self) -> bool {
        self.timestamp == other.timestamp
            && self.spatial == other.spatial
            && self.empty == other.empty
    }

    /// How many frames (or pictures) `next` comes after this, where both say so.
    fn distance(&self, next: &Self) -> Option<u16> {
        let ((before, _), (after, mask)) = self.number.zip(next.number)?;
        Some(after.wrapping_sub(before) & mask)
    }

    /// Whether there is no frame between the two.
    fn adjacent(&self, next: &Self) -> bool {
        let Some(distance) = self.distance(next) else { return false };
        if self.of_frames && next.of_frames {
            return distance == 1;
        }
        let within = distance == 0 && next.spatial == self.spatial + 1;
        within || distance == 1 && (!self.layered || self.marked) && next.spatial == 0
    }

    /// Whether the frames between the two are of upper temporal layers: the lowest counts its
    /// own (TL0PICIDX).
    fn upper_between(&self, next: &Self) -> bool {
        let steps = self.base.zip(next.base).map(|(before, after)| after.wrapping_sub(before));
        steps == Some(u8::from(next.lowest))
    }
}

/// Where it is noted what became of a frame, and by what number of how many bits; none: nothing
/// tells what depends on it.
pub(super) fn place(packet: &Packet, latest: &Latest) -> Option<(usize, u16, u16)> {
    let (number, mask) = latest.number?;
    let layer = match packet.descriptor.detail {
        _ if latest.of_frames => 0,
        Detail::Vp9(vp9) if vp9.flexible => usize::from(latest.spatial).min(SPATIAL - 1),
        _ => return None,
    };
    Some((layer, number, mask))
}

impl Selection {
    /// Notes what became of a packet that is the highest so far, and of those before it that
    /// have not come.
    pub(super) fn close_up(
        &mut self,
        packet: &Packet,
        latest: Latest,
        same: bool,
        seams: &mut Seams,
    ) {
        let first = self.highest + 1;
        let mut skipped = 0;
        let gone = first < packet.sequence
            && self
                .latest
                .is_some_and(|before| self.gap_is_dropped(&before, &latest, same, &mut skipped));
        let from = if gone { first } else { packet.sequence };
        let to = if latest.forwarded { packet.sequence } else { packet.sequence + 1 };
        let vp8 = matches!(packet.descriptor.detail, Detail::Vp8(_));
        let pictures = skipped + u16::from(!latest.forwarded && !same && vp8 && !latest.empty);
        if from < to {
            seams.drop(self.span, from, to, pictures);
        }
        if !latest.forwarded && !same && !latest.empty {
            self.note_dropped(packet, &latest);
        }
        self.highest = packet.sequence;
        let ended = latest.ended || same && self.latest.is_some_and(|before| before.ended);
        if !latest.empty {
            let picture = self.latest.filter(|before| before.timestamp == latest.timestamp);
            let shown = latest.forwarded || picture.is_some_and(|before| before.shown);
            self.latest = Some(Latest { ended, shown, ..latest });
        }
    }

    /// Whether the numbers between two packets can only be of frames that are dropped.
    fn gap_is_dropped(&self, before: &Latest, now: &Latest, same: bool, skipped: &mut u16) -> bool {
        if now.empty {
            return false;
        }
        if same {
            return !before.forwarded;
        }
        // Of either frame nothing that would be forwarded is missing.
        let harmless = (before.ended || !before.forwarded) && (now.starts || !now.forwarded);
        if !harmless || before.adjacent(now) {
            return harmless;
        }
        let lowest_only = matches!(self.rule, Rule::Layers { temporal: 0, .. });
        if lowest_only
            && !before.of_frames
            && before.upper_between(now)
            // Nor upper spatial layers of the picture before.
            && (!before.layered || before.marked)
            && now.spatial == 0
        {
            *skipped = before.distance(now).unwrap_or(1).saturating_sub(1);
            return true;
        }
        false
    }

    /// Notes the frames between two that follow one another.
    pub(super) fn note_missing(&mut self, before: &Latest, now: &Latest) {
        if !before.of_frames || !now.of_frames {
            return;
        }
        let (Some((from, mask)), Some(distance)) = (before.number, before.distance(now)) else {
            return;
        };
        for step in 1..distance.min(MOST_MISSING) {
            self.missing.insert(from.wrapping_add(step), mask);
        }
    }

    pub(super) fn note_dropped(&mut self, packet: &Packet, latest: &Latest) {
        if let Some((layer, number, mask)) = place(packet, latest) {
            self.dropped[layer].insert(number, mask);
        }
    }
}
