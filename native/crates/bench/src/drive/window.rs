//! A window in which is measured: what is before it, and what is different after it.

use std::error::Error;
use std::io;

use super::group::Group;
use super::processes::{Usage, usage};
use super::received::Received;
use super::viewer::Changes;

/// Points of the distribution of latencies that are told.
const POINTS: [f64; 9] = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0];

/// What everybody had when it began.
pub(crate) struct Window {
    began: std::time::Instant,
    used: Usage,
    own: Usage,
    received: Received,
    expected: u64,
    gaps: u64,
}

fn own() -> io::Result<Usage> {
    usage(&[std::process::id()])
}

impl Window {
    pub(crate) fn begin(group: &mut Group) -> Result<Self, Box<dyn Error>> {
        group.received.latencies.clear();
        group.received.changes = Changes::default();
        group.stalled = 0;
        for track in &mut group.tracks {
            track.late = 0;
        }
        Ok(Self {
            began: std::time::Instant::now(),
            used: usage(&group.processes)?,
            own: own()?,
            received: Received { latencies: Vec::new(), ..group.received.clone() },
            expected: group.expected(),
            gaps: group.gaps(),
        })
    }

    /// What was measured, as a line of JSON.
    pub(crate) fn end(self, group: &mut Group, round: usize) -> Result<String, Box<dyn Error>> {
        let used = usage(&group.processes)?;
        let own = own()?;
        let seconds = self.began.elapsed().as_secs_f64();
        let mut latencies = std::mem::take(&mut group.received.latencies);
        latencies.sort_unstable();
        let points: Vec<String> = POINTS
            .iter()
            .map(|point| format!("[{point}, {}]", quantile(&latencies, *point)))
            .collect();
        let (was, is) = (&self.received, &group.received);
        let took: Vec<String> = is.changes.took.iter().map(u64::to_string).collect();
        let late = group.tracks.iter().map(|track| track.late).max().unwrap_or_default();
        let numbers = [
            ("round", round as u64),
            ("peers", group.peers() as u64),
            ("expected", group.expected() - self.expected),
            ("received", is.packets - was.packets),
            ("bytes", is.bytes - was.bytes),
            ("messages", is.messages - was.messages),
            ("lost", group.gaps().saturating_sub(self.gaps)),
            ("checked", is.checked - was.checked),
            ("wrong", is.wrong - was.wrong),
            ("missing", is.missing.saturating_sub(was.missing)),
            ("disordered", is.disordered - was.disordered),
            ("besides", is.besides - was.besides),
            ("nacks", is.nacks - was.nacks),
            ("wishes", is.changes.wishes),
            ("unmet", is.changes.unmet),
            ("unclean", is.changes.unclean),
            ("late_ns", late),
            ("stalled_ns", group.stalled),
            ("cpu_ns", used.cpu - self.used.cpu),
            ("user_ticks", used.user - self.used.user),
            ("system_ticks", used.system - self.used.system),
            ("switches", used.switches.saturating_sub(self.used.switches)),
            ("resident", used.resident),
            ("generator_cpu_ns", own.cpu - self.own.cpu),
        ];
        let numbers: Vec<String> =
            numbers.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        Ok(format!(
            "{{\"group\": \"{}\", \"seconds\": {seconds:.6}, {}, \"change_ns\": [{}], \
             \"latency_ns\": [{}]}}",
            group.name,
            numbers.join(", "),
            took.join(", "),
            points.join(", ")
        ))
    }
}

/// The value below which such a share of sorted values lies.
fn quantile(sorted: &[u64], share: f64) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_few_values_and_of_none() {
        assert_eq!(quantile(&[1, 2, 3, 4, 5], 0.5), 3);
        assert_eq!(quantile(&[1, 2], 1.0), 2);
        assert_eq!(quantile(&[], 0.5), 0);
    }
}
