//! Where the numbers of a slot were closed up.

use std::collections::VecDeque;

use trio_sfu_wire::codec::dependency_descriptor::limit_targets;

use crate::receive::cache::Packet;

use super::{ANY, Rule};

/// Stretches a slot remembers: of 30 pictures a second with every other one dropped, those of
/// the latest 8 s. What is older can be sent no more.
const MAX_SEAMS: usize = 128;

/// What holds in a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) rule: Rule,
    /// The spatial layer that is a picture's last.
    pub(super) top: u8,
    /// The decode targets that are left, of so many; told with this frame and keyframes.
    pub(super) targets: u8,
    pub(super) mask: u32,
    pub(super) announced: Option<u16>,
}

impl Rules {
    const NONE: Self =
        Self { rule: Rule::All, top: ANY, targets: 0, mask: u32::MAX, announced: None };
}

/// A stretch of an encoding's numbers that are forwarded, and how they are moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seam {
    span: u32,
    /// Its numbers are `from..end`; what is in no stretch was dropped.
    from: u64,
    end: u64,
    /// Numbers dropped before it in the span, and pictures.
    shift: u64,
    pictures: u16,
    pub(super) rules: Rules,
}

/// How one packet is changed beyond what its span says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    /// Numbers, and pictures, that were closed up before it.
    pub(crate) numbers: u64,
    pub(crate) pictures: u16,
    rules: Rules,
}

impl Shift {
    pub(crate) const NONE: Self = Self { numbers: 0, pictures: 0, rules: Rules::NONE };

    /// Whether the packet is the last of what the viewer has of its picture.
    #[inline]
    pub(crate) fn ends_picture(&self, packet: &Packet) -> bool {
        let descriptor = &packet.descriptor;
        packet.marker || descriptor.end_of_frame && descriptor.spatial_id == Some(self.rules.top)
    }

    /// Writes a dependency descriptor into `out`, saying which decode targets are left where
    /// that has to be said.
    pub(crate) fn write_descriptor(&self, value: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let keyframe = value.get(3).is_some_and(|flags| flags & 0x80 != 0);
        let number = value.get(1..3).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
        let says = value.get(3).is_some_and(|flags| flags & 0x40 != 0);
        let Rules { targets, mask, announced, .. } = self.rules;
        let tells = targets > 0 && (keyframe || says || number == announced);
        if !tells || limit_targets(value, targets, mask, out).is_err() {
            out.clear();
            out.extend_from_slice(value);
        }
    }
}

/// The latest stretches of a slot, over all of its spans. Takes no memory while nothing was
/// ever limited.
#[derive(Default)]
pub(crate) struct Seams {
    seams: VecDeque<Seam>,
}

impl Seams {
    fn push(&mut self, seam: Seam) {
        if self.seams.len() >= MAX_SEAMS {
            self.seams.pop_front();
        }
        self.seams.push_back(seam);
    }

    /// The span's numbers begin here.
    pub(crate) fn begin(&mut self, span: u32, from: u64) {
        let end = u64::MAX;
        self.push(Seam { span, from, end, shift: 0, pictures: 0, rules: Rules::NONE });
    }

    /// Drops `from..to`, which nothing was forwarded of yet.
    pub(super) fn drop(&mut self, span: u32, from: u64, to: u64, pictures: u16) {
        let Some(last) = self.seams.back_mut().filter(|seam| seam.span == span) else { return };
        let next = Seam {
            from: to,
            shift: last.shift + (to - from),
            pictures: last.pictures.wrapping_add(pictures),
            ..*last // Its end is open.
        };
        self.follow(from, next);
    }

    /// Other rules hold from a number on.
    pub(super) fn turn(&mut self, span: u32, from: u64, rules: Rules) {
        let Some(last) = self.seams.back().filter(|seam| seam.span == span) else { return };
        let next = Seam { from, rules, ..*last };
        self.follow(from, next);
    }

    /// Ends the last stretch at a number and goes on with `next`, which takes the place of
    /// what began behind it: nothing has been forwarded of that.
    fn follow(&mut self, end: u64, next: Seam) {
        while self.seams.back().is_some_and(|last| last.span == next.span && last.from >= end) {
            self.seams.pop_back();
        }
        if let Some(last) = self.seams.back_mut().filter(|last| last.span == next.span) {
            last.end = last.end.min(end);
        }
        self.push(next);
    }

    /// The stretch a number is in; none: it was dropped, or is too old.
    #[inline]
    pub(super) fn find(&self, span: u32, sequence: u64) -> Option<&Seam> {
        let seam =
            self.seams.iter().rev().find(|seam| seam.span == span && seam.from <= sequence)?;
        (sequence < seam.end).then_some(seam)
    }

    #[inline]
    pub(crate) fn shift(&self, span: u32, sequence: u64) -> Option<Shift> {
        let seam = self.find(span, sequence)?;
        Some(Shift { numbers: seam.shift, pictures: seam.pictures, rules: seam.rules })
    }
}
