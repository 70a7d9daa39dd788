#![deny(unsafe_code)]
//! The Linux driver of the packet engine.
//!
//! One thread, `sfu-worker-N`, owns a set of UDP sockets, what has connected by TCP where UDP
//! is blocked ([`streams`]), and one [`Engine`]: a packet changes threads only on its way to
//! viewers of another worker, once for each ([`links`]). It waits in epoll for its sockets, its
//! [`mailbox`], other workers and the engine's next deadline; receives with recvmmsg and UDP_GRO;
//! sends the engine's runs with sendmmsg and UDP_SEGMENT. A [`Driver`] starts the workers, calls
//! into their engines, collects their [`Report`]s behind one descriptor to wait on, and starts one
//! anew that has panicked.
//!
//! [`Engine`]: trio_sfu_core::engine::Engine

mod bind;
mod coalescing;
mod counters;
mod driver;
mod links;
#[cfg(test)]
mod loopback;
mod mailbox;
mod origin;
mod reports;
mod routes;
mod send;
mod shared;
mod streams;
#[allow(unsafe_code)]
mod sys;
mod thread;
mod worker;

pub use bind::{BindError, Listen};
pub use counters::Counters;
pub use driver::{CallError, Driver};
pub use links::engine_id;
pub use reports::Report;
pub use shared::Served;
