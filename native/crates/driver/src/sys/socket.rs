//! UDP sockets with the options the engine wants.

use std::io;
use std::mem::size_of;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use super::{checked, sockaddr};

/// Kernel buffer wanted for each direction, in bytes: 8 MiB absorb about 60 ms at 1 Gbit/s.
const BUFFER: libc::c_int = 8 << 20;

/// Binds a non-blocking UDP socket. An IPv6 one does not take IPv4.
///
/// On a wildcard address it also reports which local address each datagram came to.
pub(crate) fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let domain = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: a plain call; a non-negative result is a descriptor nobody else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(checked(libc::socket(domain, kind, 0))?) };
    if address.is_ipv6() {
        set(&fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)?;
    }
    report_destinations(&fd, address)?;
    for (forced, capped) in
        [(libc::SO_RCVBUFFORCE, libc::SO_RCVBUF), (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF)]
    {
        if set(&fd, libc::SOL_SOCKET, forced, BUFFER).is_err() {
            let _ = set(&fd, libc::SOL_SOCKET, capped, BUFFER);
        }
    }
    tune(&fd);
    let mut storage = sockaddr::empty();
    let length = sockaddr::write(address, &mut storage);
    // SAFETY: `storage` holds an address of `length` bytes.
    unsafe { checked(libc::bind(fd.as_raw_fd(), (&raw const storage).cast(), length))? };
    Ok(UdpSocket::from(fd))
}

/// Duplicates a bound UDP socket that somebody else has opened (sd_listen_fds(3)).
///
/// Its buffers stay as they are, unless they can be had as large as wanted: whoever opened it
/// may have had rights that this process has not, and setting them would make them smaller.
pub(crate) fn adopt_udp(descriptor: RawFd) -> io::Result<UdpSocket> {
    // SAFETY: a plain call; a non-negative result is a descriptor nobody else owns.
    let fd = unsafe {
        OwnedFd::from_raw_fd(checked(libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0))?)
    };
    let refused = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
    if get(&fd, libc::SOL_SOCKET, libc::SO_TYPE)? != libc::SOCK_DGRAM {
        return Err(refused("not a UDP socket"));
    }
    let socket = UdpSocket::from(fd);
    let address = socket.local_addr()?;
    let unspecified = address.ip().is_unspecified();
    if address.is_ipv6() && unspecified && get(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY)? == 0
    {
        return Err(refused("an IPv6 socket that takes IPv4 too"));
    }
    socket.set_nonblocking(true)?;
    report_destinations(&socket, address)?;
    for forced in [libc::SO_RCVBUFFORCE, libc::SO_SNDBUFFORCE] {
        let _ = set(&socket, libc::SOL_SOCKET, forced, BUFFER);
    }
    tune(&socket);
    Ok(socket)
}

/// On a wildcard address, has it told which local address each datagram came to.
fn report_destinations(fd: &impl AsRawFd, address: SocketAddr) -> io::Result<()> {
    if !address.ip().is_unspecified() {
        return Ok(());
    }
    if address.is_ipv4() {
        set(fd, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
    } else {
        set(fd, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
    }
}

/// Whether the kernel knows UDP_SEGMENT (Linux 4.18).
pub(crate) fn probe_segmentation(socket: &UdpSocket) -> bool {
    set(socket, libc::SOL_UDP, libc::UDP_SEGMENT, 0).is_ok()
}

/// Bytes of datagrams that may wait in the socket, as the kernel counts them.
pub(crate) fn receive_buffer(socket: &UdpSocket) -> io::Result<usize> {
    let value = get(socket, libc::SOL_SOCKET, libc::SO_RCVBUF)?;
    Ok(usize::try_from(value).unwrap_or(0))
}

/// What makes the socket faster and what it tells truer; a kernel without it still works.
fn tune(fd: &impl AsRawFd) {
    let _ = set(fd, libc::SOL_UDP, libc::UDP_GRO, 1);
    let _ = set(fd, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1);
    let _ = set(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
}

pub(super) fn get(
    fd: &impl AsRawFd,
    level: libc::c_int,
    option: libc::c_int,
) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open; `value` is an int, as `length` says, and both live.
    unsafe {
        checked(libc::getsockopt(
            fd.as_raw_fd(),
            level,
            option,
            (&raw mut value).cast(),
            &raw mut length,
        ))?;
    }
    Ok(value)
}

pub(super) fn set(
    fd: &impl AsRawFd,
    level: libc::c_int,
    option: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open and `value` is an int, as `length` says.
    unsafe {
        checked(libc::setsockopt(
            fd.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            length,
        ))?;
    }
    Ok(())
}
