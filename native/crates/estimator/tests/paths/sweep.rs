//! Every kind of path against every kind of media.

use crate::support::{
    MILLIS,
    link::{Jitter, Link, Loss},
    random::Random,
    source::Kind,
    world::World,
};

const RATES: [f64; 9] = [3e5, 5e5, 8e5, 1e6, 1.5e6, 2e6, 3e6, 5e6, 1e7];
const DELAYS: [u64; 3] = [5, 40, 150];
const QUEUES: [u64; 3] = [16_000, 64_000, 250_000];

fn media() -> [Kind; 2] {
    [Kind::Ladder(vec![1.5e5, 5e5, 1.7e6]), Kind::Elastic(1e7)]
}

fn weathers() -> [(Loss, Jitter); 6] {
    [
        (Loss::None, Jitter::None),
        (Loss::Random(0.05), Jitter::None),
        (Loss::Random(0.1), Jitter::None),
        (Loss::Bursts(0.0125, 0.25), Jitter::None),
        (Loss::None, Jitter::Each(10 * MILLIS)),
        (Loss::None, Jitter::Clumps(30 * MILLIS)),
    ]
}

/// Wider bounds than where one thing at a time is wrong. Answers what is outside of them.
fn outside(link: Link, kind: Kind) -> Option<String> {
    let rate = link.rate(0);
    let what = format!(
        "{kind:?} at {rate}, {} ms, {} bytes, {:?}, {:?}",
        link.delay / MILLIS,
        link.capacity,
        link.loss,
        link.jitter
    );
    let delay = link.delay;
    let mut world = World::of(link, kind.clone());
    world.receiver.delay = delay;
    if matches!(kind, Kind::Ladder(_)) {
        world.demand = Some(2_500_000);
    }
    let trace = world.run(40);
    let known = if matches!(kind, Kind::Ladder(_)) { rate.min(4e6) } else { rate };
    let (low, high) = trace.targets(10.0..40.0);
    let (low, high) = (low / known, high / rate);
    let waited = trace.waited(10.0..40.0, 250.0);
    let fine = low > 0.5 && high < 1.2 && waited < 10.0;
    (!fine).then(|| format!("{what}: {low:.2}..{high:.2}, {waited} s of a long queue"))
}

#[test]
#[ignore = "a minute: make soak"]
fn every_kind_of_path() {
    let mut bad = Vec::new();
    let mut all = 0;
    for rate in RATES {
        for delay in DELAYS {
            for capacity in QUEUES {
                for (loss, jitter) in weathers() {
                    for kind in media() {
                        let mut link = Link::new(rate);
                        (link.delay, link.capacity) = (delay * MILLIS, capacity);
                        (link.loss, link.jitter, link.random) = (loss, jitter, Random(5));
                        all += 1;
                        bad.extend(outside(link, kind));
                    }
                }
            }
        }
    }
    assert!(bad.len() * 100 <= all, "{} of {all}: {bad:#?}", bad.len());
}
