//! What one direction of the path is like, as it is written on the command line.

use crate::loss::{Bursts, Loss};
use crate::schedule::{SECOND, Schedule};

/// One direction of the path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    pub(crate) schedule: Schedule,
    /// Bytes that may wait, the packet that is being sent among them; more are dropped.
    pub(crate) queue: usize,
    /// One way, ns.
    pub(crate) delay: u64,
    /// Up to so much more, evenly distributed, ns; the order is kept.
    pub(crate) jitter: u64,
    pub(crate) loss: Loss,
    /// Probability that a packet is held back, and for how long, ns.
    pub(crate) reorder: (f64, u64),
    /// Probability that a packet comes twice.
    pub(crate) duplicate: f64,
}

impl Profile {
    /// Reads words such as `rate=5m@0,800k@20 delay=40ms jitter=2ms queue=65536 loss=2%
    /// burst=1%:25%:100% reorder=1%:20ms duplicate=1%`; what is not said is not impaired.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut profile = Self {
            schedule: Schedule::new(&[])?,
            queue: usize::MAX,
            delay: 0,
            jitter: 0,
            loss: Loss::default(),
            reorder: (0.0, 0),
            duplicate: 0.0,
        };
        for word in text.split_whitespace() {
            profile.read(word).ok_or_else(|| format!("what is {word:?}?"))??;
        }
        Ok(profile)
    }

    fn read(&mut self, word: &str) -> Option<Result<(), String>> {
        let (key, value) = word.split_once('=')?;
        match key {
            "rate" => {
                let steps = value.split(',').map(step).collect::<Option<Vec<_>>>()?;
                match Schedule::new(&steps) {
                    Ok(schedule) => self.schedule = schedule,
                    Err(error) => return Some(Err(error)),
                }
            }
            "queue" => self.queue = value.parse().ok()?,
            "delay" => self.delay = millis(value)?,
            "jitter" => self.jitter = millis(value)?,
            "loss" => self.loss.alone = percent(value)?,
            "burst" => {
                let parts = value.split(':').map(percent).collect::<Option<Vec<_>>>()?;
                let [begin, end, loss] = parts[..] else { return None };
                self.loss.bursts = Some(Bursts { begin, end, loss, bad: false });
            }
            "reorder" => {
                let (share, held) = value.split_once(':')?;
                self.reorder = (percent(share)?, millis(held)?);
            }
            "duplicate" => self.duplicate = percent(value)?,
            _ => return None,
        }
        Some(Ok(()))
    }
}

/// `5m@20`: 5 Mbit/s from second 20 on; without `@`, from the beginning.
fn step(text: &str) -> Option<(f64, f64)> {
    let (rate, at) = text.split_once('@').unwrap_or((text, "0"));
    let (digits, unit) = match rate.strip_suffix('k') {
        Some(digits) => (digits, 1e3),
        None => (rate.strip_suffix('m')?, 1e6),
    };
    Some((at.parse().ok()?, digits.parse::<f64>().ok()? * unit))
}

fn millis(text: &str) -> Option<u64> {
    let value: f64 = text.strip_suffix("ms")?.parse().ok()?;
    (value >= 0.0).then_some((value * SECOND as f64 / 1e3) as u64)
}

fn percent(text: &str) -> Option<f64> {
    let value: f64 = text.strip_suffix('%')?.parse().ok()?;
    (0.0..=100.0).contains(&value).then_some(value / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read() {
        let text = "rate=5m@0,800k@20 delay=40ms jitter=2.5ms queue=65536 loss=2% \
                    burst=1%:25%:100% reorder=1%:20ms duplicate=0.5%";
        let profile = Profile::parse(text).unwrap();
        assert_eq!(profile.schedule, Schedule::new(&[(0.0, 5e6), (20.0, 8e5)]).unwrap());
        assert_eq!((profile.delay, profile.jitter), (40_000_000, 2_500_000));
        assert_eq!(profile.queue, 65_536);
        assert_eq!(profile.loss.alone, 0.02);
        let bursts = Bursts { begin: 0.01, end: 0.25, loss: 1.0, bad: false };
        assert_eq!(profile.loss.bursts, Some(bursts));
        assert_eq!(profile.reorder, (0.01, 20_000_000));
        assert_eq!(profile.duplicate, 0.005);
    }

    #[test]
    fn nothing_said_is_nothing_impaired() {
        let profile = Profile::parse("").unwrap();
        assert_eq!((profile.delay, profile.queue), (0, usize::MAX));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in ["rate", "rate=5", "loss=2", "loss=120%", "delay=-4ms", "speed=3m", "burst=1%"]
        {
            assert!(Profile::parse(text).is_err(), "{text}");
        }
    }
}
