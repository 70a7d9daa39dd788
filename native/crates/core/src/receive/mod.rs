//! What publishers send: decrypted, told apart, kept for forwarding and retransmission.

pub(crate) mod cache;
pub(crate) mod clock;
pub(crate) mod dependencies;
pub(crate) mod encoding;
pub(crate) mod flow;
pub(crate) mod layers;
mod learn;
pub(crate) mod levels;
pub(crate) mod missing;
pub(crate) mod publisher;
pub(crate) mod reception;
pub(crate) mod reports;
mod rtcp;
pub(crate) mod rtp;
pub(crate) mod sequence;
pub(crate) mod up_track;
