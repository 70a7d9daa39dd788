//! The wire crate as its users see it: one module for each noun.

mod codecs;
mod framing;
mod hostile;
mod rtcp;
mod rtp;
mod stun;
mod transport_cc;
