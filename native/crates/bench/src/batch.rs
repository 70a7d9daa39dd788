//! Many messages with one system call: where each came from, when, and how it was split.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

use crate::socket::MESSAGE_LEN;

/// Messages taken at once.
const MESSAGES: usize = 8;

/// Room for two control messages: an int (the segments' length) and a time.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 96]);

/// A received message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// Its bytes.
    pub(crate) len: usize,
    /// Those of each datagram in it but the last.
    pub(crate) segment: usize,
    /// When the kernel had it, in nanoseconds of `CLOCK_REALTIME`; none if it did not say.
    pub(crate) arrived: Option<u64>,
    /// Its sender.
    pub(crate) from: SocketAddrV4,
}

/// Whether to wait while there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Until there is one message, or the socket's time-out.
    ForOne,
    /// Not at all.
    No,
}

/// Buffers for messages that are received together.
pub(crate) struct Batch {
    buffers: Vec<u8>,
    controls: Vec<Control>,
    names: Vec<libc::sockaddr_in>,
    messages: Vec<Message>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        // SAFETY: all zeros is a valid sockaddr_in.
        let name: libc::sockaddr_in = unsafe { mem::zeroed() };
        Self {
            buffers: vec![0; MESSAGES * MESSAGE_LEN],
            controls: vec![Control([0; 96]); MESSAGES],
            names: vec![name; MESSAGES],
            messages: Vec::with_capacity(MESSAGES),
        }
    }

    /// Receive what there is; returns how many messages that were, and whether there may
    /// be more.
    pub(crate) fn receive(&mut self, socket: &UdpSocket, wait: Wait) -> io::Result<(usize, bool)> {
        self.messages.clear();
        // SAFETY: all zeros are valid mmsghdrs and iovecs.
        let (mut headers, mut parts): ([libc::mmsghdr; MESSAGES], [libc::iovec; MESSAGES]) =
            unsafe { (mem::zeroed(), mem::zeroed()) };
        let buffers = self.buffers.chunks_exact_mut(MESSAGE_LEN);
        for (((header, part), buffer), (control, name)) in headers
            .iter_mut()
            .zip(&mut parts)
            .zip(buffers)
            .zip(self.controls.iter_mut().zip(&mut self.names))
        {
            part.iov_base = buffer.as_mut_ptr().cast();
            part.iov_len = buffer.len();
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = control.0.len();
            header.msg_hdr.msg_name = (&raw mut *name).cast();
            header.msg_hdr.msg_namelen = mem::size_of::<libc::sockaddr_in>() as libc::socklen_t;
        }
        let flags = match wait {
            Wait::ForOne => libc::MSG_WAITFORONE,
            Wait::No => libc::MSG_DONTWAIT,
        };
        // SAFETY: each header points to a buffer, a control buffer and a name that live as
        // long as this, and are as long as it says.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                MESSAGES as libc::c_uint,
                flags as _,
                std::ptr::null_mut(),
            )
        };
        let Ok(count) = usize::try_from(count) else {
            let error = io::Error::last_os_error();
            return match error.kind() {
                // A time-out, or the end of a receiver that went before us.
                io::ErrorKind::WouldBlock
                | io::ErrorKind::Interrupted
                | io::ErrorKind::ConnectionRefused => Ok((0, false)),
                _ => Err(error),
            };
        };
        for (header, name) in headers[..count].iter().zip(&self.names) {
            let len = header.msg_len as usize;
            let (segment, arrived) = said(&header.msg_hdr);
            let address = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
            self.messages.push(Message {
                len,
                segment: segment.unwrap_or(len).max(1),
                arrived,
                from: SocketAddrV4::new(address, u16::from_be(name.sin_port)),
            });
        }
        Ok((count, count == MESSAGES))
    }

    /// A message of the last call, and its bytes.
    pub(crate) fn message(&mut self, position: usize) -> (Message, &mut [u8]) {
        let message = self.messages[position];
        let start = position * MESSAGE_LEN;
        (message, &mut self.buffers[start..start + message.len])
    }

    /// All of them, to be kept together.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = (Message, &mut [u8])> {
        self.messages
            .iter()
            .zip(self.buffers.chunks_exact_mut(MESSAGE_LEN))
            .map(|(message, buffer)| (*message, &mut buffer[..message.len]))
    }
}

/// The segments' length and the time of arrival, as far as the kernel has said so.
fn said(header: &libc::msghdr) -> (Option<usize>, Option<u64>) {
    let (mut segment, mut arrived) = (None, None);
    // SAFETY: the kernel has filled the control buffer as the header now says; the values'
    // types are those of the two options that are enabled.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            let data = libc::CMSG_DATA(control);
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    segment = usize::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                }
                (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) => {
                    let time = data.cast::<libc::timespec>().read_unaligned();
                    arrived = Some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64);
                }
                _ => {}
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
    (segment, arrived)
}
