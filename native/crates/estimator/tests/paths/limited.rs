//! Media that does not need what the link carries.

use crate::support::{source::Kind, world::World};

#[test]
fn little_media_leaves_the_estimate_as_it_is() {
    let mut world = World::new(2e6, Kind::Elastic(10e6));
    let before = world.run(20).targets(10.0..20.0);
    world.source.kind = Kind::Fixed(100_000.0);
    world.demand = Some(100_000);
    let after = world.run(30).targets(1.0..30.0);
    assert!(after.1 < 2.1e6, "not inflated: {after:?}");
    assert!(after.0 > before.0 * 0.8, "not deflated: {before:?} {after:?}");
}

#[test]
fn probes_find_headroom_before_an_upgrade() {
    let mut world = World::new(5e6, Kind::Fixed(150_000.0));
    world.demand = Some(150_000);
    let quiet = world.run(10);
    let (_, high) = quiet.targets(2.0..10.0);
    assert!(high < 500_000.0, "nobody asked: {high}");
    let padding = quiet.padding;
    assert!(padding < 15_000, "{padding} bytes of padding for nobody");
    // Somebody wants the next layer.
    world.demand = Some(1_700_000);
    let asked = world.run(3);
    assert!(asked.reached(0.0, 1_900_000.0).is_some(), "{:?}", asked.targets(0.0..3.0));
    // What probes cost while they find nothing more.
    world.link.rates = vec![(0, 1e6)];
    world.source.kind = Kind::Ladder(vec![500_000.0, 1_700_000.0]);
    world.run(10);
    let before = world.pacer.padding;
    world.run(60);
    let rate = (world.pacer.padding - before) as f64 * 8.0 / 60.0;
    assert!(rate < 50_000.0, "{rate} bits/s of padding");
}

#[test]
fn where_probes_cannot_be_sent_the_rate_grows_without() {
    let mut world = World::new(2e6, Kind::Ladder(vec![150_000.0, 500_000.0, 1_000_000.0]));
    world.pacer.deaf = true;
    let trace = world.run(60);
    let ready = trace.reached(0.0, 1_000_000.0).expect("what is wanted fits");
    assert!(ready < 30.0, "{ready} s");
    assert!(trace.delivered(40.0..60.0) > 900_000.0);
}

#[test]
fn an_outage_of_the_feedback_is_survived() {
    let mut world = World::new(2e6, Kind::Elastic(1_500_000.0));
    world.run(10);
    world.receiver.loss = 1.0;
    let silent = world.run(3);
    let low = silent.targets(2.5..3.0).0;
    assert!(low < 600_000.0, "in silence less is sent: {low}");
    world.receiver.loss = 0.0;
    let after = world.run(5);
    let back = after.reached(0.0, 1_300_000.0).expect("it recovers");
    assert!(back < 2.0, "{back} s");
}
