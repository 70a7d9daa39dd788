//! UDP sockets with the options the engine wants.

use std::io;
use std::mem::size_of;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

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
    if address.ip().is_unspecified() {
        if address.is_ipv4() {
            set(&fd, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        } else {
            set(&fd, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
    }
    tune(&fd);
    let mut storage = sockaddr::empty();
    let length = sockaddr::write(address, &mut storage);
    // SAFETY: `storage` holds an address of `length` bytes.
    unsafe { checked(libc::bind(fd.as_raw_fd(), (&raw const storage).cast(), length))? };
    Ok(UdpSocket::from(fd))
}

/// Whether the kernel knows UDP_SEGMENT (Linux 4.18).
pub(crate) fn probe_segmentation(socket: &UdpSocket) -> bool {
    set(socket, libc::SOL_UDP, libc::UDP_SEGMENT, 0).is_ok()
}

/// Bytes of datagrams that may wait in the socket, as the kernel counts them.
pub(crate) fn receive_buffer(socket: &UdpSocket) -> io::Result<usize> {
    let mut value: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open; `value` is an int, as `length` says, and both live.
    unsafe {
        checked(libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw mut value).cast(),
            &raw mut length,
        ))?;
    }
    Ok(usize::try_from(value).unwrap_or(0))
}

/// What makes the socket faster; a kernel without it still works.
fn tune(fd: &OwnedFd) {
    for (forced, capped) in
        [(libc::SO_RCVBUFFORCE, libc::SO_RCVBUF), (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF)]
    {
        if set(fd, libc::SOL_SOCKET, forced, BUFFER).is_err() {
            let _ = set(fd, libc::SOL_SOCKET, capped, BUFFER);
        }
    }
    let _ = set(fd, libc::SOL_UDP, libc::UDP_GRO, 1);
    let _ = set(fd, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1);
}

fn set(
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
