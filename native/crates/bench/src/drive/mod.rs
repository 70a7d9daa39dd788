//! The load generator: publishers and subscribers of forwarders that run elsewhere, whose ICE
//! and DTLS were done by the program that started this one (`benchmarks/load`).
//!
//! One thread for all of them. It wakes up by the clock and not by what arrives: the kernel
//! says when a packet arrived, and a forwarder is not charged for waking its receivers.

mod clock;
mod group;
mod peer;
pub(crate) mod plan;
mod processes;
mod received;
mod schedule;
mod stamp;
mod stream;
mod trace;
mod track;
mod viewer;
mod way;
mod window;

use std::error::Error;
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use crate::batch::Batch;
use crate::socket;
use clock::Clock;
use group::Group;
use plan::Plan;
use schedule::Schedule;
use window::Window;

/// Between two looks at what has arrived.
const TICK: u64 = 1_000_000;
/// The same where the next frame waits for it.
const SHORT_TICK: u64 = 50_000;
/// Between two steps of what peers do now and then.
const STEP: u64 = 5_000_000;
/// After a window, for what is still under way.
const SETTLE: Duration = Duration::from_millis(100);

/// Do what standard input says; prints a line of JSON a window.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let plan = Plan::parse(&text)?;
    socket::sleep_exactly();
    Driver::new(&plan)?.run(&plan)
}

struct Driver {
    clock: Clock,
    batch: Batch,
    groups: Vec<Group>,
    sample: u64,
    step: u64,
}

impl Driver {
    fn new(plan: &Plan) -> Result<Self, Box<dyn Error>> {
        let groups = plan.groups.iter().cloned().map(Group::new).collect::<Result<_, _>>()?;
        Ok(Self { clock: Clock::new(), batch: Batch::new(), groups, sample: plan.sample, step: 0 })
    }

    fn run(&mut self, plan: &Plan) -> Result<(), Box<dyn Error>> {
        for round in 0..plan.rounds {
            let warm_up = if round == 0 { plan.first_warm_up } else { plan.warm_up };
            let mut order: Vec<usize> = (0..self.groups.len()).collect();
            if round % 2 == 1 {
                order.reverse(); // so that nobody always comes after the same one
            }
            for group in order {
                let now = self.clock.now();
                self.groups[group].begin(now);
                self.load(group, warm_up)?;
                tell(&format!("{{\"measuring\": \"{}\"}}", self.groups[group].name))?;
                let before = Window::begin(&mut self.groups[group])?;
                self.load(group, plan.measured)?;
                let line = before.end(&mut self.groups[group], round)?;
                self.idle(SETTLE)?;
                tell(&line)?;
            }
        }
        Ok(())
    }

    /// Load one group for a while; the others only stay.
    fn load(&mut self, loaded: usize, duration: Duration) -> Result<(), Box<dyn Error>> {
        self.spend(Some(loaded), duration)
    }

    fn idle(&mut self, duration: Duration) -> Result<(), Box<dyn Error>> {
        self.spend(None, duration)
    }

    fn spend(&mut self, loaded: Option<usize>, duration: Duration) -> Result<(), Box<dyn Error>> {
        let mut before = self.clock.now();
        let end = before + duration.as_nanos() as u64;
        loop {
            let now = self.clock.now();
            if let Some(group) = loaded {
                let stalled = &mut self.groups[group].stalled;
                *stalled = (*stalled).max(now - before);
            }
            before = now;
            if now >= end {
                return Ok(());
            }
            let mut next = end.min(now + self.tick(loaded));
            if let Some(group) = loaded {
                self.groups[group].receive(&mut self.batch, &self.clock, self.sample)?;
                if let Some(due) = self.groups[group].send_due(&self.clock)? {
                    next = next.min(due);
                }
                self.wish(group)?;
            }
            self.keep(loaded)?;
            let now = self.clock.now();
            if next > now {
                thread::sleep(Duration::from_nanos(next - now));
            }
        }
    }

    /// Tell what viewers want from now on: whoever has begun this program has to ask for it.
    fn wish(&mut self, group: usize) -> io::Result<()> {
        let group = &mut self.groups[group];
        for (peer, track) in group.wishes(&self.clock) {
            tell(&format!(
                "{{\"wish\": \"{}\", \"peer\": {peer}, \"track\": {track}}}",
                group.name
            ))?;
        }
        Ok(())
    }

    fn tick(&self, loaded: Option<usize>) -> u64 {
        let waits = loaded.is_some_and(|group| {
            let mut tracks = self.groups[group].tracks.iter();
            tracks.any(|track| matches!(track.plan.schedule, Schedule::Window { .. }))
        });
        if waits { SHORT_TICK } else { TICK }
    }

    /// What peers do now and then, also those of the groups that are not loaded.
    fn keep(&mut self, loaded: Option<usize>) -> Result<(), Box<dyn Error>> {
        let due = self.clock.now() / STEP;
        // What was missed while this program did not run is not made up for.
        self.step = self.step.max(due.saturating_sub(20));
        while self.step < due {
            self.step += 1;
            for (group, number) in self.groups.iter_mut().zip(0..) {
                let idle = loaded != Some(number);
                if idle {
                    group.receive(&mut self.batch, &self.clock, self.sample)?;
                }
                group.keep(self.step, &self.clock, idle)?;
            }
        }
        Ok(())
    }
}

fn tell(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
