//! Control messages (cmsg): segment sizes, local addresses, receive overflow, times of arrival.

use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Room for all control messages of one datagram, aligned as cmsghdr wants.
pub(super) type Buffer = [u64; 16];

/// What came beside a datagram.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Incoming {
    pub(super) segment: Option<usize>,
    pub(super) local: Option<IpAddr>,
    pub(super) overflow: Option<u32>,
    /// Since the Unix epoch.
    pub(super) arrived: Option<Duration>,
}

/// Reads the control messages of a header that recvmmsg has filled.
///
/// # Safety
/// `header` must be one the kernel has filled, its control buffer still alive.
pub(super) unsafe fn read(header: &libc::msghdr) -> Incoming {
    let mut incoming = Incoming::default();
    // SAFETY: the caller's promise; CMSG_NXTHDR ends at msg_controllen, and the
    // kernel writes each type's data in full before it counts it there.
    unsafe {
        let mut current = libc::CMSG_FIRSTHDR(header);
        while let Some(message) = current.as_ref() {
            let data = libc::CMSG_DATA(current);
            match (message.cmsg_level, message.cmsg_type) {
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    let size = data.cast::<libc::c_int>().read_unaligned();
                    incoming.segment = usize::try_from(size).ok().filter(|&size| size > 0);
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    let ip = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
                    incoming.local = Some(IpAddr::V4(ip));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    incoming.local = Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    incoming.overflow = Some(data.cast::<u32>().read_unaligned());
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let time = data.cast::<libc::timespec>().read_unaligned();
                    let seconds = u64::try_from(time.tv_sec).ok();
                    let nanos = u32::try_from(time.tv_nsec).ok();
                    incoming.arrived = seconds.zip(nanos).map(|(s, n)| Duration::new(s, n));
                }
                _ => {}
            }
            current = libc::CMSG_NXTHDR(header, current);
        }
    }
    incoming
}

/// Writes what a datagram or run needs, returns how many bytes of `buffer` it takes.
pub(super) fn write(buffer: &mut Buffer, segment: Option<u16>, local: Option<IpAddr>) -> usize {
    let mut used = 0;
    if let Some(size) = segment {
        used = append(buffer, used, libc::SOL_UDP, libc::UDP_SEGMENT, size);
    }
    match local {
        Some(IpAddr::V4(ip)) => {
            let info = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from(ip).to_be() },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            append(buffer, used, libc::IPPROTO_IP, libc::IP_PKTINFO, info)
        }
        Some(IpAddr::V6(ip)) => {
            let info = libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
                ipi6_ifindex: 0,
            };
            append(buffer, used, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info)
        }
        None => used,
    }
}

fn append<T>(
    buffer: &mut Buffer,
    used: usize,
    level: libc::c_int,
    kind: libc::c_int,
    value: T,
) -> usize {
    // SAFETY: CMSG_SPACE and CMSG_LEN only compute.
    let (space, length) = unsafe {
        let size = size_of::<T>() as libc::c_uint;
        (libc::CMSG_SPACE(size) as usize, libc::CMSG_LEN(size) as usize)
    };
    assert!(used + space <= size_of::<Buffer>());
    // SAFETY: `space` bytes from `used` are inside the buffer (checked above); `used` is
    // a sum of CMSG_SPACEs, so the header is aligned.
    unsafe {
        let header = buffer.as_mut_ptr().cast::<u8>().add(used).cast::<libc::cmsghdr>();
        (*header).cmsg_level = level;
        (*header).cmsg_type = kind;
        (*header).cmsg_len = length as _;
        libc::CMSG_DATA(header).cast::<T>().write_unaligned(value);
    }
    used + space
}
