//! RTP (RFC 3550): headers, header extensions (RFC 8285), identifiers, sequence numbers.

pub mod extension;
mod header;
mod ids;
pub mod sequence;

pub use extension::{ExtensionKind, ExtensionWriter, Extensions};
pub use header::{ExtensionBlock, Header, write_header};
pub use ids::{Mid, PayloadType, Rid, Ssrc};
