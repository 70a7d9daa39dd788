//! What an encoding that sends nothing is: idle while its source still reports, or over.

mod support;

use support::media::Vp8;
use support::world::{World, count_rtcp, is_pli};
use trio_sfu_core::command::Kind;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::UpTrackId;
use trio_sfu_wire::rtcp::{self, SenderInfo};
use trio_sfu_wire::rtp::{Rid, Ssrc};

const SSRC: u32 = 9;

/// A publisher whose screen has just sent a picture, and the events about it since.
struct Screen {
    world: World,
    publisher: usize,
    track: UpTrackId,
    picture: Vp8,
}

impl Screen {
    fn shared() -> Self {
        let mut world = World::new();
        let publisher = world.join();
        let track = world.track(publisher, Kind::Video, "1", &[]);
        let mut screen = Self { world, publisher, track, picture: Vp8::new(SSRC, "1", None) };
        screen.moves();
        screen.world.take_events();
        screen
    }

    fn moves(&mut self) {
        let packet = self.picture.frame(true, 1).remove(0);
        self.world.send(self.publisher, &packet);
        self.world.settle();
    }

    fn reports(&mut self, write: impl Fn(&mut Vec<u8>)) {
        let mut compound = Vec::new();
        write(&mut compound);
        self.world.send_rtcp(self.publisher, compound);
    }

    /// The events of `seconds`, in which checks and, each second, reports come.
    fn pass(&mut self, seconds: u64, report: impl Fn(&mut Vec<u8>)) -> Vec<Event> {
        for _ in 0..seconds {
            self.world.check(self.publisher);
            self.reports(&report);
            self.world.run(1000);
        }
        self.world.take_events()
    }

    fn idle(&self) -> Event {
        Event::EncodingIdle { up_track: self.track, rid: Rid::EMPTY }
    }

    fn stopped(&self) -> Event {
        Event::EncodingStopped { up_track: self.track, rid: Rid::EMPTY }
    }
}

fn nothing_of_it(compound: &mut Vec<u8>) {
    rtcp::receiver_report(compound, Ssrc(77), &[]);
}

#[test]
fn a_pause_is_told_after_two_seconds_and_its_end_at_once() {
    let mut screen = Screen::shared();
    screen.world.run(1999);
    assert_eq!(screen.world.take_events(), []);
    screen.world.run(1);
    assert_eq!(screen.world.take_events(), [screen.idle()]);
    screen.moves();
    assert!(matches!(screen.world.take_events()[..], [Event::EncodingStarted { .. }]));
}

#[test]
fn whoever_reports_is_there() {
    let reports: [fn(&mut Vec<u8>); 3] = [
        |compound| rtcp::sender_report(compound, Ssrc(SSRC), &SenderInfo::default(), &[]),
        |compound| rtcp::receiver_report(compound, Ssrc(SSRC), &[]),
        |compound| rtcp::source_description(compound, Ssrc(SSRC), "cname"),
    ];
    for report in reports {
        let mut screen = Screen::shared();
        assert_eq!(screen.pass(60, report), [screen.idle()]);
        assert_eq!(screen.pass(20, nothing_of_it), [screen.stopped()]);
    }
}

#[test]
fn a_source_without_rtp_and_rtcp_is_over_after_ten_seconds() {
    let mut screen = Screen::shared();
    assert_eq!(screen.pass(9, nothing_of_it), [screen.idle()]);
    assert_eq!(screen.pass(1, nothing_of_it), [screen.stopped()]);
    screen.moves();
    assert!(matches!(screen.world.take_events()[..], [Event::EncodingStarted { .. }]));
}

#[test]
fn a_goodbye_ends_it_at_once() {
    for idle in [false, true] {
        let mut screen = Screen::shared();
        if idle {
            assert_eq!(screen.pass(3, nothing_of_it), [screen.idle()]);
        }
        screen.reports(|compound| {
            rtcp::receiver_report(compound, Ssrc(SSRC), &[]);
            rtcp::goodbye(compound, &[Ssrc(SSRC)]);
        });
        assert_eq!(screen.world.take_events(), [screen.stopped()]);
        assert_eq!(screen.pass(20, nothing_of_it), [], "told once");
    }
}

#[test]
fn a_publisher_of_whom_nothing_is_heard_is_not_said_to_have_stopped() {
    let mut screen = Screen::shared();
    let transport = screen.world.transport(screen.publisher);
    screen.world.run(14_000);
    let silent = Event::Silent { transport };
    assert_eq!(screen.world.take_events(), [screen.idle(), silent]);
    // From now on it has its ten seconds, whatever its machine does first.
    let events = screen.pass(9, nothing_of_it);
    assert_eq!(events, [Event::Heard { transport }]);
    assert_eq!(screen.pass(1, nothing_of_it), [screen.stopped()]);
}

#[test]
fn an_idle_screen_is_asked_for_a_picture_by_who_comes_later() {
    let mut screen = Screen::shared();
    screen.pass(5, nothing_of_it);
    let viewer = screen.world.join();
    let slot = screen.world.slot(viewer, Kind::Video, 600, None);
    screen.world.peers[screen.publisher].rtcp.clear();
    screen.world.map(slot, screen.track, "");
    screen.world.run(100);
    assert_eq!(count_rtcp(&screen.world.peers[screen.publisher].rtcp, is_pli), 1);
    screen.moves();
    assert_eq!(screen.world.peers[viewer].of(600).len(), 1);
}
