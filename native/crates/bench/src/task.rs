//! CPU time of one thread of this process.

use std::fs;
use std::io;
use std::path::PathBuf;

/// CPU time of a thread so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuTime {
    /// User and system time, in nanoseconds.
    pub(crate) total: u64,
    /// User time, in clock ticks: its share of `user + system`, not its amount, is exact.
    user: u64,
    system: u64,
}

impl CpuTime {
    /// Nanoseconds between `earlier` and this, and the system's share of them.
    pub(crate) fn since(&self, earlier: &Self) -> (u64, f64) {
        let user = (self.user - earlier.user) as f64;
        let system = (self.system - earlier.system) as f64;
        (self.total - earlier.total, system / (user + system).max(1.0))
    }
}

/// A thread of this process, found by its name.
#[derive(Clone, Debug)]
pub(crate) struct Task(PathBuf);

impl Task {
    /// The thread called `name`.
    pub(crate) fn named(name: &str) -> io::Result<Self> {
        for entry in fs::read_dir("/proc/self/task")? {
            let path = entry?.path();
            if fs::read_to_string(path.join("comm"))?.trim() == name {
                return Ok(Self(path));
            }
        }
        Err(io::Error::other(format!("no thread is called {name}")))
    }

    /// The CPU time it has used.
    pub(crate) fn cpu_time(&self) -> io::Result<CpuTime> {
        let broken = || io::Error::other("unexpected text in /proc");
        let schedule = fs::read_to_string(self.0.join("schedstat"))?;
        let stat = fs::read_to_string(self.0.join("stat"))?;
        // Fields 14 and 15; the name, field 2, is in parentheses and may hold anything.
        let fields = stat.rsplit_once(')').ok_or_else(broken)?.1;
        let mut fields = fields.split_whitespace().skip(11).map(str::parse);
        let mut field = || fields.next().and_then(Result::ok).ok_or_else(broken);
        Ok(CpuTime {
            total: schedule
                .split_whitespace()
                .next()
                .and_then(|nanos| nanos.parse().ok())
                .ok_or_else(broken)?,
            user: field()?,
            system: field()?,
        })
    }
}
