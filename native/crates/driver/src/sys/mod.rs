//! The only `unsafe` of the engine: the Linux calls std does not wrap.
//!
//! Everything here is a thin, safe function or type over libc; no decision is taken.

mod control;
mod epoll;
mod eventfd;
mod priority;
mod receive;
mod send;
mod signal;
mod sockaddr;
mod socket;
mod stream;
mod time;

pub(crate) use epoll::{Interest, Poller, Ready, readable_within};
pub(crate) use eventfd::EventFd;
pub(crate) use priority::lower_nice;
pub(crate) use receive::{ReceiveRing, Received};
pub(crate) use send::{Outgoing, SendRing};
pub(crate) use signal::with_signals_blocked;
pub(crate) use socket::{adopt_udp, bind_udp, probe_segmentation, receive_buffer};
pub(crate) use stream::{adopt_tcp, bind_tcp, tune_stream};
pub(crate) use time::{monotonic_nanos, realtime};

use std::io;

/// Turns libc's -1 into the error it stands for.
fn checked(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}
