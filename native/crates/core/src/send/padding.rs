//! Padding for probes: recent packets once more, in their retransmission format
//! (RFC 4588), which a receiver takes for late repairs; where none is at hand, packets
//! without a payload in the same format. Neither reaches a decoder.

use trio_sfu_wire::rtp::extension::abs_send_time;
use trio_sfu_wire::rtp::{ExtensionKind, PayloadType, write_header};

use crate::arena::Arena;
use crate::receive::encoding::Encoding;
use crate::send::pacer::{Purpose, Queued};
use crate::send::scratch::Scratch;
use crate::send::slot::{Slot, SlotKey};
use crate::time::Instant;
use crate::transmit::Batch;
use crate::transport::Transport;

/// How far back a packet may be to be sent again: what the receiver still knows.
const RECENT: u64 = 64;
/// Smaller packets make poor padding.
const LEAST: usize = 300;
/// RFC 3550 5.1: the padding's length has one byte.
const EMPTY: u8 = 255;

impl Slot {
    /// The packet to repeat as padding number `number`.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn padding(
        &mut self,
        key: SlotKey,
        number: u64,
        encodings: &Arena<Encoding>,
    ) -> Option<Queued> {
        (0..4).find_map(|attempt| {
            let back = 1 + (number + attempt) % RECENT;
            let sent = self.sent.find(self.continuity.next.checked_sub(back)? as u16)?;
            let span = self.spans.current().filter(|span| span.id == sent.span())?;
            let sequence = sent.source(span);
            let (_, bytes) = encodings.get(span.encoding)?.cache.get(sequence)?;
            let len = u16::try_from(bytes.payload.len()).ok()?;
            (usize::from(len) >= LEAST).then_some(Queued {
                slot: key,
                span: sent.span(),
                purpose: Purpose::Padding,
                hollow: false,
                len,
                sequence,
            })
        })
    }

    /// The payload type of packets without a payload.
    pub(crate) fn padding_format(
        &self,
        transport: &Transport,
        encodings: &Arena<Encoding>,
    ) -> Option<PayloadType> {
        let encoding = encodings.get(self.spans.current()?.encoding)?;
        transport.negotiated.outgoing(encoding.format?.codec)?.rtx
    }
}

/// Appends an encrypted packet of nothing but padding; false when it cannot be made, with
/// the buffer in any state.
pub(crate) fn write_padding(
    now: Instant,
    transport: &mut Transport,
    slot: &mut Slot,
    payload_type: PayloadType,
    scratch: &mut Scratch,
    batch: &mut Batch,
) -> bool {
    let Some(ssrc) = slot.rtx_ssrc else { return false };
    let id = |kind| transport.negotiated.id(kind);
    let extensions = &mut scratch.extensions;
    extensions.clear();
    if let Some(id) = id(ExtensionKind::Mid) {
        let _ = extensions.push(id, slot.mid.as_bytes());
    }
    if let Some(id) = id(ExtensionKind::AbsSendTime) {
        let _ = extensions.push(id, &abs_send_time(now.0));
    }
    if let Some(id) = id(ExtensionKind::TransportCc) {
        #[allow(clippy::cast_possible_truncation)]
        let _ = extensions.push(id, &(transport.wide_sequence as u16).to_be_bytes());
        transport.wide_sequence += 1;
    }
    let index = slot.rtx_next;
    slot.rtx_next += 1;
    let buffer = &mut batch.buffer;
    let start = buffer.len();
    let timestamp = slot.continuity.timestamp;
    #[allow(clippy::cast_possible_truncation)]
    let header_len =
        write_header(buffer, false, payload_type, index as u16, timestamp, ssrc, extensions);
    buffer[start] |= 0x20;
    buffer.resize(buffer.len() + usize::from(EMPTY) - 1, 0);
    buffer.push(EMPTY);
    let len = buffer.len() - start;
    let Some(outbound) = &transport.outbound else { return false };
    buffer.resize(start + len + outbound.profile().rtp_overhead(), 0);
    let Ok(protected) = outbound.protect_rtp(&mut buffer[start..], header_len, len, index) else {
        return false;
    };
    buffer.truncate(start + protected);
    true
}
