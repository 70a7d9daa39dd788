//! What is told of how loud a track is (RFC 6464).

mod support;

use support::media::Opus;
use support::world::World;
use trio_sfu_core::command::Kind;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::UpTrackId;

/// Somebody with a microphone.
struct Microphone {
    world: World,
    publisher: usize,
    track: UpTrackId,
    stream: Opus,
}

impl Microphone {
    fn new() -> Self {
        let mut world = World::new();
        let publisher = world.join();
        let track = world.track(publisher, Kind::Audio, "0", &[]);
        Self { world, publisher, track, stream: Opus::new(7, "0") }
    }

    /// The levels told while packets with this one come for so long.
    fn says(&mut self, level: u8, millis: u64) -> Vec<u8> {
        for _ in 0..millis / 20 {
            let packet = self.stream.at_level(level);
            self.world.send(self.publisher, &packet);
            self.world.run(20);
        }
        self.told()
    }

    fn told(&mut self) -> Vec<u8> {
        let track = self.track;
        let level = |event| match event {
            Event::AudioLevel { up_track, level, .. } if up_track == track => Some(level),
            _ => None,
        };
        self.world.take_events().into_iter().filter_map(level).collect()
    }
}

#[test]
fn who_speaks_is_told_ten_times_a_second_and_who_is_silent_never() {
    let mut microphone = Microphone::new();
    assert_eq!(microphone.says(90, 1000), []);
    assert_eq!(microphone.says(30, 1000), [30; 9]);
    assert_eq!(microphone.says(90, 1000), [30, 90]);
}

#[test]
fn whose_packets_end_has_fallen_silent() {
    let mut microphone = Microphone::new();
    microphone.says(30, 500);
    microphone.world.run(299);
    assert_eq!(microphone.told(), [127]);
    microphone.world.run(2_000);
    assert_eq!(microphone.told(), []);
}
