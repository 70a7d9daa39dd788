//! When a track's packets are due.

use std::collections::HashMap;
use std::error::Error;
use std::str::SplitWhitespace;
use std::time::Duration;

use super::plan::next;
use super::trace::{self, Traced};

/// When a track's packets are due.
#[derive(Clone, Debug)]
pub(crate) enum Schedule {
    /// The next frame as soon as all but so many have been received by all.
    Window { frames: u64, packets: usize, len: usize },
    /// A frame every so often.
    Every { interval: Duration, packets: usize, len: usize },
    /// As an encoder did it, over and over, beginning so far into it.
    Trace { packets: Vec<Traced>, phase: u64 },
}

/// A schedule without its packets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Small {
    Window { frames: u64, packets: usize, len: usize },
    Every { interval: u64, packets: usize, len: usize },
    Trace,
}

impl Schedule {
    /// All of it that can be copied.
    pub(crate) fn small(&self) -> Small {
        match *self {
            Self::Window { frames, packets, len } => Small::Window { frames, packets, len },
            Self::Every { interval, packets, len } => {
                Small::Every { interval: interval.as_nanos() as u64, packets, len }
            }
            Self::Trace { .. } => Small::Trace,
        }
    }
}

/// Read one from a plan.
pub(crate) fn schedule(
    words: &mut SplitWhitespace<'_>,
    traces: &HashMap<String, Vec<Traced>>,
) -> Result<Schedule, Box<dyn Error>> {
    match next::<String>(words)?.as_str() {
        "window" => {
            Ok(Schedule::Window { frames: next(words)?, packets: next(words)?, len: next(words)? })
        }
        "every" => Ok(Schedule::Every {
            interval: Duration::from_micros(next(words)?),
            packets: next(words)?,
            len: next(words)?,
        }),
        "trace" => {
            let name: String = next(words)?;
            let packets = traces.get(&name).ok_or_else(|| format!("no trace {name}"))?;
            let phase = next(words)?;
            let packets = match words.next() {
                None => packets.clone(),
                Some(thousandths) => trace::scaled(packets, thousandths.parse()?),
            };
            Ok(Schedule::Trace { packets, phase })
        }
        other => Err(format!("{other} is no schedule").into()),
    }
}
