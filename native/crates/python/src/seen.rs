//! Counters that never go back, though workers begin anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use trio_sfu_driver::Served;

use crate::backend::{Backend, ask};

/// Counts by name.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// What each worker has counted, as it was asked last.
pub(crate) struct Seen(Mutex<State>);

struct State {
    latest: Vec<Counts>,
    /// Of workers that are no more.
    former: Counts,
}

impl Seen {
    pub(crate) fn new(workers: usize) -> Self {
        let latest = (0..workers).map(|_| Counts::new()).collect();
        Self(Mutex::new(State { latest, former: Counts::new() }))
    }

    /// Asks all workers; of one that does not answer what it said before counts.
    pub(crate) fn sum(&self, backend: &dyn Backend) -> Counts {
        let answers: Vec<_> =
            (0..backend.workers()).map(|worker| ask(backend, worker, counters)).collect();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { latest, former } = &mut *state;
        let mut sum = former.clone();
        for (latest, answer) in latest.iter_mut().zip(answers) {
            if let Ok(answer) = answer {
                *latest = answer.into_iter().collect();
            }
            add(&mut sum, latest);
        }
        sum
    }

    /// A worker has begun anew, and counts from nothing.
    pub(crate) fn restarted(&self, worker: usize) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { latest, former } = &mut *state;
        if let Some(latest) = latest.get_mut(worker) {
            add(former, &std::mem::take(latest));
        }
    }
}

fn add(sum: &mut Counts, counts: &Counts) {
    for (name, count) in counts {
        *sum.entry(name).or_default() += count;
    }
}

fn counters(served: Served<'_>) -> Vec<(&'static str, u64)> {
    served.engine.counters().entries().chain(served.counters.entries()).collect()
}
