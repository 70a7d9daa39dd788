#![forbid(unsafe_code)]
//! The sans-I/O packet engine: `(now, source, datagram)` and commands in; datagrams,
//! events and the next deadline out. No sockets, no clock, no threads, no Python.
//!
//! A packet's journey: [`engine::Engine::handle_datagram`] demultiplexes (RFC 7983),
//! decrypts in place, keeps the packet in its encoding's cache and queues it for every
//! slot that shows the encoding; [`engine::Engine::flush`] rewrites and encrypts what
//! is due, subscriber by subscriber, into a [`transmit::Batch`] of GSO runs. Tracks that are
//! watched from another engine go there once, by [`relay`].

mod arena;
pub mod census;
pub mod command;
pub mod config;
pub mod counters;
pub mod engine;
pub mod event;
pub mod ids;
mod keyframe;
mod random;
mod rate;
mod receive;
pub mod relay;
pub mod remote;
mod send;
pub mod stats;
mod strangers;
pub mod time;
pub mod transmit;
mod transport;
