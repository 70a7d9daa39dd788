//! sendmmsg with segmentation and source address selection.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};

use super::{control, sockaddr};

/// One datagram, or several of `segment` bytes back to back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) destination: SocketAddr,
    /// The address it must leave from; `None` lets the kernel choose.
    pub(crate) local: Option<IpAddr>,
    /// Bytes of each datagram when there are several (UDP_SEGMENT).
    pub(crate) segment: Option<u16>,
    pub(crate) data: &'a [u8],
}

/// The headers of one thread.
pub(crate) struct SendRing {
    names: [libc::sockaddr_storage; Self::MESSAGES],
    controls: [control::Buffer; Self::MESSAGES],
    headers: [libc::mmsghdr; Self::MESSAGES],
}

impl SendRing {
    /// Messages given to the kernel by one call.
    pub(crate) const MESSAGES: usize = 64;

    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            names: [sockaddr::empty(); Self::MESSAGES],
            controls: [[0; 16]; Self::MESSAGES],
            // SAFETY: all zeroes is a valid mmsghdr.
            headers: unsafe { zeroed() },
        })
    }

    /// Sends the first messages of `messages`, in order; returns how many went.
    ///
    /// An error is about the first of them; those before an error are reported as sent.
    pub(crate) fn send<'a>(
        &mut self,
        fd: BorrowedFd<'_>,
        messages: impl Iterator<Item = Outgoing<'a>>,
    ) -> io::Result<usize> {
        // SAFETY: all zeroes is a valid iovec.
        let mut vectors: [libc::iovec; Self::MESSAGES] = unsafe { zeroed() };
        let mut count = 0;
        for (index, message) in messages.take(Self::MESSAGES).enumerate() {
            // sendmmsg only reads through iov_base.
            let base = message.data.as_ptr().cast_mut().cast();
            vectors[index] = libc::iovec { iov_base: base, iov_len: message.data.len() };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_namelen = sockaddr::write(message.destination, &mut self.names[index]);
            header.msg_name = (&raw mut self.names[index]).cast();
            header.msg_iov = &raw mut vectors[index];
            header.msg_iovlen = 1;
            let beside = &mut self.controls[index];
            header.msg_controllen = control::write(beside, message.segment, message.local) as _;
            header.msg_control = if header.msg_controllen == 0 {
                std::ptr::null_mut()
            } else {
                std::ptr::from_mut(beside).cast()
            };
            count += 1;
        }
        debug_assert!(size_of::<control::Buffer>() >= 64);
        // SAFETY: `count` headers point to names, iovecs and control buffers of their own
        // with their true sizes; the iovecs' data is borrowed for 'a, which outlives the call.
        let sent = unsafe {
            libc::sendmmsg(
                fd.as_raw_fd(),
                self.headers.as_mut_ptr(),
                count,
                (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as _,
            )
        };
        Ok(super::checked(sent)? as usize)
    }
}
