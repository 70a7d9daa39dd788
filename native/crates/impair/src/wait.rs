//! Waiting for packets or for a time: epoll with a timerfd, which is finer than a millisecond.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::schedule::SECOND;

/// CLOCK_MONOTONIC, ns.
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes one timespec, which lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * SECOND + time.tv_nsec as u64
}

/// Asks to run before programs of ordinary priority: on a busy machine the path shall keep its
/// times. Returns whether the kernel agreed.
pub(crate) fn hurry() -> bool {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: sched_setscheduler reads one sched_param, which lives through the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &parameters) == 0 }
}

/// Whether a read of `descriptor` would return at once.
pub(crate) fn readable(descriptor: RawFd) -> bool {
    let mut one = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: poll reads and writes one pollfd, which lives through the call.
    unsafe { libc::poll(&mut one, 1, 0) > 0 }
}

#[derive(Debug)]
pub(crate) struct Waiter {
    epoll: OwnedFd,
    timer: OwnedFd,
}

impl Waiter {
    /// Wakes when one of `readable` has something to read.
    pub(crate) fn new(readable: &[RawFd]) -> io::Result<Self> {
        // SAFETY: both calls return a descriptor of our own or -1, which `owned` checks.
        let (epoll, timer) = unsafe {
            (
                owned(libc::epoll_create1(libc::EPOLL_CLOEXEC))?,
                owned(libc::timerfd_create(
                    libc::CLOCK_MONOTONIC,
                    libc::TFD_NONBLOCK | libc::TFD_CLOEXEC,
                ))?,
            )
        };
        for &one in [timer.as_raw_fd()].iter().chain(readable) {
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: one as u64 };
            // SAFETY: epoll_ctl reads one epoll_event, which lives through the call.
            let done =
                unsafe { libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, one, &mut event) };
            if done != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Self { epoll, timer })
    }

    /// Returns when something can be read or it is `deadline`.
    pub(crate) fn wait(&self, deadline: Option<u64>) -> io::Result<()> {
        // All zeros disarms the timer.
        let due = deadline.map_or(0, |due| due.max(1));
        let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let value = libc::timespec {
            tv_sec: (due / SECOND) as libc::time_t,
            tv_nsec: (due % SECOND) as libc::c_long,
        };
        let times = libc::itimerspec { it_interval: none, it_value: value };
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
        // SAFETY: both calls get pointers to values that live through them. Setting the timer
        // anew also takes back that it had expired.
        let ready = unsafe {
            libc::timerfd_settime(
                self.timer.as_raw_fd(),
                libc::TFD_TIMER_ABSTIME,
                &times,
                std::ptr::null_mut(),
            );
            libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), 4, -1)
        };
        match io::Error::last_os_error() {
            error if ready < 0 && error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

/// # Safety
/// A `descriptor` that is not negative must be open and nobody else's.
unsafe fn owned(descriptor: RawFd) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the caller says so.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
