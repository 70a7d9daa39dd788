//! The publisher's packets: VP8 frames as Chromium packetizes them.

use trio_sfu_wire::rtp::{ExtensionWriter, PayloadType, Ssrc, write_header};

/// Bytes of a plain packet.
pub(crate) const PACKET_LEN: usize = 1100;
/// Bytes of its header: twelve, and an extension block with mid and transport-cc.
pub(crate) const HEADER_LEN: usize = 24;
/// The publisher's SSRC.
pub(crate) const SSRC: Ssrc = Ssrc(0x5155_0001);
/// Payload type of VP8, on every leg.
pub(crate) const VP8: PayloadType = PayloadType(96);
/// Header extension id of mid, on every leg.
pub(crate) const MID_ID: u8 = 1;
/// Header extension id of transport-cc, on every leg.
pub(crate) const TRANSPORT_CC_ID: u8 = 3;
/// Width and height of a video whose size is of no matter.
pub(crate) const SIZE: (u16, u16) = (1280, 720);
/// What fills the payload behind its descriptor and header.
pub(crate) const FILL: u8 = 0xa5;
/// Bytes at the beginning of the payload that are not fill.
pub(crate) const DESCRIPTOR_LEN: usize = 16;

/// A VP8 payload descriptor (RFC 7741) of seven bytes, and the beginning of a frame, which for
/// a keyframe says its width and height (RFC 6386, section 9.1).
pub(crate) fn descriptor(
    frame: u64,
    first: bool,
    keyframe: bool,
    (width, height): (u16, u16),
) -> [u8; DESCRIPTOR_LEN] {
    let [high, low] = (0x8000 | (frame & 0x7fff) as u16).to_be_bytes();
    let start = if first { 0x90 } else { 0x80 };
    let between = u8::from(!(first && keyframe));
    let [w, idth] = width.to_le_bytes();
    let [h, eight] = height.to_le_bytes();
    [
        start,
        0xe0,
        high,
        low,
        frame as u8,
        0x00,
        between,
        FILL,
        FILL,
        0x9d,
        0x01,
        0x2a,
        w,
        idth,
        h,
        eight,
    ]
}

/// Counts through the publisher's frames and packets.
#[derive(Debug, Default)]
pub(crate) struct Packetizer {
    /// Packets written so far; the next one's index.
    pub(crate) index: u64,
    frames: u32,
    extensions: ExtensionWriter,
}

impl Packetizer {
    /// Append the `position`-th of `count` packets of the current frame; the last one ends
    /// it. The first frame of all is a keyframe.
    pub(crate) fn write(&mut self, position: usize, count: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let last = position + 1 == count;
        self.extensions.clear();
        let sequence = (self.index & 0xffff) as u16;
        // Three elements of six bytes: the block is always eight bytes long.
        let pushed = self
            .extensions
            .push(MID_ID, b"0")
            .and_then(|()| self.extensions.push(TRANSPORT_CC_ID, &sequence.to_be_bytes()));
        debug_assert!(pushed.is_ok());
        let timestamp = self.frames.wrapping_mul(720);
        write_header(out, last, VP8, sequence, timestamp, SSRC, &self.extensions);
        debug_assert_eq!(out.len() - start, HEADER_LEN);
        let payload = out.len();
        out.resize(start + PACKET_LEN, FILL);
        let (frame, first) = (u64::from(self.frames), position == 0);
        let descriptor = descriptor(frame, first, self.frames == 0 && first, SIZE);
        out[payload..payload + descriptor.len()].copy_from_slice(&descriptor);
        self.index += 1;
        if last {
            self.frames = self.frames.wrapping_add(1);
        }
    }
}
