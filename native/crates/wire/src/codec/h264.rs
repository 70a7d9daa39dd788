//! H.264's payload structures (RFC 6184 section 5).

use super::Descriptor;
use super::bits::Bits;
use super::size::Size;
use crate::ParseError;

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

/// The size in the first sequence parameter set of a packet, if there is one.
pub(super) fn size(payload: &[u8]) -> Option<Size> {
    let (&header, mut rest) = payload.split_first()?;
    match header & 0x1f {
        nal::SPS => parameter_set_size(rest).ok(),
        nal::STAP_A => {
            while let Some((len, after)) = rest.split_first_chunk::<2>() {
                let (unit, after) =
                    after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
                match unit.split_first() {
                    Some((&header, set)) if header & 0x1f == nal::SPS => {
                        return parameter_set_size(set).ok();
                    }
                    _ => rest = after,
                }
            }
            None
        }
        _ => None,
    }
}

/// Bytes of a parameter set that are looked at: what is before the size is shorter, but for
/// scaling matrices, which no browser sends.
const LOOKED_AT: usize = 64;

/// H.264 7.3.2.1.1; `set` begins behind the NAL unit's header.
fn parameter_set_size(set: &[u8]) -> Result<Size, ParseError> {
    let mut plain = [0; LOOKED_AT];
    let plain = without_emulation_prevention(set, &mut plain);
    let mut bits = Bits::new(plain);
    let profile = bits.read(8)?;
    bits.read(16)?;
    bits.golomb()?;
    let mut chroma = 1;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138) {
        chroma = bits.golomb()?;
        if chroma == 3 {
            bits.flag()?;
        }
        bits.golomb()?;
        bits.golomb()?;
        bits.flag()?;
        if bits.flag()? {
            return Err(ParseError::BadDescriptor);
        }
    }
    bits.golomb()?;
    match bits.golomb()? {
        0 => {
            bits.golomb()?;
        }
        1 => {
            bits.flag()?;
            bits.golomb()?;
            bits.golomb()?;
            for _ in 0..bits.golomb()?.min(255) {
                bits.golomb()?;
            }
        }
        _ => {}
    }
    bits.golomb()?;
    bits.flag()?;
    let (columns, rows) = (u64::from(bits.golomb()?) + 1, u64::from(bits.golomb()?) + 1);
    let fields = u64::from(!bits.flag()?) + 1;
    if fields == 2 {
        bits.flag()?;
    }
    bits.flag()?;
    let mut crop = [0u64; 4];
    if bits.flag()? {
        for edge in &mut crop {
            *edge = u64::from(bits.golomb()?);
        }
    }
    // 4:2:0 crops in pairs of pixels.
    let (across, down) = match chroma {
        0 | 3 => (1, fields),
        2 => (2, fields),
        _ => (2, 2 * fields),
    };
    let [left, right, top, bottom] = crop;
    let size = |whole: u64, cropped: u64| {
        u16::try_from(whole.saturating_sub(cropped)).map_err(|_| ParseError::BadDescriptor)
    };
    let width = size(columns * 16, (left + right) * across)?;
    Ok((width, size(rows * 16 * fields, (top + bottom) * down)?))
}

/// The bytes without the 3 that each two zeros are followed by (H.264 7.4.1).
fn without_emulation_prevention<'a>(set: &[u8], plain: &'a mut [u8; LOOKED_AT]) -> &'a [u8] {
    let (mut len, mut zeros) = (0, 0);
    for &byte in set {
        if len == LOOKED_AT {
            break;
        }
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain[len] = byte;
        len += 1;
    }
    &plain[..len]
}
