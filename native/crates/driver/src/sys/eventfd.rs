//! A file descriptor that is readable while it has been raised.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::checked;

/// An eventfd, non-blocking.
#[derive(Debug)]
pub(crate) struct EventFd(OwnedFd);

impl EventFd {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: a plain call; a non-negative result is a descriptor nobody else owns.
        unsafe {
            let fd = checked(libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC))?;
            Ok(Self(OwnedFd::from_raw_fd(fd)))
        }
    }

    /// Makes it readable. It stays so until `clear`.
    pub(crate) fn raise(&self) {
        // Fails only when the counter is full, and then it is readable already.
        // SAFETY: the descriptor is ours and the eight bytes are valid for reading.
        unsafe {
            let one = 1_u64;
            libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8);
        }
    }

    /// Makes it unreadable.
    pub(crate) fn clear(&self) {
        // Fails only when it is not readable, which is what is wanted.
        // SAFETY: the descriptor is ours and the eight bytes are valid for writing.
        unsafe {
            let mut count = 0_u64;
            libc::read(self.0.as_raw_fd(), (&raw mut count).cast(), 8);
        }
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
