//! Where a peer is (RFC 8445, the lite agent's part) and whether it is still there.

use std::time::Duration;

use crate::remote::Remote;
use crate::time::Instant;

/// Remote addresses a transport may have; the one checked longest ago makes room for a new
/// one, and one that was not checked for as long as consent lasts is given up.
const MAX_ADDRESSES: usize = 8;
/// A peer is followed to another port of its address when nothing has come from the selected one
/// for so long: longer than datagrams that took different ways are apart.
const QUIET: Duration = Duration::from_millis(100);

struct Address {
    remote: Remote,
    checked: Instant,
}

/// The addresses of a peer, the selected one, and its signs of life.
#[derive(Default)]
pub(crate) struct Path {
    addresses: Vec<Address>,
    selected: Option<Remote>,
    /// Whether the peer has chosen it.
    nominated: bool,
    connected: bool,
    consent: bool,
    silent: bool,
    last_check: Instant,
    last_heard: Instant,
    /// While what it sends comes from another port than its addresses have: when something last
    /// came from one of them.
    astray: Option<Instant>,
    intervals: Intervals,
}

/// The times between the last checks.
#[derive(Default)]
struct Intervals {
    last: [Duration; 3],
    next: usize,
}

impl Intervals {
    fn add(&mut self, interval: Duration) {
        self.last[self.next] = interval;
        self.next = (self.next + 1) % self.last.len();
    }

    /// What all of them have in common: one that was lost, or a while without a network, makes
    /// no habit.
    fn shortest(&self) -> Duration {
        self.last.into_iter().min().unwrap_or_default()
    }
}

/// What an authenticated binding request changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// The address was not known before.
    pub(crate) adopted: bool,
    /// The address that had to go for it.
    pub(crate) evicted: Option<Remote>,
    /// The peer had no address before.
    pub(crate) connected: bool,
    /// The selected address is another one now.
    pub(crate) moved: bool,
    /// Sending may start again after consent was lost.
    pub(crate) revived: bool,
}

/// What the passing of time changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    Consent,
    Silence,
}

impl Path {
    /// An authenticated binding request came from `remote`.
    pub(crate) fn check(
        &mut self,
        now: Instant,
        remote: Remote,
        nominate: bool,
        timeouts: Timeouts,
    ) -> Check {
        let mut change = Check::default();
        if self.connected {
            self.intervals.add(now.since(self.last_check));
        }
        self.last_check = now;
        match self.addresses.iter_mut().find(|address| address.remote == remote) {
            Some(address) => address.checked = now,
            None => {
                change.adopted = true;
                if self.addresses.len() >= MAX_ADDRESSES {
                    change.evicted = self.evict(|_| true);
                }
                self.addresses.push(Address { remote, checked: now });
            }
        }
        if self.selected != Some(remote) && (nominate || self.is_better(remote)) {
            self.selected = Some(remote);
            self.nominated = nominate;
            change.connected = !self.connected;
            change.moved = self.connected;
            self.connected = true;
        }
        self.nominated |= nominate;
        if change.evicted.is_none() {
            change.evicted = self.evict(|address| address.checked + timeouts.consent <= now);
        }
        change.revived = !std::mem::replace(&mut self.consent, true);
        change
    }

    /// Whether `remote` is to be preferred to the selected address though the peer has not said
    /// so. After consent was lost the old one is as good as none; and whoever's checks come by
    /// UDP as well will hardly nominate TCP.
    fn is_better(&self, remote: Remote) -> bool {
        let Some(selected) = self.selected else { return true };
        !self.consent || !self.nominated && selected.is_stream() && !remote.is_stream()
    }

    /// Whether packets from `remote` may be the peer's though it was not checked from there: it
    /// is another port of the address that media goes to. Nobody else can be made a target then.
    pub(crate) fn may_be_at(&self, remote: Remote) -> bool {
        self.destination().is_some_and(|selected| {
            !selected.is_stream()
                && !remote.is_stream()
                && selected.address.ip() == remote.address.ip()
        })
    }

    /// When something last came from one of the peer's addresses.
    pub(crate) fn at_home(&self) -> Instant {
        self.astray.unwrap_or(self.last_heard)
    }

    /// Something came from such a port, `home` was [`Path::at_home`] before it was heard. True
    /// when the peer is to be followed.
    pub(crate) fn astray(&mut self, now: Instant, home: Instant) -> bool {
        self.astray = Some(home);
        now.since(home) >= QUIET
    }

