#![forbid(unsafe_code)]
//! Network bytes to types and back: demultiplexing, framing, STUN, RTP, RTCP, codec descriptors.
//!
//! Everything here is a pure function of its arguments. Parsers borrow from the
//! datagram, allocate nothing, do work bounded by the datagram's length (exceptions say
//! so in their own documentation), and answer hostile input with a [`ParseError`], never
//! with a panic. Writers append to a `Vec<u8>` the caller reuses.

mod bytes;
pub mod codec;
pub mod demux;
mod error;
pub mod framing;
pub mod rtcp;
pub mod rtp;
pub mod stun;

pub use error::ParseError;
