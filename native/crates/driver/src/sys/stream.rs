//! TCP sockets with the options the engine wants.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use super::socket::{get, set};
use super::{checked, sockaddr};

/// Connections that wait to be accepted.
const BACKLOG: libc::c_int = 256;
/// Bytes that the kernel takes from us before it has sent them: what is in its hands nothing
/// can overtake any more. What is on its way, unacknowledged, is not counted.
const UNSENT: libc::c_int = 16 * 1024;

/// How long the kernel waits for an acknowledgement before it gives a connection up, also of what
/// was left when it was closed: longer than a peer that is silent is kept.
const UNACKNOWLEDGED: libc::c_int = 20_000;

/// Listens, non-blocking. An IPv6 socket does not take IPv4.
pub(crate) fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: a plain call; a non-negative result is a descriptor nobody else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(checked(libc::socket(domain, kind, 0))?) };
    if address.is_ipv6() {
        set(&fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)?;
    }
    // Connections of an earlier daemon that the kernel still remembers do not matter.
    set(&fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    let mut storage = sockaddr::empty();
    let length = sockaddr::write(address, &mut storage);
    // SAFETY: `storage` holds an address of `length` bytes.
    unsafe {
        checked(libc::bind(fd.as_raw_fd(), (&raw const storage).cast(), length))?;
        checked(libc::listen(fd.as_raw_fd(), BACKLOG))?;
    }
    Ok(TcpListener::from(fd))
}

/// Duplicates a listening TCP socket that somebody else has opened (sd_listen_fds(3)).
pub(crate) fn adopt_tcp(descriptor: RawFd) -> io::Result<TcpListener> {
    // SAFETY: a plain call; a non-negative result is a descriptor nobody else owns.
    let fd = unsafe {
        OwnedFd::from_raw_fd(checked(libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0))?)
    };
    let is_stream = get(&fd, libc::SOL_SOCKET, libc::SO_TYPE)? == libc::SOCK_STREAM;
    if !is_stream || get(&fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN)? == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a listening TCP socket"));
    }
    let listener = TcpListener::from(fd);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Makes an accepted connection fit for media: little waits in the kernel, and not for long.
pub(crate) fn tune_stream(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    // A kernel without it still works, with more delay where the path is slow.
    let _ = set(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, UNSENT);
    let _ = set(socket, libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, UNACKNOWLEDGED);
    Ok(())
}
