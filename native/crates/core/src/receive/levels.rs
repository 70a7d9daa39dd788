//! How loud a track is: the audio levels of its packets (RFC 6464), a tenth of a second at
//! a time.

use std::time::Duration;

use trio_sfu_wire::rtp::extension::AudioLevel;

use crate::time::Instant;

/// What one report is about.
const WINDOW: Duration = Duration::from_millis(100);
/// Without a packet for this long, a track that was audible has fallen silent: senders
/// with discontinuous transmission send nothing in a pause, or a packet every 400 ms.
const PAUSE: Duration = Duration::from_millis(300);
/// Levels, in dB below full scale, up to which a window is audible. A quiet room is at 60
/// and more, somebody who speaks softly below 50.
const AUDIBLE: u8 = 60;
/// RFC 6464: silence.
const SILENCE: u8 = 127;
/// Levels of a window that are kept: as many as there are packets of 10 ms, the shortest
/// that browsers send.
const KEPT: usize = 10;

/// Relative power of each level: 10 ^ (-level / 10).
const POWER: [f32; 128] = {
    let mut power = [1.0; 128];
    let mut level = 1;
    while level < 128 {
        power[level] = power[level - 1] * 0.794_328_2;
        level += 1;
    }
    power
};

/// What a window was like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loudness {
    /// Of the mean power, in dB below full scale.
    pub(crate) level: u8,
    /// Whether the sender took any of it for voice.
    pub(crate) voice: bool,
    /// The levels of the packets, in the order of their arrival.
    pub(crate) levels: Vec<u8>,
}

/// The levels of one track.
#[derive(Default)]
pub(crate) struct Levels {
    begun: Instant,
    latest: Instant,
    packets: u16,
    power: f32,
    voice: bool,
    kept: [u8; KEPT],
    audible: bool,
}

impl Levels {
    /// A packet arrived. What it returns is to be reported: each audible window, and the
    /// first one that is not.
    #[inline]
    pub(crate) fn packet(&mut self, now: Instant, audio: AudioLevel) -> Option<Loudness> {
        let over = self.packets > 0 && now.since(self.begun) >= WINDOW;
        let report = if over { self.close() } else { None };
        if self.packets == 0 {
            self.begun = now;
        }
        if let Some(place) = self.kept.get_mut(usize::from(self.packets)) {
            *place = audio.level;
        }
        self.latest = now;
        self.packets = self.packets.saturating_add(1);
        self.power += POWER[usize::from(audio.level & 0x7f)];
        self.voice |= audio.voice;
        report
    }

    /// Time passed: says so when a track that was audible sends nothing any more.
    pub(crate) fn lapse(&mut self, now: Instant) -> Option<Loudness> {
        if self.next_lapse()? > now {
            return None;
        }
        *self = Self::default();
        Some(Loudness { level: SILENCE, voice: false, levels: Vec::new() })
    }

    /// When [`Levels::lapse`] next has something to say.
    #[inline]
    pub(crate) fn next_lapse(&self) -> Option<Instant> {
        self.audible.then(|| self.latest + PAUSE)
    }

    fn close(&mut self) -> Option<Loudness> {
        let level = level_of(self.power / f32::from(self.packets));
        let audible = level <= AUDIBLE;
        let report = (audible || self.audible).then(|| Loudness {
            level,
            voice: self.voice,
            levels: self.kept[..KEPT.min(usize::from(self.packets))].to_vec(),
        });
        *self = Self { audible, ..Self::default() };
        report
    }
}

/// The level that is nearest to a relative power, or above it.
fn level_of(power: f32) -> u8 {
    let louder = POWER.partition_point(|&each| each > power);
    u8::try_from(louder).map_or(SILENCE, |level| level.min(SILENCE))
}

#[cfg(test)]
mod tests {
    use super::{AudioLevel, Levels, Loudness, POWER, SILENCE, level_of};
    use crate::time::Instant;

    fn at(millis: u64) -> Instant {
        Instant(millis * 1_000_000)
    }

    fn audio(level: u8) -> AudioLevel {
        AudioLevel { voice: level < 50, level }
    }

    /// What is reported while packets of 20 ms with these levels come.
    fn reports(levels: &mut Levels, from: u64, of: &[u8]) -> Vec<Loudness> {
        let packets = of.iter().zip((from..).step_by(20));
        packets.filter_map(|(&level, millis)| levels.packet(at(millis), audio(level))).collect()
    }

    #[test]
    fn the_power_of_a_level_is_its_own() {
        for level in 0..128_u8 {
            assert_eq!(level_of(POWER[usize::from(level)]), level);
        }
        assert_eq!(level_of(0.0), SILENCE);
    }

    #[test]
    fn an_audible_track_is_reported_ten_times_a_second() {
        let mut levels = Levels::default();
        let told = reports(&mut levels, 1_000, &[30; 501]);
        assert_eq!(told.len(), 100);
        assert_eq!(told[0], Loudness { level: 30, voice: true, levels: vec![30; 5] });
    }

    #[test]
    fn one_click_among_silence_is_seen_as_what_it_is() {
        let told = reports(&mut Levels::default(), 0, &[127, 127, 20, 127, 127, 127]);
        // A fifth of the power: 7 dB less.
        assert_eq!((told[0].level, &told[0].levels[..]), (27, &[127, 127, 20, 127, 127][..]));
    }

    #[test]
    fn silence_is_reported_once() {
        let mut levels = Levels::default();
        assert!(reports(&mut levels, 0, &[90; 100]).is_empty());
        let told = reports(&mut levels, 2_000, &[40; 10]);
        assert_eq!(told.len(), 1, "the window before was silent, the one after is not over");
        let told = reports(&mut levels, 2_200, &[90; 100]);
        assert_eq!(told.iter().map(|each| each.level).collect::<Vec<_>>(), [40, 90]);
    }

    #[test]
    fn a_track_that_sends_nothing_has_fallen_silent() {
        let mut levels = Levels::default();
        reports(&mut levels, 0, &[40; 11]);
        assert_eq!(levels.next_lapse(), Some(at(500)));
        assert_eq!(levels.lapse(at(499)), None);
        assert_eq!(levels.lapse(at(500)).map(|each| each.level), Some(SILENCE));
        assert_eq!(levels.lapse(at(900)), None);
        assert_eq!(levels.next_lapse(), None);
    }

    #[test]
    fn many_packets_are_still_one_report() {
        let mut levels = Levels::default();
        let told: Vec<_> =
            (0..=1_000).filter_map(|millis| levels.packet(at(millis), audio(9))).collect();
        assert_eq!(told.len(), 10);
        assert!(told.iter().all(|each| each.levels.len() == 10 && each.level == 9));
    }
}
