//! Payloads of each codec: sound, damaged, and made up.

use super::Session;
use super::peer::PAYLOAD_TYPES;
use crate::input::Input;

/// The beginning of a keyframe of VP8, VP9, H264 (SPS, PPS and IDR in a STAP-A), AV1;
/// a frame of Opus, and one with two before it in RED.
const KEYFRAMES: [&[u8]; 6] = [
    &[0x90, 0xe0, 0x80, 0x01, 0x05, 0x20, 0x00],
    &[0xae, 0x80, 0x01, 0x01, 0x05, 0x18, 0x00, 0x01, 0x40, 0x00, 0xb4],
    &[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88],
    &[0x18, 0x0a, 0x0b, 0, 0, 0, 0x32, 0x10],
    &[0x78, 0x01],
    &[0xef, 0x1e, 0x00, 0x02, 0xef, 0x0f, 0x00, 0x01, 0x6f, 1, 2, 3, 0x78],
];
/// The same of other frames.
const OTHERS: [&[u8]; 4] = [
    &[0x90, 0xe0, 0x80, 0x02, 0x06, 0x60, 0x01],
    &[0xec, 0x80, 0x02, 0x21, 0x06, 0x03],
    &[0x5c, 0x81, 0x9a],
    &[0x10, 0x32, 0x10],
];

impl Session {
    /// A payload as the codec of `payload_type` has it, more or less.
    pub(super) fn lie_in_payload(payload_type: u8, input: &mut Input<'_>, out: &mut Vec<u8>) {
        let position = PAYLOAD_TYPES.iter().position(|known| *known == payload_type).unwrap_or(8);
        let codec = position / 2;
        let start = out.len();
        match (input.byte() % 8, KEYFRAMES.get(codec), OTHERS.get(codec)) {
            (0..=2, Some(keyframe), _) => out.extend(*keyframe),
            (3, _, Some(other)) => out.extend(*other),
            (4, Some(keyframe), _) => {
                // A keyframe with bytes of the fuzzer's.
                out.extend(*keyframe);
                for byte in &mut out[start..] {
                    *byte ^= input.byte();
                }
            }
            (5, ..) => out.resize(start + usize::from(input.short() % 2_600), input.byte()),
            (6, ..) => {}
            _ => out.extend(input.slice()),
        }
        out.extend(std::iter::repeat_n(0x11, usize::from(input.byte())));
    }
}
