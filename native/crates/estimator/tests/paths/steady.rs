//! Links that stay as they are.

use crate::support::{MILLIS, link::Jitter, source::Kind, trace::Trace, world::World};

const LINKS: [f64; 4] = [5e5, 1e6, 2e6, 5e6];

fn ladder() -> Kind {
    Kind::Ladder(vec![150_000.0, 500_000.0, 1_700_000.0])
}

fn check(trace: &Trace, rate: f64, what: &str) {
    let (low, high) = trace.targets(10.0..40.0);
    let (low, high) = (low / rate, high / rate);
    assert!(low > 0.7 && high < 1.05, "{what} at {rate}: {low:.2}..{high:.2}");
    for from in (10..35).step_by(5) {
        let changes = trace.changes(f64::from(from)..f64::from(from + 5), 0.15);
        assert!(changes <= 1, "{what} at {rate}: {changes} changes after {from} s");
    }
    let wait = trace.longest_wait(10.0..40.0);
    assert!(wait < 200.0, "{what} at {rate}: {wait} ms in the queue");
}

#[test]
fn layers_know_what_the_link_carries() {
    for rate in LINKS {
        let mut world = World::new(rate, ladder());
        world.demand = Some(2_500_000);
        check(&world.run(40), rate, "layers");
    }
}

#[test]
fn elastic_video_fills_the_link() {
    for rate in LINKS {
        let mut world = World::new(rate, Kind::Elastic(10e6));
        let trace = world.run(40);
        check(&trace, rate, "elastic");
        let used = trace.delivered(10.0..40.0) / rate;
        assert!(used > 0.75, "{used} of {rate}");
    }
}

#[test]
fn jitter_is_not_congestion() {
    for jitter in [Jitter::Each(15 * MILLIS), Jitter::Clumps(20 * MILLIS)] {
        for rate in [1e6, 5e6] {
            let mut world = World::new(rate, ladder());
            world.demand = Some(2_500_000);
            world.link.jitter = jitter;
            let trace = world.run(40);
            let low = trace.targets(10.0..40.0).0;
            let needed = if rate > 2e6 { 1_900_000.0 } else { 550_000.0 };
            assert!(low > needed, "{jitter:?} at {rate}: {low}");
        }
    }
}

#[test]
fn feedback_that_is_rare_late_and_lost_is_enough() {
    let mut world = World::new(2e6, Kind::Elastic(10e6));
    world.receiver.interval = 100 * MILLIS;
    world.receiver.delay = 150 * MILLIS;
    world.receiver.loss = 0.1;
    world.receiver.drift = 100;
    let trace = world.run(40);
    let (low, high) = trace.targets(10.0..40.0);
    assert!(low > 1.2e6 && high < 2.1e6, "{low}..{high}");
}
