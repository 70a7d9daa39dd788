//! A link that becomes slow and recovers.

use crate::support::{SECOND, source::Kind, trace::Trace, world::World};

const LOW: f64 = 800_000.0;

/// 5 Mbit/s, from the 15th second 800 kbit/s, from the 35th 5 Mbit/s again.
fn dip(kind: Kind) -> Trace {
    let mut world = World::new(5e6, kind);
    world.demand = Some(2_500_000);
    world.link.rates = vec![(0, 5e6), (15 * SECOND, LOW), (35 * SECOND, 5e6)];
    world.run(50)
}

fn check(trace: &Trace) {
    let fell = trace.fell(15.0, LOW * 1.05).expect("the target falls");
    assert!(fell < 1.2, "{fell} s until the target is what the link carries");
    let offered = trace.most_offered(17.0..35.0) / LOW;
    assert!(offered < 1.2, "{offered} of the link offered");
    let used = trace.delivered(17.0..35.0) / LOW;
    assert!(used > 0.6, "{used} of the link used");
    let wait = trace.longest_wait(20.0..35.0);
    assert!(wait < 200.0, "{wait} ms in the queue");
    let (low, high) = trace.targets(20.0..35.0);
    assert!(low > 0.6 * LOW && high < 1.05 * LOW, "{low}..{high}");
    let back = trace.reached(35.0, 2_000_000.0).expect("the target recovers");
    assert!(back < 5.0, "{back} s until the top layer fits again");
}

#[test]
fn layers_on_a_link_that_becomes_slow_and_recovers() {
    let trace = dip(Kind::Ladder(vec![150_000.0, 500_000.0, 1_700_000.0]));
    check(&trace);
    let low = trace.switches.iter().filter(|(at, _)| (20 * SECOND..35 * SECOND).contains(at));
    assert!(low.count() <= 1, "{:?}", trace.switches);
}

#[test]
fn elastic_video_on_a_link_that_becomes_slow_and_recovers() {
    check(&dip(Kind::Elastic(2_500_000.0)));
}

#[test]
fn a_link_that_is_gone_for_two_seconds_is_back_soon_after() {
    let mut world = World::new(2e6, Kind::Elastic(1_500_000.0));
    world.link.rates = vec![(0, 2e6), (10 * SECOND, 1_000.0), (12 * SECOND, 2e6)];
    let trace = world.run(20);
    let low = trace.targets(11.5..12.0).0;
    assert!(low < 800_000.0, "nothing comes back: {low}");
    let back = trace.reached(12.3, 1_300_000.0).expect("it recovers");
    assert!(back < 4.0, "{back} s");
    let wait = trace.longest_wait(16.0..20.0);
    assert!(wait < 200.0, "{wait} ms");
}
