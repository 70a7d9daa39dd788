//! UDP sockets with GRO and GSO, and epoll, as far as a load generator needs them.
#![allow(unsafe_code)]

use std::borrow::Borrow;
use std::io;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Bytes of the kernel's buffers, each way.
const KERNEL_BUFFER: libc::c_int = 4 << 20;
/// The largest message: one GRO super-packet.
pub(crate) const MESSAGE_LEN: usize = 1 << 16;

/// A socket on 127.0.0.1 that receives super-packets.
pub(crate) fn bind() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    enlarge(&socket)?;
    Ok(socket)
}

/// A socket that another program has opened for this one.
pub(crate) fn inherited(descriptor: RawFd) -> io::Result<UdpSocket> {
    // SAFETY: no pointers are passed.
    if descriptor <= 2 || unsafe { libc::fcntl(descriptor, libc::F_GETFD) } < 0 {
        return Err(io::Error::other(format!("{descriptor} is no open descriptor")));
    }
    // SAFETY: the descriptor is open and handed over to this program alone.
    let socket = unsafe { UdpSocket::from_raw_fd(descriptor) };
    enlarge(&socket)?;
    Ok(socket)
}

/// Have the kernel say when each message arrived.
pub(crate) fn tell_arrivals(socket: &UdpSocket) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
}

/// Have sleeps end when they should: by themselves they may be 50 microseconds late.
pub(crate) fn sleep_exactly() {
    // SAFETY: no pointers are passed.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000, 0, 0, 0) };
}

/// Large buffers, and super-packets received as such.
fn enlarge(socket: &UdpSocket) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, KERNEL_BUFFER)
        .or_else(|_| set(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, KERNEL_BUFFER))?;
    set(socket, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, KERNEL_BUFFER)
        .or_else(|_| set(socket, libc::SOL_SOCKET, libc::SO_SNDBUF, KERNEL_BUFFER))?;
    set(socket, libc::SOL_UDP, libc::UDP_GRO, 1)
}

fn set(
    socket: &UdpSocket,
    level: libc::c_int,
    option: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let len = mem::size_of_val(&value) as libc::socklen_t;
    // SAFETY: the descriptor is open and the option's value is an int that lives.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), len)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Room for one control message with an int, aligned as `cmsghdr` is.
#[repr(C, align(8))]
struct Control([u8; 32]);

/// Whether to wait for a message that is not there yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waiting {
    /// As the socket is set: not at all, or until its time-out.
    ForOne,
    /// Not even when the socket is set to wait.
    No,
}

/// Receive one message; returns its length and the length of each datagram in it but the
/// last.
pub(crate) fn receive(
    socket: &UdpSocket,
    buffer: &mut [u8],
    waiting: Waiting,
) -> io::Result<(usize, usize)> {
    let flags = match waiting {
        Waiting::ForOne => 0,
        Waiting::No => libc::MSG_DONTWAIT,
    };
    let mut control = Control([0; 32]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all zeros is a valid msghdr.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    // SAFETY: the message points to one buffer and one control buffer, both live and as
    // long as it says.
    let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has filled the control buffer as the message now says; the only
    // option enabled is UDP_GRO, whose value is an int.
    let segment = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() || (*header).cmsg_type != libc::UDP_GRO {
            len
        } else {
            let segment = libc::CMSG_DATA(header).cast::<libc::c_int>().read_unaligned();
            usize::try_from(segment).unwrap_or(len)
        }
    };
    Ok((len, segment.max(1)))
}

/// Send the datagrams of `segment` bytes each that are back to back in `data`.
pub(crate) fn send(
    socket: &UdpSocket,
    data: &[u8],
    segment: usize,
    destination: SocketAddr,
) -> io::Result<()> {
    let SocketAddr::V4(destination) = destination else {
        return Err(io::ErrorKind::AddrNotAvailable.into());
    };
    let mut address = address(destination);
    let mut control = Control([0; 32]);
    let mut part = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    // SAFETY: all zeros is a valid msghdr.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_name = (&raw mut address).cast();
    message.msg_namelen = mem::size_of_val(&address) as libc::socklen_t;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    if data.len() > segment {
        let segment = u16::try_from(segment).map_err(|_| io::ErrorKind::InvalidInput)?;
        message.msg_control = control.0.as_mut_ptr().cast();
        // SAFETY: CMSG_SPACE is arithmetic; the control buffer is larger than it for a
        // u16, so a header and the value fit.
        unsafe {
            message.msg_controllen = libc::CMSG_SPACE(2) as usize;
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_UDP;
            (*header).cmsg_type = libc::UDP_SEGMENT;
            (*header).cmsg_len = libc::CMSG_LEN(2) as usize;
            libc::CMSG_DATA(header).cast::<u16>().write_unaligned(segment);
        }
    }
    // SAFETY: all that the message points to lives through the call.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn address(of: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: of.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(of.ip().octets()) },
        sin_zero: [0; 8],
    }
}

/// Sockets waited on together, by their position.
pub(crate) struct Poller {
    epoll: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

impl Poller {
    /// Positions that one wait tells at most.
    pub(crate) const MOST: usize = 64;

    /// Wait on all of them for something to read.
    pub(crate) fn new<S: Borrow<UdpSocket>>(sockets: &[S]) -> io::Result<Self> {
        // SAFETY: no pointers are passed; the descriptor is new and ours.
        let epoll = unsafe {
            let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            if epoll < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(epoll)
        };
        for (position, socket) in sockets.iter().enumerate() {
            let mut event =
                libc::epoll_event { events: libc::EPOLLIN as u32, u64: position as u64 };
            // SAFETY: both descriptors are open and the event lives.
            let added = unsafe {
                libc::epoll_ctl(
                    epoll.as_raw_fd(),
                    libc::EPOLL_CTL_ADD,
                    socket.borrow().as_raw_fd(),
                    &raw mut event,
                )
            };
            if added < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Self { epoll, ready: vec![libc::epoll_event { events: 0, u64: 0 }; Self::MOST] })
    }

    /// The positions of sockets with something to read, waiting for one at most `timeout`
    /// (rounded down to milliseconds).
    pub(crate) fn wait(&mut self, timeout: Duration) -> io::Result<impl Iterator<Item = usize>> {
        let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let room = self.ready.len() as libc::c_int;
        // SAFETY: the events' buffer lives and has that room.
        let count = unsafe {
            libc::epoll_wait(self.epoll.as_raw_fd(), self.ready.as_mut_ptr(), room, timeout)
        };
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => 0,
            Err(_) => return Err(io::Error::last_os_error()),
        };
        Ok(self.ready[..count].iter().map(|event| event.u64 as usize))
    }
}