    /// Follows the peer; returns the address that had to go for the new one.
    pub(crate) fn follow(&mut self, now: Instant, remote: Remote) -> Option<Remote> {
        self.astray = None;
        let full = self.addresses.len() >= MAX_ADDRESSES;
        let evicted = if full { self.evict(|_| true) } else { None };
        self.addresses.push(Address { remote, checked: now });
        self.selected = Some(remote);
        evicted
    }

    /// Gives up the address checked longest ago, of those that `may` go.
    fn evict(&mut self, may: impl Fn(&Address) -> bool) -> Option<Remote> {
        let (index, _) = self
            .addresses
            .iter()
            .enumerate()
            .filter(|(_, address)| Some(address.remote) != self.selected && may(address))
            .min_by_key(|(_, address)| address.checked)?;
        Some(self.addresses.swap_remove(index).remote)
    }

    /// The address is another transport's now, or its connection has ended; true when another
    /// one has taken its place as the selected one.
    pub(crate) fn forget(&mut self, remote: Remote) -> bool {
        self.addresses.retain(|address| address.remote != remote);
        if self.selected != Some(remote) {
            return false;
        }
        let latest = self.addresses.iter().max_by_key(|address| address.checked);
        self.selected = latest.map(|address| address.remote);
        self.nominated = false;
        self.selected.is_some()
    }

    /// Something authenticated arrived; true when the peer had been reported silent.
    #[inline]
    pub(crate) fn heard(&mut self, now: Instant) -> bool {
        self.last_heard = now;
        self.astray = None;
        std::mem::take(&mut self.silent)
    }

    /// Whether the peer has been reported silent.
    #[inline]
    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    /// When consent is gone, should nothing come any more.
    ///
    /// RFC 7675 has it renewed by the checks of a full agent. Some that only publish or play send
    /// none once they are connected (libnice), and a lite agent cannot ask: as long as something
    /// authentic comes from them they are there. It comes from an address that was checked, or from the same host.
    fn consent_until(&self, timeouts: Timeouts) -> Instant {
        let heard = self.last_heard + timeouts.consent * 2 / 3;
        (self.last_check + timeouts.consent).max(heard)
    }

    /// How long the peer may keep quiet. Who has nothing to send and checks its path every four to
    /// six seconds, as RFC 7675 has it, is not lost in between.
    fn patience(&self, timeouts: Timeouts) -> Duration {
        let usual = self.intervals.shortest();
        if usual <= timeouts.silence {
            return timeouts.silence;
        }
        (usual * 8 / 5).min(timeouts.consent * 4 / 5)
    }

    /// What ran out by `now`; each is reported once.
    pub(crate) fn lapse(&mut self, now: Instant, timeouts: Timeouts) -> Option<Lapse> {
        if !self.connected {
            return None;
        }
        if !self.silent && self.last_heard + self.patience(timeouts) <= now {
            self.silent = true;
            return Some(Lapse::Silence);
        }
        if self.consent && self.consent_until(timeouts) <= now {
            self.consent = false;
            return Some(Lapse::Consent);
        }
        None
    }

    /// When [`Path::lapse`] may next have something to say.
    pub(crate) fn next_lapse(&self, timeouts: Timeouts) -> Option<Instant> {
        if !self.connected {
            return None;
        }
        let silence = (!self.silent).then(|| self.last_heard + self.patience(timeouts));
        let consent = self.consent.then(|| self.consent_until(timeouts));
        [silence, consent].into_iter().flatten().min()
    }

    /// Where to send; nowhere before the first check and without consent (RFC 7675 5.1).
    #[inline]
    pub(crate) fn destination(&self) -> Option<Remote> {
        if self.consent { self.selected } else { None }
    }

    /// Where the peer is, with or without consent.
    pub(crate) fn selected(&self) -> Option<Remote> {
        self.selected
    }

    /// Whether `remote` is in use, heard from within `within`.
    pub(crate) fn uses(&self, now: Instant, remote: Remote, within: Duration) -> bool {
        self.selected == Some(remote) && now.since(self.last_heard) < within
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = Remote> {
        self.addresses.iter().map(|address| address.remote)
    }

    /// The time since the peer was last heard, zero before it connected.
    pub(crate) fn idle(&self, now: Instant) -> Duration {
        if self.connected { now.since(self.last_heard) } else { Duration::ZERO }
    }
}

/// How long a peer may keep quiet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) consent: Duration,
    pub(crate) silence: Duration,
}

