//! `SimulatedEngine`: the core without sockets, threads or clock.

use std::collections::VecDeque;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;
use trio_sfu_core::event::Event;
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Batch;
use trio_sfu_driver::{CallError, Counters, Report, Served, engine_id};

use crate::backend::{Backend, Job};
use crate::commands::Commands;
use crate::convert;
use crate::error::Failure;
use crate::handles::MAX_WORKERS;

/// NTP time of the simulation's zero: any fixed one, so that runs are equal.
const NTP_EPOCH: u64 = 4_000_000_000 << 32;

struct State {
    config: Config,
    /// One a worker; none while it is lost.
    engines: Vec<Option<Engine>>,
    /// The latest time the caller has told.
    now: Instant,
    /// Taken from the engines, whose own queues are the bounded ones, but not yet drained.
    reports: VecDeque<Report>,
    batch: Batch,
}

impl State {
    fn advance(&mut self, now: u64) -> Instant {
        self.now = self.now.max(Instant(now));
        self.now
    }

    fn engine(&mut self, worker: usize) -> Result<&mut Engine, CallError> {
        let engine = self.engines.get_mut(worker).ok_or(CallError::NoSuchWorker)?;
        engine.as_mut().ok_or(CallError::Lost)
    }

    /// Brings engines what they have for each other, until there is nothing more.
    fn relay(&mut self) {
        while (0..self.engines.len()).any(|worker| self.relay_from(worker)) {}
    }

    fn relay_from(&mut self, worker: usize) -> bool {
        let Ok(engine) = self.engine(worker) else { return false };
        let outboxes = engine.relay_outboxes();
        let batches: Vec<_> = outboxes.map(|(to, batch)| (to, mem::take(batch))).collect();
        let now = self.now;
        for (to, batch) in &batches {
            let to = usize::try_from(to.0).unwrap_or(usize::MAX);
            if let Ok(engine) = self.engine(to) {
                engine.handle_relayed(now, engine_id(worker), batch);
            }
        }
        !batches.is_empty()
    }

    fn flush(&mut self, worker: usize) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        let Self { engines, now, batch, .. } = self;
        let Some(Some(engine)) = engines.get_mut(worker) else { return sent };
        loop {
            batch.clear();
            let more = engine.flush(*now, batch);
            sent.extend(batch.datagrams().map(|(to, datagram)| (to.address, datagram.to_vec())));
            if !more {
                return sent;
            }
        }
    }
}

/// Engines behind a lock.
struct Simulation(Mutex<State>);

impl Simulation {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Simulation {
    fn workers(&self) -> usize {
        self.lock().engines.len()
    }

    fn run(&self, worker: usize, job: Job) -> Result<(), CallError> {
        let mut state = self.lock();
        let now = state.now;
        let engine = state.engine(worker)?;
        job(Served { engine, now, counters: &Counters::default() });
        state.relay();
        Ok(())
    }

