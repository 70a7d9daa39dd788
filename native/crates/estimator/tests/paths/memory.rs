//! What an estimator that has little to do holds.

use trio_sfu_estimator::{Config, Estimator, Outcome, Sent};

use crate::support::{MILLIS, SECOND};

const CONFIG: Config = Config { initial: 300_000, minimum: 30_000, maximum: 20_000_000 };

#[test]
fn an_idle_subscriber_costs_two_kibibytes() {
    // What is allocated beside it: nothing before the first packet, 16 entries of 16 bytes
    // then (see the history's own tests).
    assert!(size_of::<Estimator>() + 16 * 16 <= 2_048, "{}", size_of::<Estimator>());
}

#[test]
fn nothing_is_due_when_nothing_is_to_be_done() {
    let mut estimator = Estimator::new(CONFIG, 0);
    assert_eq!(estimator.next_deadline(), None);
    estimator.set_demand(0, 1_000_000);
    assert_eq!(estimator.next_deadline(), None, "nothing has been sent");
    estimator.set_demand(0, 0);
    for id in 0..100 {
        let at = id * 20 * MILLIS;
        estimator.sent(Sent { at, id, bytes: 200, probe: None });
        let arrived = Some(at + 40 * MILLIS);
        estimator.feedback(at + 80 * MILLIS, &[Outcome { id, arrived }]);
    }
    // The last packet's history is given back in the end, and then there is nothing.
    let mut wakes = 0;
    while let Some(at) = estimator.next_deadline() {
        assert!(at < 60 * SECOND);
        estimator.tick(at);
        wakes += 1;
        assert!(wakes < 10, "each wake is for something");
    }
    assert_eq!(estimator.snapshot().in_flight, 0);
}
