//! recvmmsg into buffers that are allocated once.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use super::{control, realtime, sockaddr};

/// Messages taken by one call; with GRO each may hold 64 datagrams.
const MESSAGES: usize = 32;
/// The largest thing the kernel hands over: a GRO super-datagram.
const BUFFER: usize = 1 << 16;
/// What has waited for longer has not: the clock was set in between.
const LONGEST_AGE: Duration = Duration::from_secs(5);

/// One received message: a datagram, or several of `segment` bytes joined by GRO.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    pub(crate) source: SocketAddr,
    /// The local address it came to, known on wildcard sockets.
    pub(crate) local: Option<IpAddr>,
    /// Bytes of each datagram; the last may be shorter.
    pub(crate) segment: usize,
    /// How many datagrams the socket's buffer has refused so far, when that is not zero.
    pub(crate) overflow: Option<u32>,
    /// How long it has waited in the socket's buffer, by the kernel.
    pub(crate) age: Duration,
    pub(crate) data: &'a mut [u8],
}

/// The buffers of one thread.
pub(crate) struct ReceiveRing {
    buffers: Vec<u8>,
    names: [libc::sockaddr_storage; MESSAGES],
    controls: [control::Buffer; MESSAGES],
    headers: [libc::mmsghdr; MESSAGES],
}

impl ReceiveRing {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            buffers: vec![0; MESSAGES * BUFFER],
            names: [sockaddr::empty(); MESSAGES],
            controls: [[0; 16]; MESSAGES],
            // SAFETY: all zeroes is a valid mmsghdr.
            headers: unsafe { zeroed() },
        })
    }

    /// Takes what waits, at most `MESSAGES`, and hands each to `each`; returns whether that was
    /// as many, so that more may wait.
    pub(crate) fn receive(
        &mut self,
        fd: BorrowedFd<'_>,
        mut each: impl FnMut(Received<'_>),
    ) -> io::Result<bool> {
        let mut vectors: [libc::iovec; MESSAGES] =
            // SAFETY: all zeroes is a valid iovec.
            unsafe { zeroed() };
        for (index, buffer) in self.buffers.chunks_exact_mut(BUFFER).enumerate() {
            vectors[index] = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: BUFFER };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = (&raw mut self.names[index]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = &raw mut vectors[index];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut self.controls[index]).cast();
            header.msg_controllen = size_of::<control::Buffer>() as _;
        }
        // SAFETY: each header points to a name, an iovec and a control buffer of its own,
        // with their true sizes, all alive until this function returns.
        let count = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                self.headers.as_mut_ptr(),
                MESSAGES as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let count = super::checked(count)? as usize;
        let now = realtime();
        for (index, buffer) in self.buffers.chunks_exact_mut(BUFFER).take(count).enumerate() {
            let header = &self.headers[index];
            let Some(source) = sockaddr::read(&self.names[index]) else { continue };
            // SAFETY: the kernel filled this header, its control buffer is in `self`.
            let beside = unsafe { control::read(&header.msg_hdr) };
            let length = (header.msg_len as usize).min(BUFFER);
            each(Received {
                source,
                local: beside.local,
                segment: beside.segment.unwrap_or(length),
                overflow: beside.overflow,
                age: beside
                    .arrived
                    .and_then(|arrived| now.checked_sub(arrived))
                    .filter(|&age| age < LONGEST_AGE)
                    .unwrap_or_default(),
                data: &mut buffer[..length],
            });
        }
        Ok(count == MESSAGES)
    }
}
