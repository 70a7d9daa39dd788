//! Whatever is sent, said and when: the estimate stays in its bounds, and work ends.

use proptest::prelude::*;
use trio_sfu_estimator::{Config, Estimator, Outcome, Sent};

use crate::support::{
    MILLIS, SECOND,
    link::{Jitter, Link, Loss},
    random::Random,
    source::Kind,
    world::World,
};

const MINIMUM: u64 = 50_000;
const MAXIMUM: u64 = 8_000_000;

#[derive(Clone, Debug)]
enum Step {
    Sent {
        after: u64,
        skip: u64,
        bytes: u32,
        probe: Option<u32>,
    },
    /// About the latest packets, from so many back.
    Feedback {
        after: u64,
        back: u64,
        arrivals: Vec<Option<u64>>,
    },
    /// About any numbers.
    Garbage {
        now: u64,
        outcomes: Vec<(u64, Option<u64>)>,
    },
    RoundTrip(u64),
    Remb(u64),
    Report(u8),
    Demand(u64),
    Tick(u64),
    Probe,
}

fn step() -> impl Strategy<Value = Step> {
    let arrival = prop_oneof![
        8 => (0..200 * MILLIS).prop_map(Some),
        1 => any::<u64>().prop_map(Some),
        2 => Just(None),
    ];
    prop_oneof![
        10 => (0..50 * MILLIS, 0..3_u64, 0..2_000_u32, proptest::option::of(0..9_u32))
            .prop_map(|(after, skip, bytes, probe)| Step::Sent { after, skip, bytes, probe }),
        4 => (0..300 * MILLIS, 0..60_u64, proptest::collection::vec(arrival, 0..60))
            .prop_map(|(after, back, arrivals)| Step::Feedback { after, back, arrivals }),
        1 => (any::<u64>(), proptest::collection::vec(any::<(u64, Option<u64>)>(), 0..20))
            .prop_map(|(now, outcomes)| Step::Garbage { now: now >> 20, outcomes }),
        1 => (0..SECOND, any::<u64>(), any::<u32>(), any::<Option<u32>>())
            .prop_map(|(after, skip, bytes, probe)| Step::Sent { after, skip, bytes, probe }),
        1 => any::<u64>().prop_map(Step::RoundTrip),
        1 => any::<u64>().prop_map(Step::Remb),
        1 => any::<u8>().prop_map(Step::Report),
        1 => any::<u64>().prop_map(Step::Demand),
        2 => (0..10 * SECOND).prop_map(Step::Tick),
        2 => Just(Step::Probe),
    ]
}

