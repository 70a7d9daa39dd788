//! Viewers who send no transport-wide feedback: receiver reports are all there is.

mod support;

use support::link::{Link, mean};
use support::ms;
use support::receiver::Habits;
use support::stage::Stage;

const HABITS: Habits =
    Habits { transport_cc: false, patience: std::time::Duration::from_millis(120) };

#[test]
fn who_tells_nothing_is_not_held_back() {
    let mut stage = Stage::new();
    let viewer = stage.join_with(Link::new(20_000_000, ms(40), 64 * 1024, 0), HABITS);
    stage.run(5_000);
    assert_eq!(stage.viewers[viewer].shown, Some(2));
    let begun = stage.now();
    stage.run(5_000);
    let freeze = stage.viewers[viewer].receiver.longest_freeze(begun, stage.now());
    assert!(freeze < ms(50), "{freeze:?}");
}

#[test]
fn reported_loss_leads_to_a_lower_layer() {
    let mut stage = Stage::new();
    let viewer = stage.join_with(Link::new(800_000, ms(40), 64 * 1024, 0), HABITS);
    stage.run(15_000);
    let begun = stage.now();
    assert!(stage.viewers[viewer].shown < Some(2), "{:?}", stage.viewers[viewer].estimates);
    stage.run(15_000);
    let receiver = &stage.viewers[viewer].receiver;
    let offered = mean(&receiver.link.offered, begun, stage.now());
    assert!(offered < 1_200_000, "{offered}");
    let pictures = receiver.pictures.iter().filter(|at| **at >= begun).count();
    assert!(pictures > 300, "{pictures} pictures in fifteen seconds");
}