#[cfg(test)]
mod tests {
    use super::{Lapse, MAX_ADDRESSES, Path, Timeouts};
    use crate::remote::Remote;
    use crate::time::Instant;
    use std::net::SocketAddr;
    use std::num::NonZeroU32;
    use std::time::Duration;

    const TIMEOUTS: Timeouts =
        Timeouts { consent: Duration::from_secs(1), silence: Duration::from_secs(9) };

    fn address(port: u16) -> Remote {
        SocketAddr::from(([192, 0, 2, 1], port)).into()
    }

    fn stream(number: u32) -> Remote {
        let number = NonZeroU32::new(number).expect("not zero");
        Remote::stream(SocketAddr::from(([192, 0, 2, 1], 1)), number)
    }

    #[test]
    fn a_connection_is_another_path_than_datagrams_of_the_same_address() {
        let mut path = Path::default();
        assert!(path.check(Instant(0), stream(1), true, TIMEOUTS).adopted);
        assert!(path.check(Instant(1), address(1), false, TIMEOUTS).adopted);
        assert!(path.check(Instant(2), stream(2), false, TIMEOUTS).adopted);
        assert_eq!(path.destination(), Some(stream(1)));
    }

    #[test]
    fn datagrams_are_preferred_until_the_peer_has_chosen() {
        let mut path = Path::default();
        assert!(path.check(Instant(0), stream(1), false, TIMEOUTS).connected);
        assert!(path.check(Instant(1), address(1), false, TIMEOUTS).moved);
        assert!(!path.check(Instant(2), stream(1), false, TIMEOUTS).moved);
        assert!(path.check(Instant(3), stream(1), true, TIMEOUTS).moved);
        assert!(!path.check(Instant(4), address(1), false, TIMEOUTS).moved);
        assert_eq!(path.destination(), Some(stream(1)));
    }

    #[test]
    fn when_a_connection_ends_what_was_checked_last_takes_its_place() {
        let mut path = Path::default();
        path.check(Instant(0), address(1), false, TIMEOUTS);
        path.check(Instant(1), address(2), false, TIMEOUTS);
        path.check(Instant(2), stream(1), true, TIMEOUTS);
        assert!(path.forget(stream(1)));
        assert_eq!(path.destination(), Some(address(2)));
        path.forget(address(1));
        assert!(!path.forget(address(2)));
        assert_eq!(path.destination(), None);
        assert!(path.check(Instant(3), stream(2), false, TIMEOUTS).moved);
    }

    #[test]
    fn the_selected_address_is_never_evicted() {
        let mut path = Path::default();
        path.check(Instant(0), address(1), false, TIMEOUTS);
        for port in 2..=20 {
            let check = path.check(Instant(u64::from(port)), address(port), false, TIMEOUTS);
            assert_ne!(check.evicted, Some(address(1)));
        }
        assert_eq!(path.destination(), Some(address(1)));
        assert_eq!(path.addresses().count(), MAX_ADDRESSES);
    }

    #[test]
    fn who_comes_back_from_elsewhere_is_followed() {
        let mut path = Path::default();
        path.check(Instant(0), address(1), true, TIMEOUTS);
        assert_eq!(path.lapse(Instant(1_000_000_000), TIMEOUTS), Some(Lapse::Consent));
        assert_eq!(path.destination(), None);
        let check = path.check(Instant(2_000_000_000), address(2), false, TIMEOUTS);
        assert!(check.moved && check.revived);
        assert_eq!(path.destination(), Some(address(2)));
    }

    #[test]
    fn only_a_nomination_moves_a_connected_peer() {
        let mut path = Path::default();
        assert!(path.check(Instant(0), address(1), false, TIMEOUTS).connected);
        assert!(!path.check(Instant(1), address(2), false, TIMEOUTS).moved);
        assert!(path.check(Instant(2), address(2), true, TIMEOUTS).moved);
        assert_eq!(path.destination(), Some(address(2)));
    }

    #[test]
    fn an_address_that_is_checked_no_more_is_given_up() {
        let mut path = Path::default();
        path.check(Instant(0), address(1), true, TIMEOUTS);
        path.check(Instant(1), address(2), true, TIMEOUTS);
        let half = Instant(500_000_000);
        assert_eq!(path.check(half, address(2), true, TIMEOUTS).evicted, None);
        let later = Instant(1_000_000_000);
        assert_eq!(path.check(later, address(2), true, TIMEOUTS).evicted, Some(address(1)));
        assert_eq!(path.addresses().collect::<Vec<_>>(), [address(2)]);
    }
}