    fn drain(&self, limit: usize) -> Vec<Report> {
        let mut state = self.lock();
        let State { engines, reports, .. } = &mut *state;
        if reports.len() < limit {
            let mut fresh: Vec<Event> = Vec::new();
            engines.iter_mut().flatten().for_each(|engine| engine.drain_events(&mut fresh));
            reports.extend(fresh.into_iter().map(Report::Engine));
        }
        let count = limit.min(reports.len());
        reports.drain(..count).collect()
    }
}

/// The same core without sockets, threads or clock.
#[pyclass(extends = Commands, frozen, module = "trio_sfu._native")]
pub(crate) struct SimulatedEngine {
    simulation: Arc<Simulation>,
}

#[pymethods]
impl SimulatedEngine {
    #[new]
    #[pyo3(signature = (
        *,
        now = 0,
        seed = 0,
        workers = 1,
        consent_timeout_ms = 15_000,
        silence_timeout_ms = 3_000,
        encoding_timeout_ms = 2_000,
        source_timeout_ms = 10_000,
        max_transports = 10_000,
        event_queue = 16_384,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are the Python call's, by name")]
    fn new(
        now: u64,
        seed: u64,
        workers: u16,
        consent_timeout_ms: u64,
        silence_timeout_ms: u64,
        encoding_timeout_ms: u64,
        source_timeout_ms: u64,
        max_transports: usize,
        event_queue: usize,
    ) -> PyResult<PyClassInitializer<Self>> {
        if !(1..=MAX_WORKERS).contains(&workers) {
            return Err(PyValueError::new_err(format!("workers must be 1 to {MAX_WORKERS}")));
        }
        let config = convert::config(
            consent_timeout_ms,
            silence_timeout_ms,
            encoding_timeout_ms,
            source_timeout_ms,
            max_transports,
            event_queue,
        )?;
        let config = Config { ntp_epoch: NTP_EPOCH, seed, ..config };
        let now = Instant(now);
        let engines = (0..workers).map(|worker| Some(engine(&config, u64::from(worker), now)));
        let engines = engines.collect();
        let (reports, batch) = (VecDeque::new(), Batch::default());
        let state = State { config, engines, now, reports, batch };
        let simulation = Arc::new(Simulation(Mutex::new(state)));
        let commands = Commands::new(Arc::<Simulation>::clone(&simulation));
        Ok(PyClassInitializer::from(commands).add_subclass(Self { simulation }))
    }

    #[pyo3(signature = (now, source, datagram, *, worker = 0))]
    fn handle_datagram(
        &self,
        py: Python<'_>,
        now: u64,
        source: (String, u16),
        datagram: &[u8],
        worker: usize,
    ) -> PyResult<()> {
        let source = convert::address(&source)?;
        let mut datagram = datagram.to_vec();
        py.detach(|| {
            let mut state = self.simulation.lock();
            let now = state.advance(now);
            if let Ok(engine) = state.engine(worker) {
                engine.handle_datagram(now, source, &mut datagram);
                state.relay();
            }
        });
        Ok(())
    }

    fn handle_deadline(&self, py: Python<'_>, now: u64) {
        py.detach(|| {
            let mut state = self.simulation.lock();
            let now = state.advance(now);
            state.engines.iter_mut().flatten().for_each(|engine| engine.handle_deadline(now));
            state.relay();
        });
    }

    fn next_deadline(&self) -> Option<u64> {
        let state = self.simulation.lock();
        let engines = state.engines.iter().flatten();
        engines.filter_map(Engine::next_deadline).min().map(|deadline| deadline.0)
    }

    #[pyo3(signature = (*, worker = 0))]
    fn transmit<'py>(
        &self,
        py: Python<'py>,
        worker: usize,
    ) -> Vec<((String, u16), Bound<'py, PyBytes>)> {
        let sent = py.detach(|| self.simulation.lock().flush(worker));
        let python = |(destination, datagram): (SocketAddr, Vec<u8>)| {
            let address = (destination.ip().to_string(), destination.port());
            (address, PyBytes::new(py, &datagram))
        };
        sent.into_iter().map(python).collect()
    }

    fn lose_worker(&self, worker: usize, message: String) -> PyResult<()> {
        let mut state = self.simulation.lock();
        state.engine(worker).map_err(Failure::from)?;
        state.engines[worker] = None;
        state.reports.push_back(Report::WorkerPanicked { worker, message });
        Ok(())
    }

    #[pyo3(signature = (worker, *, seed))]
    fn restart_worker(slf: PyRef<'_, Self>, worker: usize, seed: u64) -> PyResult<()> {
        let mut state = slf.simulation.lock();
        if !matches!(state.engines.get(worker), Some(None)) {
            return Err(Failure::Unanswered(CallError::NoSuchWorker).into());
        }
        let fresh = engine(&state.config, seed, state.now);
        for other in state.engines.iter_mut().flatten() {
            other.lose_engine(engine_id(worker));
        }
        state.engines[worker] = Some(fresh);
        state.relay();
        slf.as_super().seen.restarted(worker);
        Ok(())
    }
}

/// An engine with a seed of its own.
fn engine(config: &Config, seed: u64, now: Instant) -> Engine {
    Engine::new(Config { seed: config.seed.wrapping_add(seed), ..config.clone() }, now)
}
