//! What the clients of a group have received, and been asked.

use super::viewer::Changes;

/// What was received, by all peers of a group together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    /// RTP packets of media; retransmissions and padding are not.
    pub(crate) packets: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// Messages they came in, as GRO left them.
    pub(crate) messages: u64,
    /// Packets that were decrypted and looked at.
    pub(crate) checked: u64,
    /// Those of them that were not what was sent.
    pub(crate) wrong: u64,
    /// Of who looks at each packet: those that never came, by their numbers.
    pub(crate) missing: u64,
    /// The same: those that came after a later one.
    pub(crate) disordered: u64,
    /// Retransmissions and padding.
    pub(crate) besides: u64,
    /// Packets that were asked of the publishers once more.
    pub(crate) nacks: u64,
    /// How viewers came to other encodings.
    pub(crate) changes: Changes,
    /// Nanoseconds from being sent to arriving, of the packets that were looked at.
    pub(crate) latencies: Vec<u64>,
}

/// What a datagram asked of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted(pub(crate) u32);
