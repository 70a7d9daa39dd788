//! How an encoding's RTP timestamps become a slot's.

use crate::receive::cache::Packet;

/// What has come before a splice is spread over this share of a second at least: its pictures keep
/// timestamps of their own, and a viewer shows the last of them at once.
const LEAST_ROOM: u32 = 300;

/// A constant difference, except for what was there before the splice: that happened while the slot
/// showed something else, and would step back in time. It is squeezed into the time between the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamps {
    shift: u32,
    /// The latest packet that was there before the splice: its number and timestamp.
    newest: (u64, u32),
    /// Ticks from the first packet to it, and as many as they are in the slot.
    length: u32,
    room: u32,
}

impl Timestamps {
    /// Of a span that begins at `first`; `newest` comes `elapsed` ticks after `before`.
    pub(crate) fn new(
        before: u32,
        elapsed: u32,
        first: &Packet,
        newest: &Packet,
        clock_rate: u32,
    ) -> Self {
        let length = newest.timestamp.wrapping_sub(first.timestamp);
        let elapsed = if length == 0 { elapsed } else { elapsed.max(clock_rate / LEAST_ROOM) };
        Self {
            shift: before.wrapping_add(elapsed).wrapping_sub(newest.timestamp),
            newest: (newest.sequence, newest.timestamp),
            length,
            room: length.min(elapsed.saturating_sub(1)),
        }
    }

    /// A packet's timestamp in the slot's stream.
    #[inline]
    pub(crate) fn of(&self, packet: &Packet) -> u32 {
        let live = self.live(packet.timestamp);
        if packet.sequence > self.newest.0 || self.length == self.room {
            return live;
        }
        let ahead = self.newest.1.wrapping_sub(packet.timestamp).min(self.length);
        live.wrapping_add(ahead).wrapping_sub(squeeze(ahead, self.room, self.length))
    }

    /// The timestamp in the slot's stream of what comes after the splice.
    pub(crate) fn live(&self, timestamp: u32) -> u32 {
        timestamp.wrapping_add(self.shift)
    }

    /// The encoding's timestamp of what has come after the splice.
    pub(crate) fn back(&self, timestamp: u32) -> u32 {
        timestamp.wrapping_sub(self.shift)
    }

    /// Whether the packet was there before the splice.
    pub(crate) fn recalls(&self, packet: &Packet) -> bool {
        self.length > 0 && packet.sequence <= self.newest.0
    }
}

#[allow(clippy::cast_possible_truncation)] // `ahead` is not above `length`.
fn squeeze(ahead: u32, room: u32, length: u32) -> u32 {
    (u64::from(ahead) * u64::from(room) / u64::from(length)) as u32
}

#[cfg(test)]
mod tests {
    use trio_sfu_wire::codec::{Codec, Descriptor};

    use super::Timestamps;
    use crate::receive::cache::Packet;
    use crate::time::Instant;

    /// Nine pictures before the splice: packets 100 to 108, 30 a second.
    const NEWEST: u64 = 108;

    fn packet(sequence: u64) -> Packet {
        Packet {
            sequence,
            timestamp: (sequence as u32).wrapping_mul(3_000),
            codec: Codec::Vp8,
            marker: true,
            audio_level: None,
            orientation: None,
            descriptor: Descriptor::default(),
            arrived: Instant::default(),
        }
    }

    fn splice(before: u32, elapsed: u32) -> Timestamps {
        Timestamps::new(before, elapsed, &packet(100), &packet(NEWEST), 90_000)
    }

    #[test]
    fn what_was_there_before_fits_between_what_was_shown_and_what_comes() {
        for before in [7, u32::MAX - 1_500] {
            let timestamps = splice(before, 3_000);
            let out: Vec<u32> = (100..=NEWEST + 2)
                .map(|sequence| timestamps.of(&packet(sequence)).wrapping_sub(before))
                .collect();
            assert_eq!((out[0], out[8], out[9], out[10]), (1, 3_000, 6_000, 9_000));
            assert!(out.windows(2).all(|pair| pair[0] < pair[1]), "{out:?}");
        }
    }

    #[test]
    fn pictures_that_are_as_old_as_what_was_shown_keep_timestamps_of_their_own() {
        let out: Vec<u32> = {
            let timestamps = splice(0, 1);
            (100..=NEWEST).map(|sequence| timestamps.of(&packet(sequence))).collect()
        };
        assert_eq!((out[0], out[8]), (1, 300));
        assert!(out.windows(2).all(|pair| pair[0] < pair[1]), "{out:?}");
    }

    #[test]
    fn where_there_is_time_for_all_of_it_nothing_is_squeezed() {
        let timestamps = splice(0, 90_000);
        assert_eq!(timestamps.of(&packet(100)), 90_000 - 8 * 3_000);
        assert_eq!(timestamps.of(&packet(NEWEST)), 90_000);
    }

    #[test]
    fn hours_later_the_difference_is_still_constant() {
        let timestamps = splice(0, 3_000);
        // By then the timestamps have gone once around.
        let later = NEWEST + (1 << 32) / 3_000;
        let step = timestamps.of(&packet(later)).wrapping_sub(timestamps.of(&packet(later - 1)));
        assert_eq!(step, 3_000);
        assert!(!timestamps.recalls(&packet(later)) && timestamps.recalls(&packet(100)));
    }
}
