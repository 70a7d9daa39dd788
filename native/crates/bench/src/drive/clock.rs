//! The two clocks: one that never jumps for what is due, one that the kernel stamps with.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Both, tied together when the program began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
    wall: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), wall: wall() }
    }

    /// Nanoseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// A time of `CLOCK_REALTIME`, in nanoseconds since the beginning.
    pub(crate) fn since_began(&self, wall: u64) -> u64 {
        wall.saturating_sub(self.wall)
    }
}

/// Nanoseconds of `CLOCK_REALTIME`.
pub(crate) fn wall() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// A time of `CLOCK_REALTIME` as NTP has it: 32 bits of seconds since 1900, 32 of fractions.
pub(crate) fn ntp(wall: u64) -> u64 {
    const TO_1970: u64 = 2_208_988_800;
    let (seconds, nanos) = (wall / 1_000_000_000 + TO_1970, wall % 1_000_000_000);
    (seconds << 32) | ((nanos << 32) / 1_000_000_000)
}
