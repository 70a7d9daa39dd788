//! What one engine has for another.

use trio_sfu_wire::rtcp::SenderInfo;
use trio_sfu_wire::rtp::Rid;

use crate::ids::UpTrackId;
use crate::receive::cache::{Bytes, Packet};
use crate::receive::encoding::EncodingKey;
use crate::relay::watch::Copied;
use crate::transport::negotiated::Format;

/// Packets and their bytes that may wait for an engine. When either is exceeded new packets are
/// dropped; the other engine sees the gap and asks for a keyframe.
const MAX_PACKETS: usize = 4096;
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The same of everything else, which is a few times a second for each encoding that is watched
/// from elsewhere: only an engine that has stood still for long comes to it.
const MAX_MESSAGES: usize = 65_536;
/// A batch that held more gives its memory back.
const KEPT_BYTES: usize = 256 * 1024;
const KEPT_MESSAGES: usize = 512;

/// Asked for, or told, between engines. Encodings go by name to the engine that publishes them,
/// and by their place in the engine that watches.
pub(crate) enum Message {
    /// The encoding is wanted there, at `to`.
    Watch { up_track: UpTrackId, rid: Rid, to: EncodingKey },
    /// It is not wanted any more.
    Unwatch { up_track: UpTrackId, rid: Rid },
    /// A keyframe of it is.
    Keyframe { up_track: UpTrackId, rid: Rid },
    /// Something about the encoding at that place.
    To(EncodingKey, Letter),
    /// There is no such track, or no more.
    Ended { up_track: UpTrackId },
}

/// What the publisher's engine tells of an encoding.
pub(crate) enum Letter {
    /// What was known of it when it was asked for.
    Begin(Box<Copied>),
    /// A packet from before that, which late ones may belong to.
    Past(Relayed),
    /// That was all of them.
    Present,
    /// A packet that has just come.
    Packet(Relayed),
    /// A sender report, and the offset from the publisher's clock to the engines'.
    Report(SenderInfo, Option<i64>),
    /// The publisher goes on under another SSRC.
    Restart,
}

/// A packet, its bytes apart.
pub(crate) struct Relayed {
    /// Counts those of the relay, so that a gap shows.
    pub(crate) count: u64,
    pub(crate) format: Format,
    pub(crate) packet: Packet,
    start: usize,
    extension: usize,
    payload: usize,
}

/// Messages in order, and the bytes of the packets among them. Reused: clear it.
#[derive(Default)]
pub struct RelayBatch {
    messages: Vec<Message>,
    bytes: Vec<u8>,
    packets: usize,
}

impl RelayBatch {
    /// Whether there is nothing to bring.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many packets it holds.
    #[must_use]
    pub fn packets(&self) -> usize {
        self.packets
    }

    /// Forget everything, keep the memory unless that is much.
    pub fn clear(&mut self) {
        self.messages.clear();
        self.bytes.clear();
        self.packets = 0;
        self.messages.shrink_to(KEPT_MESSAGES);
        self.bytes.shrink_to(KEPT_BYTES);
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub(crate) fn bytes(&self, relayed: &Relayed) -> Bytes<'_> {
        let bytes = self.bytes.get(relayed.start..).unwrap_or_default();
        let (dependency_descriptor, rest) =
            bytes.split_at_checked(relayed.extension).unwrap_or_default();
        Bytes { dependency_descriptor, payload: rest.get(..relayed.payload).unwrap_or_default() }
    }

    /// False when there was no room.
    #[must_use]
    pub(crate) fn push(&mut self, message: Message) -> bool {
        let room = self.messages.len() - self.packets < MAX_MESSAGES;
        if room {
            self.messages.push(message);
        }
        room
    }

    /// The same for a packet, which `wrap` makes a letter of.
    #[must_use]
    pub(crate) fn push_packet(
        &mut self,
        to: EncodingKey,
        (count, format): (u64, Format),
        (packet, bytes): (&Packet, Bytes<'_>),
        wrap: fn(Relayed) -> Letter,
    ) -> bool {
        let (extension, payload) = (bytes.dependency_descriptor.len(), bytes.payload.len());
        let start = self.bytes.len();
        if self.packets >= MAX_PACKETS || start + extension + payload > MAX_BYTES {
            return false;
        }
        self.bytes.extend_from_slice(bytes.dependency_descriptor);
        self.bytes.extend_from_slice(bytes.payload);
        let relayed = Relayed { count, format, packet: *packet, start, extension, payload };
        self.messages.push(Message::To(to, wrap(relayed)));
        self.packets += 1;
        true
    }
}
