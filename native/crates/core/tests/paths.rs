//! Viewers behind paths that carry less than all: what they see, and what is sent to them.

mod support;

use support::link::{Link, mean, peak};
use support::ms;
use support::stage::Stage;
use trio_sfu_core::time::Instant;

const QUEUE: usize = 64 * 1024;

fn link(rate: u64) -> Link {
    Link::new(rate, ms(40), QUEUE, 0)
}

/// How many changes are told within a tenth of a second of the one before, steep falls aside.
fn hasty(estimates: &[(Instant, u64)]) -> usize {
    let hasty = |pair: &&[(Instant, u64)]| {
        pair[1].0.since(pair[0].0) < ms(100) && pair[1].1 * 10 > pair[0].1 * 9
    };
    estimates.windows(2).filter(hasty).count()
}

#[test]
fn a_path_that_narrows_and_widens_again() {
    let mut stage = Stage::new();
    let viewer = stage.join(link(5_000_000));
    stage.run(15_000);
    assert_eq!(stage.viewers[viewer].shown, Some(2));
    let narrowed = stage.now();
    stage.viewers[viewer].receiver.link.rate = 800_000;
    stage.run(2_000);
    assert!(stage.viewers[viewer].shown < Some(2), "a lower layer within two seconds");
    stage.run(3_000);
    let settled = stage.now();
    stage.viewers[viewer].receiver.link.longest = ms(0);
    stage.run(15_000);
    let widened = stage.now();
    let link = &mut stage.viewers[viewer].receiver.link;
    assert!(link.longest < ms(200), "queueing delay: {:?}", link.longest);
    let offered = peak(&link.offered, narrowed + ms(2000), widened, ms(1000));
    assert!(offered < 960_000, "1.2 times the link: {offered}");
    let used = mean(&link.carried, settled, widened);
    assert!(used > 480_000, "60 % of the link: {used}");
    link.rate = 5_000_000;
    stage.run(10_000);
    let end = stage.now();
    let viewer = &stage.viewers[viewer];
    assert_eq!(viewer.shown, Some(2), "the top layer again within ten seconds");
    let freeze = viewer.receiver.longest_freeze(narrowed, end);
    assert!(freeze < ms(800), "frozen for {freeze:?}");
    assert_eq!(hasty(&viewer.estimates), 0, "{:?}", viewer.estimates);
}
