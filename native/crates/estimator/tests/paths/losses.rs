//! Paths that lose packets, whether or not there is a queue.

use crate::support::{
    MILLIS, SECOND,
    link::{Link, Loss},
    random::Random,
    source::Kind,
    trace::Trace,
    world::World,
};

fn ladder() -> Kind {
    Kind::Ladder(vec![150_000.0, 500_000.0, 1_700_000.0])
}

fn lossy(rate: f64, loss: Loss, seed: u64) -> Trace {
    let mut world = World::new(rate, ladder());
    world.demand = Some(2_500_000);
    world.link.loss = loss;
    world.link.random = Random(seed);
    world.run(60)
}

#[test]
fn loss_that_is_always_there_takes_no_layer() {
    for (number, loss) in [0.02, 0.05, 0.1].into_iter().map(Loss::Random).enumerate() {
        for seed in 0..3 {
            let trace = lossy(5e6, loss, seed * 10 + number as u64);
            let ready = trace.reached(0.0, 1_900_000.0).unwrap_or(f64::MAX);
            assert!(ready < 4.0, "{loss:?}: the top layer fits after {ready} s");
            let low = trace.targets(5.0..60.0).0;
            assert!(low > 1_750_000.0, "{loss:?}: {low}");
        }
    }
}

#[test]
fn bursts_of_loss_take_no_layer() {
    for seed in 0..3 {
        // 4 % in all, in bursts of four packets.
        let trace = lossy(5e6, Loss::Bursts(0.0125, 0.25), seed);
        let low = trace.targets(6.0..60.0).0;
        assert!(low > 1_750_000.0, "{low}");
    }
}

#[test]
fn loss_that_follows_the_rate_limits_it() {
    // A policer: no queue to speak of, so that delay tells nothing.
    let mut link = Link::new(1e6);
    link.capacity = 4_000;
    let mut world = World::of(link, Kind::Elastic(5e6));
    let trace = world.run(40);
    let offered = trace.most_offered(10.0..40.0);
    assert!(offered < 1.3e6, "{offered}");
    assert!(trace.delivered(10.0..40.0) > 6e5);
}

#[test]
fn loss_that_comes_with_congestion_does_not_hide_it() {
    let mut world = World::new(5e6, Kind::Elastic(2_500_000.0));
    world.link.loss = Loss::Random(0.05);
    world.link.rates = vec![(0, 5e6), (15 * SECOND, 8e5)];
    let trace = world.run(35);
    let fell = trace.fell(15.0, 8.4e5).expect("the target falls");
    assert!(fell < 1.2, "{fell} s");
    let offered = trace.most_offered(17.0..35.0);
    assert!(offered < 1.2 * 8e5, "{offered}");
    let wait = trace.longest_wait(20.0..35.0);
    assert!(wait < 200.0, "{wait} ms");
}

#[test]
fn a_terrible_path_still_carries_the_lowest_layer() {
    let mut link = Link::new(3e5);
    link.delay = 200 * MILLIS;
    link.loss = Loss::Random(0.1);
    let mut world = World::of(link, ladder());
    world.receiver.delay = 200 * MILLIS;
    world.receiver.loss = 0.1;
    let trace = world.run(60);
    let (low, high) = trace.targets(10.0..60.0);
    assert!(low > 1.6e5 && high < 3.6e5, "{low}..{high}");
    let wait = trace.longest_wait(10.0..60.0);
    assert!(wait < 400.0, "{wait} ms");
}