fn apply(estimator: &mut Estimator, step: Step, now: &mut u64, next: &mut u64) {
    match step {
        Step::Sent { after, skip, bytes, probe } => {
            *now += after;
            *next = next.saturating_add(skip);
            estimator.sent(Sent { at: *now, id: *next, bytes, probe });
            *next = next.saturating_add(1);
        }
        Step::Feedback { after, back, arrivals } => {
            *now += after;
            let first = next.saturating_sub(back);
            let outcomes: Vec<Outcome> = (0..)
                .zip(arrivals)
                .map(|(place, late)| Outcome {
                    id: first.wrapping_add(place),
                    arrived: late.map(|late| now.wrapping_add(late)),
                })
                .collect();
            estimator.feedback(*now, &outcomes);
        }
        Step::Garbage { now, outcomes } => {
            let outcomes: Vec<Outcome> =
                outcomes.into_iter().map(|(id, arrived)| Outcome { id, arrived }).collect();
            estimator.feedback(now, &outcomes);
        }
        Step::RoundTrip(nanos) => estimator.round_trip(*now, nanos),
        Step::Remb(bitrate) => estimator.remb(*now, bitrate),
        Step::Report(lost) => estimator.receiver_report(*now, lost),
        Step::Demand(bitrate) => estimator.set_demand(*now, bitrate),
        Step::Tick(after) => {
            *now += after;
            estimator.tick(*now);
        }
        Step::Probe => {
            if let Some(probe) = estimator.take_probe(*now) {
                assert!(probe.rate >= MINIMUM && probe.rate <= MAXIMUM * 2, "{probe:?}");
                assert!(probe.bytes <= 100_000 && probe.packets <= 100, "{probe:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_estimate_stays_in_its_bounds(
        initial in any::<u64>(),
        first in prop_oneof![Just(0), 0..u64::MAX / 2, Just(u64::MAX - 100)],
        steps in proptest::collection::vec(step(), 0..300),
    ) {
        let config = Config { initial, minimum: MINIMUM, maximum: MAXIMUM };
        let (mut now, mut next) = (SECOND, first);
        let mut estimator = Estimator::new(config, now);
        for step in steps {
            apply(&mut estimator, step, &mut now, &mut next);
            let snapshot = estimator.snapshot();
            prop_assert!((MINIMUM..=MAXIMUM).contains(&estimator.target()), "{snapshot:?}");
            prop_assert!(estimator.pacing_rate() >= estimator.target(), "{snapshot:?}");
            prop_assert!((0.0..=1.0).contains(&snapshot.loss), "{snapshot:?}");
            prop_assert!((0.0..=1.0).contains(&snapshot.inherent_loss), "{snapshot:?}");
        }
        // However it was left, its timers come to an end when nothing happens.
        estimator.set_demand(now, 0);
        for _ in 0..20 {
            let Some(at) = estimator.next_deadline() else { return Ok(()); };
            estimator.tick(at);
        }
        prop_assert!(false, "it never comes to rest");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_converges_from_any_start(
        initial in 30_000..20_000_000_u64,
        rate in 400_000..5_000_000_u64,
        feedback_loss in 0.0..0.2_f64,
        ahead in any::<u32>(),
        jitter in 0..8 * MILLIS,
        seed in any::<u64>(),
    ) {
        let rate = rate as f64;
        let mut link = Link::new(rate);
        link.jitter = Jitter::Each(jitter);
        link.loss = Loss::Random(0.01);
        link.random = Random(seed);
        let mut world = World::of(link, Kind::Elastic(10e6));
        world.estimator =
            Estimator::new(Config { initial, minimum: 30_000, maximum: 20_000_000 }, 0);
        world.receiver.loss = feedback_loss;
        world.receiver.ahead = u64::from(ahead) * 1_000_003;
        let trace = world.run(30);
        let samples = trace.between(15.0..30.0);
        let mean = samples.iter().map(|sample| sample.target).sum::<f64>() / samples.len() as f64;
        prop_assert!(mean > 0.7 * rate && mean < 1.1 * rate, "{mean} of {rate}");
    }
}

#[test]
fn a_receiver_that_sets_its_clock_changes_little() {
    let mut world = World::new(2e6, Kind::Elastic(10e6));
    world.run(15);
    for ahead in [0, 5_000_000 * MILLIS, 4_000_000 * MILLIS] {
        world.receiver.ahead = ahead;
        let (low, high) = world.run(5).targets(0.0..5.0);
        assert!(low > 1.2e6 && high < 2.2e6, "{low}..{high}");
    }
}

#[test]
fn feedback_twice_and_in_disorder_is_counted_once() {
    let config = Config { initial: 300_000, minimum: 30_000, maximum: 20_000_000 };
    let run = |disorder: bool| {
        let mut estimator = Estimator::new(config, 0);
        for id in 0..2_000_u64 {
            let at = id * 10 * MILLIS;
            estimator.sent(Sent { at, id, bytes: 1_200, probe: None });
            if id % 10 == 9 {
                let outcome = |id| Outcome { id, arrived: Some(id * 10 * MILLIS + 50 * MILLIS) };
                let mut outcomes: Vec<Outcome> = (id - 9..=id).map(outcome).collect();
                if disorder {
                    outcomes.swap(3, 5);
                    estimator.feedback(at + 90 * MILLIS, &outcomes);
                    outcomes[4].arrived = None;
                }
                estimator.feedback(at + 90 * MILLIS, &outcomes);
            }
        }
        estimator.snapshot()
    };
    let (plain, disordered) = (run(false), run(true));
    assert_eq!(plain.acknowledged, disordered.acknowledged);
    assert!(disordered.loss == 0.0, "{disordered:?}");
    assert!(disordered.target.abs_diff(plain.target) * 10 < plain.target, "{disordered:?}");
}
