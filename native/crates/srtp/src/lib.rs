#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! SRTP and SRTCP for one DTLS association: RFC 3711 (`AES128_CM_HMAC_SHA1_80`) and
//! RFC 7714 (`AEAD_AES_128_GCM`, `AEAD_AES_256_GCM`), keyed as RFC 5764 exports keys.
//!
//! No I/O, no clock, and nothing allocated per packet: packets are protected and
//! unprotected in the buffer they lie in. [`Outbound`] holds no per-packet state for
//! RTP, because an SFU chooses the indices it sends; [`Inbound`] holds a rollover
//! counter and a replay window per source.

mod cm;
mod error;
mod gcm;
mod inbound;
mod kdf;
mod outbound;
mod packet;
mod profile;
mod replay;
mod session;
mod sources;
#[cfg(test)]
mod vectors;

pub use error::Error;
pub use inbound::Inbound;
pub use outbound::Outbound;
pub use profile::Profile;
