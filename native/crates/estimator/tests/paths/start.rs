//! The first seconds.

use crate::support::{source::Kind, world::World};

fn ladder() -> Kind {
    Kind::Ladder(vec![150_000.0, 500_000.0, 1_700_000.0])
}

#[test]
fn a_fast_link_is_known_within_two_seconds() {
    let mut world = World::new(5e6, ladder());
    world.demand = Some(2_500_000);
    let trace = world.run(5);
    let ready = trace.reached(0.0, 2_500_000.0).expect("what is wanted fits");
    assert!(ready < 2.0, "{ready} s");
}

#[test]
fn a_slow_link_is_not_hurt() {
    for rate in [3e5, 5e5] {
        let mut world = World::new(rate, ladder());
        world.demand = Some(2_500_000);
        let trace = world.run(10);
        let waited = trace.waited(0.0..10.0, 300.0);
        assert!(waited <= 1.0, "{waited} s with more than 300 ms of queue at {rate}");
        let high = trace.targets(3.0..10.0).1;
        assert!(high < rate * 1.1, "{high} at {rate}");
    }
}
