//! The other end of a path: an address and, on a stream, which connection.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

/// Where datagrams come from and go to. A connection that is made again from the same address
/// and port is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The address and port.
    pub address: SocketAddr,
    /// The number of the TCP connection (RFC 6544); none for UDP.
    pub stream: Option<NonZeroU32>,
}

impl Remote {
    /// The end of a TCP connection.
    #[must_use]
    pub fn stream(address: SocketAddr, number: NonZeroU32) -> Self {
        Self { address, stream: Some(number) }
    }

    /// Whether it is reached over TCP.
    #[inline]
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Bytes of the headers that go around a datagram.
    #[inline]
    pub(crate) fn overhead(&self) -> usize {
        // UDP has 8; TCP 20, with timestamps 32, and two more for the datagram's length.
        let ip = if self.address.is_ipv4() { 20 } else { 40 };
        ip + if self.is_stream() { 34 } else { 8 }
    }
}

impl From<SocketAddr> for Remote {
    fn from(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }
}

impl PartialEq<SocketAddr> for Remote {
    fn eq(&self, address: &SocketAddr) -> bool {
        *self == Self::from(*address)
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.is_stream() { "tcp" } else { "udp" };
        write!(formatter, "{protocol} {}", self.address)
    }
}

/// One word for what nearly all of them are: each received packet is looked up by it.
impl Hash for Remote {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let port = u64::from(self.address.port());
        match self.address.ip() {
            IpAddr::V4(ip) => state.write_u64(u64::from(ip.to_bits()) << 16 | port),
            IpAddr::V6(ip) => {
                state.write_u128(ip.to_bits());
                state.write_u64(port);
            }
        }
        if let Some(stream) = self.stream {
            state.write_u32(stream.get());
        }
    }
}
