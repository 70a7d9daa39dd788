//! Choosing ports and binding one worker's sockets.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::RawFd;

use crate::sys;

/// Tries at finding a port that is free on all addresses.
const TRIES: usize = 64;

/// Where workers take TCP connections, beside their UDP sockets.
#[derive(Clone, Debug, Default)]
pub enum Listen {
    /// Nowhere.
    #[default]
    Off,
    /// On the addresses and the port that their UDP sockets have.
    Beside,
    /// On the same addresses, port + worker.
    Port(u16),
    /// On the listening sockets of each worker that somebody else has opened.
    Adopted(Vec<Vec<RawFd>>),
}

/// An address that could not be bound.
#[derive(Debug)]
pub struct BindError {
    /// "UDP" or "TCP".
    pub protocol: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot bind {} {}: {}", self.protocol, self.address, self.source)
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// One worker's sockets.
pub(crate) type Sockets = (Vec<UdpSocket>, Vec<TcpListener>);

/// Binds worker number `worker`'s sockets: port + `worker`, or for port 0 one port that
/// is free on all of the addresses that say 0, and beside them for TCP.
pub(crate) fn bind_worker(
    addresses: &[SocketAddr],
    worker: u16,
    listen: &Listen,
) -> Result<Sockets, BindError> {
    let mut last = None;
    for _ in 0..TRIES {
        match bind_once(addresses, worker, listen) {
            Err(error) if chosen_port_taken(&error) => last = Some(error),
            done => return done,
        }
    }
    last.map_or_else(|| Ok(Sockets::default()), Err)
}

/// A port the kernel chose for one address may be taken on the next: try another.
fn chosen_port_taken(error: &BindError) -> bool {
    error.address.port() == 0 && error.source.kind() == io::ErrorKind::AddrInUse
}

/// Binds a worker's sockets again, to the `addresses` they had.
pub(crate) fn bind_again(
    addresses: &[SocketAddr],
    worker: u16,
    listen: &Listen,
) -> Result<Sockets, BindError> {
    let sockets = bind_datagrams(addresses, 0)?;
    let listeners = bind_streams(&sockets, worker, listen)?;
    Ok((sockets, listeners))
}

fn bind_once(addresses: &[SocketAddr], worker: u16, listen: &Listen) -> Result<Sockets, BindError> {
    let sockets = bind_datagrams(addresses, worker)?;
    let listeners = bind_streams(&sockets, worker, listen).map_err(|mut error| {
        // Another port for UDP has another beside it.
        let chosen = addresses.iter().all(|address| address.port() == 0);
        if chosen && matches!(listen, Listen::Beside) {
            error.address.set_port(0);
        }
        error
    })?;
    Ok((sockets, listeners))
}

/// Binds, or adopts, worker number `worker`'s listening sockets.
pub(crate) fn bind_streams(
    sockets: &[UdpSocket],
    worker: u16,
    listen: &Listen,
) -> Result<Vec<TcpListener>, BindError> {
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let failed = |address| move |source| BindError { protocol: "TCP", address, source };
    let port = match listen {
        Listen::Off => return Ok(Vec::new()),
        Listen::Adopted(workers) => {
            let descriptors = workers.get(usize::from(worker)).map_or(&[][..], Vec::as_slice);
            let adopted = descriptors.iter().map(|&descriptor| sys::adopt_tcp(descriptor));
            return adopted.collect::<io::Result<_>>().map_err(failed(nowhere));
        }
        Listen::Beside => None,
        Listen::Port(port) => Some(*port),
    };
    sockets
        .iter()
        .map(|socket| {
            let mut address = socket.local_addr().map_err(failed(nowhere))?;
            if let Some(port) = port {
                address.set_port(shifted(port, worker).map_err(failed(address))?);
            }
            sys::bind_tcp(address).map_err(failed(address))
        })
        .collect()
}

/// `port` + `worker`.
fn shifted(port: u16, worker: u16) -> io::Result<u16> {
    let out_of_range = || io::Error::new(io::ErrorKind::InvalidInput, "port out of range");
    port.checked_add(worker).ok_or_else(out_of_range)
}

fn bind_datagrams(addresses: &[SocketAddr], worker: u16) -> Result<Vec<UdpSocket>, BindError> {
    let mut chosen = 0;
    addresses
        .iter()
        .map(|&wanted| {
            let failed = |source| BindError { protocol: "UDP", address: wanted, source };
            let mut address = wanted;
            if wanted.port() == 0 {
                address.set_port(chosen);
            } else {
                address.set_port(shifted(wanted.port(), worker).map_err(failed)?);
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
        let wanted = addresses(&["127.0.0.1:0", "[::1]:0"]);
        let (sockets, _) = bind_worker(&wanted, 0, &Listen::Off).unwrap();
        let ports: Vec<u16> =
            sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
        assert_ne!(ports[0], 0);
        assert_eq!(ports[0], ports[1]);
    }

    #[test]
    fn wildcards_of_both_families_share_a_port() {
        let wanted = addresses(&["0.0.0.0:0", "[::]:0"]);
        let (sockets, _) = bind_worker(&wanted, 0, &Listen::Off).unwrap();
        assert_eq!(
            sockets[0].local_addr().unwrap().port(),
            sockets[1].local_addr().unwrap().port()
        );
    }

    #[test]
    fn a_later_worker_binds_a_later_port() {
        let (first, _) = bind_worker(&addresses(&["127.0.0.1:0"]), 0, &Listen::Off).unwrap();
        let port = first[0].local_addr().unwrap().port();
        let wanted = [SocketAddr::from(([127, 0, 0, 1], port))];
        // The next port may belong to somebody else: then its number must be in the error.
        match bind_worker(&wanted, 1, &Listen::Off) {
            Ok((sockets, _)) => assert_eq!(sockets[0].local_addr().unwrap().port(), port + 1),
            Err(error) => assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse),
        }
    }

    #[test]
    fn a_taken_port_is_an_error_that_names_the_address() {
        let (taken, _) = bind_worker(&addresses(&["127.0.0.1:0"]), 0, &Listen::Off).unwrap();
        let address = taken[0].local_addr().unwrap();
        let error = bind_worker(&[address], 0, &Listen::Off).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()));
    }

    #[test]
    fn connections_are_taken_beside_each_udp_socket() {
        let wanted = addresses(&["127.0.0.1:0", "[::1]:0"]);
        let (sockets, listeners) = bind_worker(&wanted, 0, &Listen::Beside).unwrap();
        for (socket, listener) in sockets.iter().zip(&listeners) {
            assert_eq!(socket.local_addr().unwrap(), listener.local_addr().unwrap());
        }
        assert_eq!(listeners.len(), 2);
    }

    #[test]
    fn a_taken_tcp_port_is_an_error_that_names_it() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let wanted = addresses(&["127.0.0.1:0"]);
        let error = bind_worker(&wanted, 0, &Listen::Port(port)).unwrap_err();
        assert_eq!(
            error.to_string().split(": ").next().unwrap(),
            format!("cannot bind TCP 127.0.0.1:{port}")
        );
    }
}
