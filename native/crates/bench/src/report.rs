//! The results, for people and for programs.

use std::fmt::Write;

use trio_sfu_srtp::Profile;

use crate::load::Load;
use crate::options::Options;

/// One measurement, and, as a row of the report, the median of several.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) program: &'static str,
    pub(crate) profile: Profile,
    pub(crate) load: Load,
    /// CPU time of the forwarding thread per packet that arrived.
    pub(crate) nanos_per_packet: f64,
    /// The kernel's share of it.
    pub(crate) system_share: f64,
    /// How many packets came at once, on average: what GSO and GRO saved.
    pub(crate) packets_per_message: f64,
    pub(crate) packets_per_second: f64,
    pub(crate) expected: u64,
    pub(crate) received: u64,
    pub(crate) checked: u64,
}

impl Measurement {
    fn is_like(&self, other: &Self) -> bool {
        (self.program, self.profile, self.load) == (other.program, other.profile, other.load)
    }
}

/// The medians by CPU time, in the order things were first measured.
pub(crate) fn rows(measurements: &[Measurement]) -> Vec<Measurement> {
    let mut rows: Vec<Measurement> = Vec::new();
    for measurement in measurements {
        if rows.iter().any(|row| row.is_like(measurement)) {
            continue;
        }
        let mut like: Vec<_> = measurements.iter().filter(|m| m.is_like(measurement)).collect();
        like.sort_by(|a, b| a.nanos_per_packet.total_cmp(&b.nanos_per_packet));
        rows.push(like[like.len() / 2].clone());
    }
    rows
}

/// The floor's CPU time under the same profile and load, if it was measured.
fn floor_of(row: &Measurement, rows: &[Measurement]) -> Option<f64> {
    let floor = rows.iter().find(|other| {
        other.program == "floor" && (other.profile, other.load) == (row.profile, row.load)
    });
    floor.map(|floor| floor.nanos_per_packet)
}

/// A table for a terminal.
pub(crate) fn table(options: &Options, rows: &[Measurement]) -> String {
    let mut out = format!(
        "1 publisher, {} subscribers, frames of {} packets of 1,100 bytes; paced: {} frames/s; \
         median of {}\n\n",
        options.subscribers, options.packets_per_frame, options.frames_per_second, options.rounds
    );
    let _ = writeln!(
        out,
        "{:<24}{:<12}{:<8}{:>10}{:>9}{:>8}{:>12}{:>9}{:>8}{:>9}",
        "profile",
        "load",
        "program",
        "ns/packet",
        "× floor",
        "kernel",
        "packets/s",
        "at once",
        "lost",
        "checked"
    );
    for row in rows {
        let ratio = floor_of(row, rows)
            .map_or_else(|| "-".to_owned(), |floor| format!("{:.2}", row.nanos_per_packet / floor));
        let _ = writeln!(
            out,
            "{:<24}{:<12}{:<8}{:>10.0}{:>9}{:>7.0}%{:>12.0}{:>9.1}{:>8}{:>9}",
            row.profile.name(),
            row.load.name(),
            row.program,
            row.nanos_per_packet,
            ratio,
            row.system_share * 100.0,
            row.packets_per_second,
            row.packets_per_message,
            row.expected.saturating_sub(row.received),
            row.checked
        );
    }
    out
}

/// The same as JSON.
pub(crate) fn json(options: &Options, rows: &[Measurement]) -> String {
    let mut out = format!(
        "{{\n  \"subscribers\": {},\n  \"packets_per_frame\": {},\n  \
         \"paced_frames_per_second\": {},\n  \"rounds\": {},\n  \"rows\": [",
        options.subscribers, options.packets_per_frame, options.frames_per_second, options.rounds
    );
    for (position, row) in rows.iter().enumerate() {
        let ratio = floor_of(row, rows).map_or_else(
            || "null".to_owned(),
            |floor| format!("{:.3}", row.nanos_per_packet / floor),
        );
        let _ = write!(
            out,
            "{}\n    {{\"program\": \"{}\", \"profile\": \"{}\", \"load\": \"{}\", \
             \"cpu_ns_per_packet\": {:.1}, \"times_floor\": {ratio}, \"system_share\": {:.3}, \
             \"packets_per_second\": {:.0}, \"packets_per_message\": {:.2}, \"expected\": {}, \
             \"received\": {}, \"checked\": {}}}",
            if position == 0 { "" } else { "," },
            row.program,
            row.profile.name(),
            row.load.name(),
            row.nanos_per_packet,
            row.system_share,
            row.packets_per_second,
            row.packets_per_message,
            row.expected,
            row.received,
            row.checked
        );
    }
    out.push_str("\n  ]\n}\n");
    out
}
