#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Benchmarks of the engine; see `benchmarks/forwarding/README.md`.
//!
//! `trio-sfu-bench crypto` times SRTP alone. `trio-sfu-bench forwarding` has the engine
//! forward a publisher's packets to many subscribers over loopback and prints its worker
//! thread's CPU time per packet that arrived, beside the same for the floor: a program
//! that only decrypts, copies, encrypts and sends. `trio-sfu-bench drive` is the load generator
//! of `benchmarks/load`, and `trio-sfu-bench floor` the floor as a program of its own.

mod batch;
mod clients;
mod crypto;
mod drive;
mod engine;
mod feedback;
mod floor;
mod floor_server;
mod forwarding;
mod load;
mod options;
mod packets;
mod report;
mod socket;
mod task;

use std::error::Error;

use options::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("crypto") => crypto::run(),
        Some("drive") => drive::run(),
        Some("floor") => floor_server::run(),
        Some("forwarding") => forwarding::run(&Options::parse(arguments)?),
        _ => Err(options::USAGE.into()),
    }
}
