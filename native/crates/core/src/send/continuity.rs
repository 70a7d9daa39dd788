//! Where a slot's stream stands, so that whatever comes next goes on from there.

use trio_sfu_wire::codec::{Detail, dependency_descriptor::Mandatory};

use crate::command::Kind;
use crate::random::Random;
use crate::receive::cache::Packet;
use crate::receive::encoding::EncodingKey;
use crate::send::selection::seams::Shift;
use crate::send::span::Span;
use crate::send::timestamps::Timestamps;
use crate::time::Instant;
use crate::transport::negotiated::kind_of;

/// The numbers of the latest packet of a slot; random before the first (RFC 3550 5.1).
pub(crate) struct Continuity {
    /// The next packet's number: the SRTP index, whose low 16 bits are the RTP number.
    pub(crate) next: u64,
    pub(crate) timestamp: u32,
    pub(crate) at: Instant,
    pub(crate) begun: bool,
    picture_id: u16,
    tl0_picture_index: u8,
    key_index: u8,
    frame_number: u16,
}

impl Continuity {
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            // In the lower half, so that the receiver's first guess of the rollover
            // counter, zero, is right even when packets are reordered.
            next: u64::from(random.next_u32() & 0x3fff) + 1,
            timestamp: random.next_u32(),
            at: Instant::default(),
            begun: false,
            picture_id: random.next_u32() as u16 & 0x7fff,
            tl0_picture_index: random.next_u32() as u8,
            key_index: random.next_u32() as u8 & 0x1f,
            frame_number: random.next_u32() as u16,
        }
    }

    /// Begins a span of `encoding` at `packet`.
    pub(crate) fn splice(
        &self,
        id: u32,
        encoding: EncodingKey,
        packet: &Packet,
        frame_number: Option<u16>,
        timestamps: Timestamps,
    ) -> Span {
        let descriptor = &packet.descriptor;
        let picture_id = descriptor.picture_id().map_or(0, |field| field.value);
        let tl0 = descriptor.tl0_picture_index().map_or(0, |field| field.value);
        let key_index = match descriptor.detail {
            Detail::Vp8(vp8) => vp8.key_index.map_or(0, |field| field.value),
            _ => 0,
        };
        Span {
            id,
            encoding,
            first_in: packet.sequence,
            first_out: self.next,
            timestamps,
            picture_id: self.picture_id.wrapping_add(1).wrapping_sub(picture_id),
            tl0_picture_index: self.tl0_picture_index.wrapping_add(1).wrapping_sub(tl0),
            key_index: self.key_index.wrapping_add(1).wrapping_sub(key_index),
            frame_number: self.frame_number.wrapping_add(1).wrapping_sub(frame_number.unwrap_or(0)),
            seamed: false,
            // Of video the bit says that a picture is complete.
            mark_first: kind_of(packet.codec) == Kind::Audio,
        }
    }

    /// The packet goes out as number `out`.
    #[inline]
    pub(crate) fn note(
        &mut self,
        out: u64,
        span: &Span,
        shift: &Shift,
        packet: &Packet,
        descriptor: &[u8],
    ) {
        if out < self.next {
            return;
        }
        self.next = out + 1;
        self.timestamp = span.timestamps.of(packet);
        self.at = packet.arrived;
        self.begun = true;
        let (picture_id, tl0) = span.picture(packet, shift);
        if packet.descriptor.picture_id().is_some() {
            self.picture_id = picture_id;
        }
        if packet.descriptor.tl0_picture_index().is_some() {
            self.tl0_picture_index = tl0;
        }
        if let Detail::Vp8(vp8) = packet.descriptor.detail
            && let Some(field) = vp8.key_index
        {
            self.key_index = field.value.wrapping_add(span.key_index) & 0x1f;
        }
        if let Ok(mandatory) = Mandatory::parse(descriptor) {
            self.frame_number = mandatory.frame_number.wrapping_add(span.frame_number);
        }
    }
}
