//! `SimulatedEngine`: the core without sockets, threads or clock.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;
use trio_sfu_core::event::Event;
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Batch;
use trio_sfu_driver::{CallError, Counters, Report, Served};

use crate::backend::{Backend, Job};
use crate::commands::Commands;
use crate::convert;

/// NTP time of the simulation's zero: any fixed one, so that runs are equal.
const NTP_EPOCH: u64 = 4_000_000_000 << 32;

struct State {
    engine: Engine,
    /// The latest time the caller has told.
    now: Instant,
    /// Events taken from the engine, whose own queue is the bounded one, but not yet drained.
    events: VecDeque<Event>,
    batch: Batch,
}

impl State {
    fn advance(&mut self, now: u64) -> Instant {
        self.now = self.now.max(Instant(now));
        self.now
    }
}

/// One engine behind a lock.
struct Simulation(Mutex<State>);

impl Simulation {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Simulation {
    fn workers(&self) -> usize {
        1
    }

    fn run(&self, worker: usize, job: Job) -> Result<(), CallError> {
        if worker != 0 {
            return Err(CallError::NoSuchWorker);
        }
        let mut state = self.lock();
        let State { engine, now, .. } = &mut *state;
        job(Served { engine, now: *now, counters: &Counters::default() });
        Ok(())
    }

    fn drain(&self, limit: usize) -> Vec<Report> {
        let mut state = self.lock();
        let State { engine, events, .. } = &mut *state;
        if events.len() < limit {
            let mut fresh = Vec::new();
            engine.drain_events(&mut fresh);
            events.extend(fresh);
        }
        let count = limit.min(events.len());
        events.drain(..count).map(Report::Engine).collect()
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
        consent_timeout_ms: u64,
        silence_timeout_ms: u64,
        encoding_timeout_ms: u64,
        source_timeout_ms: u64,
        max_transports: usize,
        event_queue: usize,
    ) -> PyResult<PyClassInitializer<Self>> {
        let config = convert::config(
            consent_timeout_ms,
            silence_timeout_ms,
            encoding_timeout_ms,
            source_timeout_ms,
            max_transports,
            event_queue,
        )?;
        let now = Instant(now);
        let engine = Engine::new(Config { ntp_epoch: NTP_EPOCH, seed, ..config }, now);
        let state = State { engine, now, events: VecDeque::new(), batch: Batch::default() };
        let simulation = Arc::new(Simulation(Mutex::new(state)));
        let commands = Commands::new(Arc::<Simulation>::clone(&simulation));
        Ok(PyClassInitializer::from(commands).add_subclass(Self { simulation }))
    }

    fn handle_datagram(
        &self,
        py: Python<'_>,
        now: u64,
        source: (String, u16),
        datagram: &[u8],
    ) -> PyResult<()> {
        let source = convert::address(&source)?;
        let mut datagram = datagram.to_vec();
        py.detach(|| {
            let mut state = self.simulation.lock();
            let now = state.advance(now);
            state.engine.handle_datagram(now, source, &mut datagram);
        });
        Ok(())
    }

    fn handle_deadline(&self, py: Python<'_>, now: u64) {
        py.detach(|| {
            let mut state = self.simulation.lock();
            let now = state.advance(now);
            state.engine.handle_deadline(now);
        });
    }

    fn next_deadline(&self) -> Option<u64> {
        self.simulation.lock().engine.next_deadline().map(|deadline| deadline.0)
    }

    fn transmit<'py>(&self, py: Python<'py>) -> Vec<((String, u16), Bound<'py, PyBytes>)> {
        let sent = py.detach(|| self.simulation.flush());
        let python = |(destination, datagram): (SocketAddr, Vec<u8>)| {
            let address = (destination.ip().to_string(), destination.port());
            (address, PyBytes::new(py, &datagram))
        };
        sent.into_iter().map(python).collect()
    }
}

impl Simulation {
    fn flush(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut state = self.lock();
        let State { engine, now, batch, .. } = &mut *state;
        let mut sent = Vec::new();
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
