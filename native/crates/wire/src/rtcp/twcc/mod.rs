//! Transport-wide congestion control feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

mod chunk;
mod feedback;
mod recorder;

pub use feedback::{Arrivals, Feedback, Statuses};
pub use recorder::Recorder;

/// Nanoseconds of one tick, the unit of arrival deltas.
const TICK_NS: u64 = 250_000;

/// Ticks of one unit of the reference time (64 ms).
const TICKS_PER_REFERENCE: u64 = 256;

/// Whether a packet arrived, and how many bytes its delta takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Lost = 0,
    Small = 1,
    Large = 2,
}

impl Symbol {
    /// From the low two bits; the reserved value 3 stands for nothing that arrived.
    fn from_bits(bits: u16) -> Self {
        match bits & 3 {
            1 => Self::Small,
            2 => Self::Large,
            _ => Self::Lost,
        }
    }

    fn delta_len(self) -> usize {
        self as usize
    }
}
