//! Choosing ports and binding one worker's sockets.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};

use crate::sys;

/// Tries at finding a port that is free on all addresses.
const TRIES: usize = 64;

/// An address that could not be bound.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot bind UDP {}: {}", self.address, self.source)
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Binds worker number `worker`'s sockets: port + `worker`, or for port 0 one port that
/// is free on all of the addresses that say 0.
pub(crate) fn bind_worker(
    addresses: &[SocketAddr],
    worker: u16,
) -> Result<Vec<UdpSocket>, BindError> {
    let mut last = None;
    for _ in 0..TRIES {
        match bind_once(addresses, worker) {
            Err(error) if chosen_port_taken(&error) => last = Some(error),
            done => return done,
        }
    }
    last.map_or_else(|| Ok(Vec::new()), Err)
}

/// A port the kernel chose for one address may be taken on the next: try another.
fn chosen_port_taken(error: &BindError) -> bool {
    error.address.port() == 0 && error.source.kind() == io::ErrorKind::AddrInUse
}

fn bind_once(addresses: &[SocketAddr], worker: u16) -> Result<Vec<UdpSocket>, BindError> {
    let mut chosen = 0;
    addresses
        .iter()
        .map(|&wanted| {
            let failed = |source| BindError { address: wanted, source };
            let mut address = wanted;
            if wanted.port() == 0 {
                address.set_port(chosen);
            } else {
                let port = wanted.port().checked_add(worker);
                let out_of_range =
                    || io::Error::new(io::ErrorKind::InvalidInput, "port out of range");
                address.set_port(port.ok_or_else(out_of_range).map_err(failed)?);
            }
            let socket = sys::bind_udp(address).map_err(failed)?;
            if wanted.port() == 0 {
                chosen = socket.local_addr().map_err(failed)?.port();
            }
            Ok(socket)
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn port_zero_is_one_port_for_all_addresses() {
        let sockets = bind_worker(&addresses(&["127.0.0.1:0", "[::1]:0"]), 0).unwrap();
        let ports: Vec<u16> =
            sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
        assert_ne!(ports[0], 0);
        assert_eq!(ports[0], ports[1]);
    }

    #[test]
    fn wildcards_of_both_families_share_a_port() {
        let sockets = bind_worker(&addresses(&["0.0.0.0:0", "[::]:0"]), 0).unwrap();
        assert_eq!(
            sockets[0].local_addr().unwrap().port(),
            sockets[1].local_addr().unwrap().port()
        );
    }

    #[test]
    fn a_later_worker_binds_a_later_port() {
        let first = bind_worker(&addresses(&["127.0.0.1:0"]), 0).unwrap();
        let port = first[0].local_addr().unwrap().port();
        let wanted = [SocketAddr::from(([127, 0, 0, 1], port))];
        // The next port may belong to somebody else: then its number must be in the error.
        match bind_worker(&wanted, 1) {
            Ok(sockets) => assert_eq!(sockets[0].local_addr().unwrap().port(), port + 1),
            Err(error) => assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse),
        }
    }

    #[test]
    fn a_taken_port_is_an_error_that_names_the_address() {
        let taken = bind_worker(&addresses(&["127.0.0.1:0"]), 0).unwrap();
        let address = taken[0].local_addr().unwrap();
        let error = bind_worker(&[address], 0).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()));
    }
}
