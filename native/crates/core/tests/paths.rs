//! Viewers behind paths that carry less than all: what they see, and what is sent to them.

mod support;

use support::link::{Link, mean, peak};
use support::stage::Stage;
use support::{codecs, extensions, ms};
use trio_sfu_core::command::Command;
use trio_sfu_core::time::Instant;
use trio_sfu_wire::rtp::ExtensionKind;

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

#[test]
fn a_start_finds_what_the_path_carries() {
    for (rate, best, within) in [(5_000_000, 2, 3000), (500_000, 0, 1000), (1_000_000, 1, 4000)] {
        let mut stage = Stage::new();
        let begun = stage.now();
        let viewer = stage.join(link(rate));
        stage.run(within);
        assert_eq!(stage.viewers[viewer].shown, Some(best), "at {rate} bit/s");
        stage.run(10_000);
        let receiver = &stage.viewers[viewer].receiver;
        let first = receiver.pictures[0].since(begun);
        assert!(first < ms(500), "{first:?} to the first picture at {rate} bit/s");
        assert!(receiver.link.longest < ms(700), "{:?} at {rate}", receiver.link.longest);
        let freeze = receiver.longest_freeze(begun + ms(500), stage.now());
        assert!(freeze < ms(400), "{freeze:?} at {rate} bit/s");
    }
}

#[test]
fn random_loss_is_repaired_and_not_taken_for_congestion() {
    for (loss, shown) in [(20, 97), (50, 94), (100, 90)] {
        let mut stage = Stage::new();
        let viewer = stage.join(Link::new(5_000_000, ms(40), QUEUE, loss));
        stage.run(5_000);
        let begun = stage.now();
        stage.run(20_000);
        let viewer = &stage.viewers[viewer];
        assert_eq!(viewer.shown, Some(2), "at {loss} ‰: {:?}", viewer.estimates);
        let pictures = viewer.receiver.pictures.iter().filter(|at| **at >= begun).count();
        assert!(pictures * 100 >= 20_000 / 33 * shown, "{pictures} pictures at {loss} ‰");
        let freeze = viewer.receiver.longest_freeze(begun, stage.now());
        assert!(freeze < ms(500), "{freeze:?} at {loss} ‰");
    }
}

#[test]
fn a_terrible_path_costs_the_others_nothing() {
    let mut results = Vec::new();
    for terrible in [false, true] {
        let mut stage = Stage::new();
        let good = stage.join(link(5_000_000));
        if terrible {
            stage.join(Link::new(300_000, ms(200), QUEUE, 100));
        }
        stage.run(5_000);
        let (begun, asked) = (stage.now(), stage.requests.len());
        stage.run(20_000);
        let asked = stage.requests.len() - asked;
        assert!(asked <= 10, "one keyframe in two seconds: {asked} in twenty");
        let viewer = &stage.viewers[good];
        let freeze = viewer.receiver.longest_freeze(begun, stage.now());
        let pictures = viewer.receiver.pictures.iter().filter(|at| **at >= begun).count();
        results.push((viewer.shown, pictures, freeze));
    }
    assert_eq!(results[0].0, Some(2));
    assert_eq!(results[0], results[1]);
}

/// A viewer who is sent twice what its path carries, whatever the estimate says, and who
/// asks again for all that is lost.
fn flooded() -> Stage {
    let mut stage = Stage::new();
    stage.follows = false;
    let viewer = stage.join(link(800_000));
    stage.show(viewer, 2);
    stage.run(20_000);
    stage
}

#[test]
fn no_more_is_offered_than_the_path_carries_however_much_is_asked_for() {
    let stage = flooded();
    let link = &stage.viewers[0].receiver.link;
    let begun = Instant(stage.now().0 - 18_000_000_000);
    let offered = peak(&link.offered, begun, stage.now(), ms(1000));
    assert!(offered < 960_000, "1.2 times the link: {offered}");
    let burst = peak(&link.offered, begun, stage.now(), ms(20));
    assert!(burst < 4 * 800_000, "at the pacing rate with its burst: {burst}");
    assert!(stage.world.counter("drop_path_too_slow") > 0);
}

#[test]
fn sound_passes_video_that_waits() {
    let stage = flooded();
    let receiver = &stage.viewers[0].receiver;
    let begun = Instant(stage.now().0 - 18_000_000_000);
    let sounds: Vec<_> = receiver.sounds.iter().filter(|at| **at > begun).collect();
    assert!(sounds.len() >= 895, "{} of 900", sounds.len());
    let gap = sounds.windows(2).map(|pair| pair[1].since(*pair[0])).max().unwrap_or_default();
    assert!(gap < ms(100), "{gap:?} without sound");
}

#[test]
fn upper_layers_are_left_out_before_the_picture_stands_still() {
    let mut stage = Stage::new();
    stage.layer();
    stage.follows = false;
    let viewer = stage.join(link(1_300_000));
    stage.show(viewer, 2);
    stage.run(5_000);
    let (begun, refused) = (stage.now(), stage.world.counter("drop_path_too_slow"));
    stage.run(15_000);
    let receiver = &stage.viewers[viewer].receiver;
    let freeze = receiver.longest_freeze(begun, stage.now());
    assert!(freeze < ms(250), "{freeze:?}");
    assert_eq!(stage.world.counter("drop_path_too_slow"), refused);
    assert!(stage.world.counter("drop_layer_limited") > 100);
}

#[test]
fn nothing_waits_where_there_is_room() {
    let mut stage = Stage::new();
    let viewer = stage.join(link(20_000_000));
    stage.run(10_000);
    let begun = stage.now();
    stage.run(10_000);
    let offered = &stage.viewers[viewer].receiver.link.offered;
    let video: Vec<u64> = offered
        .iter()
        .filter(|(at, bytes)| *at > begun && *bytes > 600)
        .map(|(at, _)| at.0 / 1_000_000)
        .collect();
    // Packets of a frame leave when it has come, none in between.
    let mut times = video.clone();
    times.dedup();
    assert!(video.len() > 1800, "{} packets", video.len());
    assert!(times.len() <= 10_000 / 33 + 2, "{} times", times.len());
}

#[test]
fn nothing_is_sent_without_consent() {
    let mut stage = Stage::new();
    let viewer = stage.join(link(5_000_000));
    stage.run(5_000);
    stage.alive = false;
    stage.run(15_100);
    let sent = stage.viewers[viewer].receiver.link.offered.len();
    stage.run(5_000);
    assert_eq!(stage.viewers[viewer].receiver.link.offered.len(), sent);
}

#[test]
fn a_probe_ends_with_what_it_was_negotiated_for() {
    let mut stage = Stage::new();
    let viewer = stage.join(link(5_000_000));
    stage.run(100);
    let transport = stage.world.transport(stage.viewers[viewer].receiver.peer);
    while stage.world.counter("probes_begun") == 0 {
        stage.run(1);
    }
    let mut extensions = extensions();
    extensions.retain(|(_, kind)| *kind != ExtensionKind::TransportCc);
    let codecs = codecs();
    stage.world.command(Command::SetNegotiated { transport, extensions, codecs });
    let sent = stage.world.counter("padding_sent");
    stage.run(2_000);
    assert!(stage.world.counter("padding_sent") < sent + 200, "a probe without end");
}
