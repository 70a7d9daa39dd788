//! Where a worker's sockets come from.

use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;

use crate::bind::{BindError, Listen, Sockets, bind_again, bind_streams};
use crate::sys;

/// Where a worker's sockets come from, at first and when it begins anew.
#[derive(Debug)]
pub(crate) struct Origin {
    /// By worker, the UDP sockets that somebody else has opened, if they are not bound here.
    pub(crate) adopted: Option<Vec<Vec<RawFd>>>,
    pub(crate) listen: Listen,
}

impl Origin {
    pub(crate) fn adopt(&self, worker: usize, descriptors: &[RawFd]) -> io::Result<Sockets> {
        let adopted = descriptors.iter().map(|&descriptor| sys::adopt_udp(descriptor));
        let sockets = adopted.collect::<io::Result<Vec<_>>>()?;
        let listeners = bind_streams(&sockets, number(worker), &self.listen).map_err(explained)?;
        Ok((sockets, listeners))
    }

    pub(crate) fn again(&self, worker: usize, addresses: &[SocketAddr]) -> io::Result<Sockets> {
        match self.adopted.as_ref().and_then(|adopted| adopted.get(worker)) {
            Some(descriptors) => self.adopt(worker, descriptors),
            None => bind_again(addresses, number(worker), &self.listen).map_err(explained),
        }
    }
}

/// As ports count it.
fn number(worker: usize) -> u16 {
    u16::try_from(worker).unwrap_or(u16::MAX)
}

fn explained(error: BindError) -> io::Error {
    io::Error::new(error.source.kind(), error)
}
