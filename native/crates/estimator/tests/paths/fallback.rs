//! Clients without transport-wide feedback.

use trio_sfu_estimator::{Config, Estimator, Sent};

use crate::support::{MILLIS, SECOND};

const CONFIG: Config = Config { initial: 300_000, minimum: 30_000, maximum: 20_000_000 };
const DEMAND: u64 = 2_000_000;

/// Sends at the target, or at what the media has, for so many seconds; each second there is a
/// receiver report, and whatever `report` does.
fn run(
    estimator: &mut Estimator,
    from: u64,
    seconds: u64,
    media: u64,
    mut report: impl FnMut(&mut Estimator, u64, u64),
) {
    let mut id = from / MILLIS;
    let mut owed = 0;
    for now in (from * SECOND / MILLIS..(from + seconds) * SECOND / MILLIS).map(|ms| ms * MILLIS) {
        let rate = estimator.target().min(media);
        owed += rate / 8_000;
        while owed > 1_000 {
            owed -= 1_000;
            estimator.sent(Sent { at: now, id: now + id, bytes: 1_000, probe: None });
            id += 1;
        }
        if estimator.next_deadline().is_some_and(|at| at <= now) {
            estimator.tick(now);
            estimator.take_probe(now);
        }
        if now.is_multiple_of(SECOND) {
            report(estimator, now, rate);
        }
    }
}

#[test]
fn without_loss_it_grows_to_what_is_wanted() {
    let mut estimator = Estimator::new(CONFIG, 0);
    estimator.set_demand(0, DEMAND);
    run(&mut estimator, 0, 40, DEMAND, |estimator, now, _| estimator.receiver_report(now, 0));
    assert!(estimator.target() >= DEMAND, "{}", estimator.target());
    assert!(estimator.target() <= DEMAND * 5 / 4, "{}", estimator.target());
    assert!(estimator.snapshot().fallback);
}

#[test]
fn loss_makes_it_less() {
    let mut estimator = Estimator::new(CONFIG, 0);
    estimator.set_demand(0, DEMAND);
    // A link of 800 kbit/s: whatever is more gets lost.
    let link = 800_000.0;
    run(&mut estimator, 0, 60, DEMAND, |estimator, now, rate| {
        let lost = (1.0 - link / rate as f64).max(0.0);
        estimator.receiver_report(now, (lost * 256.0) as u8);
    });
    let target = estimator.target() as f64;
    assert!(target > 0.7 * link && target < 1.15 * link, "{target}");
}

#[test]
fn a_receiver_announces_what_it_takes() {
    let mut estimator = Estimator::new(CONFIG, 0);
    estimator.set_demand(0, DEMAND);
    run(&mut estimator, 0, 30, DEMAND, |estimator, now, _| {
        estimator.receiver_report(now, 0);
        estimator.remb(now, 600_000);
    });
    let target = estimator.target();
    assert!((500_000..=810_000).contains(&target), "{target}");
}

#[test]
fn a_receiver_that_only_tells_what_it_is_sent_limits_nothing() {
    let mut estimator = Estimator::new(CONFIG, 0);
    estimator.set_demand(0, DEMAND);
    // The lowest layer is sent; its receiver announces half as much again.
    run(&mut estimator, 0, 40, 150_000, |estimator, now, rate| {
        estimator.receiver_report(now, 0);
        estimator.remb(now, rate * 3 / 2);
    });
    assert!(estimator.target() > 500_000, "the next layer fits: {}", estimator.target());
}
