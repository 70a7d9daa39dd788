//! What an estimator costs: nanoseconds for each packet that is sent and spoken of.
//!
//! `cargo run --release -p trio-sfu-estimator --example cost`

use std::{hint::black_box, time::Instant};

use trio_sfu_estimator::{Config, Estimator, Outcome, Sent};

const MILLIS: u64 = 1_000_000;
/// Packets in all, and in each feedback message: 5 Mbit/s, every 75 ms.
const PACKETS: u64 = 50_000;
const MESSAGE: usize = 36;
const SPACING: u64 = 2 * MILLIS;

fn main() {
    for (what, lossy) in [("no loss", false), ("2 % lost", true)] {
        let best = (0..60).map(|_| run(lossy)).fold(f64::MAX, f64::min);
        println!("{what}: {best:.1} ns a packet, sent and spoken of");
    }
    println!("{} bytes of state beside the history", size_of::<Estimator>());
}

/// Nanoseconds for each packet.
#[allow(clippy::cast_precision_loss)]
fn run(lossy: bool) -> f64 {
    let config = Config { initial: 5_000_000, minimum: 50_000, maximum: 10_000_000 };
    let mut estimator = Estimator::new(config, 0);
    estimator.set_demand(0, 2_000_000);
    let mut outcomes = Vec::with_capacity(MESSAGE);
    let began = Instant::now();
    for id in 0..PACKETS {
        let at = id * SPACING;
        estimator.sent(black_box(Sent { at, id, bytes: 1_200, probe: None }));
        let lost = lossy && id % 50 == 7;
        outcomes.push(Outcome { id, arrived: (!lost).then_some(at + 40 * MILLIS) });
        if outcomes.len() == MESSAGE {
            estimator.feedback(at + 80 * MILLIS, black_box(&outcomes));
            outcomes.clear();
        }
    }
    black_box(estimator.target());
    began.elapsed().as_nanos() as f64 / PACKETS as f64
}
