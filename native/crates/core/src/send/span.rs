//! A stretch of a slot's stream that comes from one encoding without a break.

use std::collections::VecDeque;

use trio_sfu_wire::codec::{Detail, dependency_descriptor};

use crate::receive::cache::Packet;
use crate::receive::encoding::EncodingKey;
use crate::send::selection::seams::Shift;
use crate::send::timestamps::Timestamps;

/// Spans a slot remembers, for retransmissions from before a splice.
const MAX_SPANS: usize = 4;

/// How an encoding's numbers become the slot's: constant differences, modulo each field's
/// size (timestamps aside), so that nothing has to be remembered packet by packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) id: u32,
    pub(crate) encoding: EncodingKey,
    /// The encoding's packet that began the span, and its number in the slot.
    pub(crate) first_in: u64,
    pub(crate) first_out: u64,
    pub(crate) timestamps: Timestamps,
    pub(crate) picture_id: u16,
    pub(crate) tl0_picture_index: u8,
    pub(crate) key_index: u8,
    pub(crate) frame_number: u16,
    /// Its numbers have been closed up: see the slot's seams.
    pub(crate) seamed: bool,
    /// An audible restart: the first packet gets the marker bit (RFC 7587 4.1).
    pub(crate) mark_first: bool,
}

impl Span {
    /// The slot's number of an encoding's packet; none for those before the splice.
    #[inline]
    pub(crate) fn out(&self, sequence: u64, shift: &Shift) -> Option<u64> {
        (self.first_out + sequence.checked_sub(self.first_in)?).checked_sub(shift.numbers)
    }

    /// Rewrites the numbers of the codec in the payload.
    #[inline]
    pub(crate) fn rewrite_payload(&self, packet: &Packet, shift: &Shift, payload: &mut [u8]) {
        match packet.descriptor.detail {
            Detail::Vp8(descriptor) => {
                let (picture_id, tl0) = self.picture(packet, shift);
                let key_index =
                    descriptor.key_index.map(|field| field.value.wrapping_add(self.key_index));
                descriptor.rewrite(payload, picture_id, tl0, key_index);
            }
            Detail::Vp9(descriptor) => {
                let (picture_id, tl0) = self.picture(packet, shift);
                descriptor.rewrite(payload, picture_id, tl0);
            }
            Detail::DependencyDescriptor(_) | Detail::Red(_) | Detail::None => {}
        }
    }

    /// The picture id (15 bits) and TL0PICIDX in the slot's stream.
    pub(crate) fn picture(&self, packet: &Packet, shift: &Shift) -> (u16, u8) {
        let descriptor = &packet.descriptor;
        let picture_id = descriptor.picture_id().map_or(0, |field| field.value);
        let tl0 = descriptor.tl0_picture_index().map_or(0, |field| field.value);
        let picture_id =
            picture_id.wrapping_add(self.picture_id).wrapping_sub(shift.pictures) & 0x7fff;
        (picture_id, tl0.wrapping_add(self.tl0_picture_index))
    }

    /// Rewrites a dependency descriptor's frame number.
    pub(crate) fn rewrite_descriptor(&self, value: &mut [u8]) {
        if let Ok(mandatory) = dependency_descriptor::Mandatory::parse(value) {
            let number = mandatory.frame_number.wrapping_add(self.frame_number);
            dependency_descriptor::rewrite(value, number);
        }
    }
}

/// The latest spans of a slot, the current one last.
#[derive(Default)]
pub(crate) struct Spans {
    spans: VecDeque<Span>,
    next_id: u32,
}

impl Spans {
    pub(crate) fn next_id(&mut self) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    pub(crate) fn push(&mut self, span: Span) {
        if self.spans.len() >= MAX_SPANS {
            self.spans.pop_front();
        }
        self.spans.push_back(span);
    }

    #[inline]
    pub(crate) fn current(&self) -> Option<&Span> {
        self.spans.back()
    }

    pub(crate) fn current_mut(&mut self) -> Option<&mut Span> {
        self.spans.back_mut()
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<&Span> {
        self.spans.iter().rev().find(|span| span.id == id)
    }
}
