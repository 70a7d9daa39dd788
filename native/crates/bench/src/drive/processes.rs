//! What other processes have used, from `/proc`.

use std::fs;
use std::io;

/// What some processes have used so far, all of their threads together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU time in nanoseconds.
    pub(crate) cpu: u64,
    /// User time in clock ticks: only its share is used.
    pub(crate) user: u64,
    /// System time in clock ticks.
    pub(crate) system: u64,
    /// Context switches.
    pub(crate) switches: u64,
    /// Resident memory in bytes.
    pub(crate) resident: u64,
}

/// Add up what processes have used.
///
/// # Errors
/// When one of them is gone.
pub(crate) fn usage(processes: &[u32]) -> io::Result<Usage> {
    let mut all = Usage::default();
    for process in processes {
        for thread in fs::read_dir(format!("/proc/{process}/task"))? {
            let thread = thread?.path();
            // A thread may end meanwhile.
            let Ok(schedule) = fs::read_to_string(thread.join("schedstat")) else { continue };
            all.cpu += number(schedule.split_whitespace().next());
            let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
            all.switches += field(&status, "voluntary_ctxt_switches:")
                + field(&status, "nonvoluntary_ctxt_switches:");
        }
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // Fields 14 and 15; the name, field 2, is in parentheses and may hold anything.
        let mut fields = stat.rsplit_once(')').map_or("", |parts| parts.1).split_whitespace();
        all.user += number(fields.nth(11));
        all.system += number(fields.next());
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        all.resident += field(&status, "VmRSS:") * 1024;
    }
    Ok(all)
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    number(line.and_then(|rest| rest.split_whitespace().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let own = usage(&[std::process::id()]).unwrap();
        assert!(own.resident > 0 && own.switches > 0 && own.cpu > 0);
        assert!(usage(&[0]).is_err());
    }
}
