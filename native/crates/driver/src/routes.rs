//! From which of our addresses each remote address is to be answered.
//!
//! ICE pairs addresses: an answer must leave from the address its request came to. With
//! one socket per family on a plain address there is nothing to remember. With several,
//! or on a wildcard address (where the kernel would choose by its routing table), the
//! last way each remote address came in is remembered. One remote address that uses two
//! of ours at the same time is answered correctly (the engine is flushed in between),
//! but its media follows the way it used last.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// Remote addresses remembered; the least recently answered half is forgotten when full.
const CAPACITY: usize = 65_536;
/// Newcomers remembered until the engine has answered them or not.
const NEWCOMERS: usize = 256;

/// One of our sockets and, on a wildcard socket, the address to send from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) socket: usize,
    pub(crate) local: Option<IpAddr>,
}

/// The ways of one worker. Only an address the engine answers is remembered, so that
/// floods from forged addresses displace nobody.
#[derive(Debug)]
pub(crate) struct Routes {
    fixed_v4: Fixed,
    fixed_v6: Fixed,
    recent: HashMap<SocketAddr, Way>,
    older: HashMap<SocketAddr, Way>,
    newcomers: Vec<(SocketAddr, Way)>,
}

/// What is known about a family without looking at the remote address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fixed {
    No,
    Socket(usize),
    /// The ways differ; unknown addresses leave by this socket.
    Varies(usize),
}

impl Fixed {
    fn socket(self) -> Option<usize> {
        match self {
            Self::No => None,
            Self::Socket(socket) | Self::Varies(socket) => Some(socket),
        }
    }
}

impl Routes {
    /// For sockets bound to `bound`, in their order.
    pub(crate) fn new(bound: &[SocketAddr]) -> Self {
        let fixed = |v4: bool| {
            let family: Vec<usize> =
                (0..bound.len()).filter(|&index| bound[index].is_ipv4() == v4).collect();
            match family[..] {
                [] => Fixed::No,
                [only] if !bound[only].ip().is_unspecified() => Fixed::Socket(only),
                [first, ..] => Fixed::Varies(first),
            }
        };
        Self {
            fixed_v4: fixed(true),
            fixed_v6: fixed(false),
            recent: HashMap::new(),
            older: HashMap::new(),
            newcomers: Vec::new(),
        }
    }

    fn fixed(&self, remote: SocketAddr) -> Fixed {
        if remote.is_ipv4() { self.fixed_v4 } else { self.fixed_v6 }
    }

    /// Whether `way` differs from the one answers to `remote` take now: then what the
    /// engine has for it must be sent before `heard` changes that.
    pub(crate) fn would_change(&self, remote: SocketAddr, way: Way) -> bool {
        if !matches!(self.fixed(remote), Fixed::Varies(_)) {
            return false;
        }
        let known = self.known(remote);
        known.is_some_and(|known| known != way)
    }

    fn known(&self, remote: SocketAddr) -> Option<Way> {
        let newcomer = || self.newcomers.iter().rev().find(|(address, _)| *address == remote);
        self.recent
            .get(&remote)
            .or_else(|| self.older.get(&remote))
            .or_else(|| newcomer().map(|(_, way)| way))
            .copied()
    }

    /// `remote` came in by `way`.
    pub(crate) fn heard(&mut self, remote: SocketAddr, way: Way) {
        if !matches!(self.fixed(remote), Fixed::Varies(_)) {
            return;
        }
        let known = match self.recent.get_mut(&remote) {
            Some(known) => Some(known),
            None => self.older.get_mut(&remote),
        };
        match known {
            Some(known) => *known = way,
            // Overflow: the newcomer's answer is left to the kernel's routing table.
            None if self.newcomers.len() < NEWCOMERS => {
                match self.newcomers.iter_mut().find(|(address, _)| *address == remote) {
                    Some((_, known)) => *known = way,
                    None => self.newcomers.push((remote, way)),
                }
            }
            None => {}
        }
    }

    /// The way to `remote`, remembered from now on; `None` without a socket of its family.
    pub(crate) fn answer(&mut self, remote: SocketAddr) -> Option<Way> {
        let fixed = self.fixed(remote);
        let socket = fixed.socket()?;
        if matches!(fixed, Fixed::Socket(_)) {
            return Some(Way { socket, local: None });
        }
        if let Some(way) = self.recent.get(&remote) {
            return Some(*way);
        }
        let Some(way) = self.known(remote) else { return Some(Way { socket, local: None }) };
        if self.recent.len() >= CAPACITY / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
        self.older.remove(&remote);
        self.recent.insert(remote, way);
        Some(way)
    }

    /// Everything the newcomers were answered has been sent.
    pub(crate) fn forget_newcomers(&mut self) {
        self.newcomers.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn way(socket: usize, local: &str) -> Way {
        Way { socket, local: Some(local.parse().unwrap()) }
    }

    #[test]
    fn one_plain_socket_a_family_needs_no_memory() {
        let mut routes = Routes::new(&[address("127.0.0.1:1"), address("[::1]:1")]);
        let plain = |socket| Some(Way { socket, local: None });
        assert_eq!(routes.answer(address("127.0.0.1:9")), plain(0));
        assert_eq!(routes.answer(address("[::1]:9")), plain(1));
    }

    #[test]
    fn a_family_without_a_socket_has_no_way() {
        let mut routes = Routes::new(&[address("127.0.0.1:1")]);
        assert_eq!(routes.answer(address("[::1]:9")), None);
    }

    #[test]
    fn answers_leave_the_way_the_request_came() {
        let mut routes = Routes::new(&[address("0.0.0.0:1")]);
        let remote = address("10.0.0.9:9");
        routes.heard(remote, way(0, "10.0.0.2"));
        assert_eq!(routes.answer(remote), Some(way(0, "10.0.0.2")));
        routes.forget_newcomers();
        assert_eq!(routes.answer(remote), Some(way(0, "10.0.0.2")));
        assert!(routes.would_change(remote, way(0, "10.0.0.3")));
        routes.heard(remote, way(0, "10.0.0.3"));
        assert_eq!(routes.answer(remote), Some(way(0, "10.0.0.3")));
    }

    #[test]
    fn who_is_not_answered_is_not_remembered() {
        let mut routes = Routes::new(&[address("0.0.0.0:1")]);
        for port in 1..=60_000 {
            routes.heard(SocketAddr::from(([10, 0, 0, 9], port)), way(0, "10.0.0.2"));
            routes.forget_newcomers();
        }
        assert!(routes.recent.is_empty() && routes.older.is_empty());
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_longest_unanswered() {
        let mut routes = Routes::new(&[address("0.0.0.0:1")]);
        let remote = |number: u32| SocketAddr::from((number.to_be_bytes(), 9));
        for number in 0..100_000 {
            routes.heard(remote(number), way(0, "10.0.0.2"));
            routes.answer(remote(number));
            routes.answer(remote(0));
            routes.forget_newcomers();
        }
        assert!(routes.recent.len() + routes.older.len() <= CAPACITY);
        assert_eq!(routes.answer(remote(0)), Some(way(0, "10.0.0.2")));
        assert_eq!(routes.answer(remote(1)), Some(Way { socket: 0, local: None }));
    }
}
