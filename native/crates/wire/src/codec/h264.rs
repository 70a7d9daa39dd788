//! H.264's payload structures (RFC 6184 section 5).

use super::Descriptor;

/// NAL unit types (RFC 6184 table 1, H.264 table 7-1).
mod nal {
    pub(super) const NON_IDR: u8 = 1;
    pub(super) const IDR: u8 = 5;
    pub(super) const SEI: u8 = 6;
    pub(super) const SPS: u8 = 7;
    pub(super) const PPS: u8 = 8;
    pub(super) const DELIMITER: u8 = 9;
    pub(super) const STAP_A: u8 = 24;
    pub(super) const FU_A: u8 = 28;
}

/// What a NAL unit tells about its frame.
#[derive(Clone, Copy, Debug, Default)]
struct Unit {
    keyframe: bool,
    start: bool,
    reference: bool,
}

impl Unit {
    /// `header` has nal_ref_idc, `slice` is what follows it.
    fn parse(header: u8, kind: u8, slice: &[u8]) -> Self {
        // The slice header begins with first_mb_in_slice as ue(v): 0 is a single 1 bit.
        let first_slice = slice.first().is_some_and(|byte| byte & 0x80 != 0);
        let start = match kind {
            nal::NON_IDR | nal::IDR => first_slice,
            nal::SEI | nal::SPS | nal::PPS | nal::DELIMITER => true,
            _ => false,
        };
        // A decoder can start where the parameter sets are; an encoder that sends them out
        // of band has the IDR picture only.
        let keyframe = kind == nal::SPS || kind == nal::IDR && first_slice;
        // nal_ref_idc says something about frames in slices only; parameter sets, SEI and the
        // rest travel with the frame that follows them.
        let slice = (nal::NON_IDR..=nal::IDR).contains(&kind);
        Self { keyframe, start, reference: !slice || header & 0x60 != 0 }
    }
}

/// Describe a packet.
pub(super) fn describe(payload: &[u8], marker: bool) -> Descriptor {
    let Some((&header, rest)) = payload.split_first() else { return Descriptor::default() };
    let unit = match header & 0x1f {
        nal::STAP_A => aggregate(rest),
        nal::FU_A => fragment(header, rest),
        kind => Unit::parse(header, kind, rest),
    };
    Descriptor {
        keyframe: unit.keyframe,
        start_of_frame: unit.start,
        end_of_frame: marker,
        non_reference: !unit.reference,
        ..Descriptor::default()
    }
}

/// The NAL units of a STAP-A, together.
fn aggregate(mut rest: &[u8]) -> Unit {
    let mut whole = Unit::default();
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_be_bytes(*len));
        let Some((unit, after)) = after.split_at_checked(len) else { break };
        if let Some((&header, slice)) = unit.split_first() {
            let unit = Unit::parse(header, header & 0x1f, slice);
            whole.keyframe |= unit.keyframe;
            whole.start |= unit.start;
            whole.reference |= unit.reference;
        }
        rest = after;
    }
    whole
}

/// A fragment: its first one (S bit) tells what the whole unit would.
fn fragment(indicator: u8, rest: &[u8]) -> Unit {
    match rest.split_first() {
        Some((&header, slice)) if header & 0x80 != 0 => {
            Unit::parse(indicator, header & 0x1f, slice)
        }
        Some((&header, _)) => Unit {
            reference: Unit::parse(indicator, header & 0x1f, &[]).reference,
            ..Unit::default()
        },
        None => Unit { reference: true, ..Unit::default() },
    }
}
