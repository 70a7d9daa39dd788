//! `Engine`: worker threads, their UDP sockets and TCP connections.

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::Arc;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use trio_sfu_driver::{BindError, CallError, Driver, Listen};

use crate::commands::Commands;
use crate::convert;
use crate::error::Failure;
use crate::handles::MAX_WORKERS;

/// Worker threads, their UDP sockets and TCP connections.
#[pyclass(extends = Commands, frozen, module = "trio_sfu._native")]
pub(crate) struct Engine {
    driver: Arc<Driver>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (
        *,
        addresses,
        workers = 1,
        consent_timeout_ms = 15_000,
        silence_timeout_ms = 3_000,
        encoding_timeout_ms = 2_000,
        source_timeout_ms = 10_000,
        max_transports = 10_000,
        event_queue = 16_384,
        descriptors = None,
        tcp_port = None,
        tcp_descriptors = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are the Python call's, by name")]
    fn new(
        py: Python<'_>,
        addresses: Vec<(String, u16)>,
        workers: u16,
        consent_timeout_ms: u64,
        silence_timeout_ms: u64,
        encoding_timeout_ms: u64,
        source_timeout_ms: u64,
        max_transports: usize,
        event_queue: usize,
        descriptors: Option<Vec<Vec<RawFd>>>,
        tcp_port: Option<u16>,
        tcp_descriptors: Option<Vec<Vec<RawFd>>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let addresses = addresses.iter().map(convert::address).collect::<PyResult<Vec<_>>>()?;
        if addresses.is_empty() {
            return Err(PyValueError::new_err("no addresses to bind"));
        }
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
        let listen = match (tcp_descriptors, tcp_port) {
            (Some(sockets), _) if sockets.len() != usize::from(workers) => {
                return Err(PyValueError::new_err("tcp_descriptors must be those of each worker"));
            }
            (Some(sockets), _) => Listen::Adopted(sockets),
            (None, None) => Listen::Off,
            (None, Some(0)) => Listen::Beside,
            (None, Some(port)) => Listen::Port(port),
        };
        let driver = match descriptors {
            Some(sockets) if sockets.len() != usize::from(workers) => {
                return Err(PyValueError::new_err("descriptors must be those of each worker"));
            }
            Some(sockets) => py
                .detach(|| Driver::adopt(&sockets, &listen, &config, event_queue))
                .map_err(PyErr::from)?,
            None => py
                .detach(|| Driver::start(&addresses, workers, &listen, &config, event_queue))
                .map_err(os_error)?,
        };
        let driver = Arc::new(driver);
        let commands = Commands::new(Arc::<Driver>::clone(&driver));
        Ok(PyClassInitializer::from(commands).add_subclass(Self { driver }))
    }

    fn local_addresses(&self) -> Vec<Vec<(String, u16)>> {
        shown(self.driver.local_addresses())
    }

    fn tcp_addresses(&self) -> Vec<Vec<(String, u16)>> {
        shown(self.driver.tcp_addresses())
    }

    fn event_fd(&self) -> PyResult<RawFd> {
        let closed = || Failure::Unanswered(CallError::Closed).into();
        self.driver.reports_waiting().ok_or_else(closed)
    }

    fn progress(&self) -> Vec<u64> {
        self.driver.progress()
    }

    fn receive_buffer(&self) -> usize {
        self.driver.receive_buffer()
    }

    fn gso(&self) -> bool {
        self.driver.gso()
    }

    fn forwarded(&self) -> Vec<u64> {
        self.driver.forwarded()
    }

    fn restart_worker(slf: PyRef<'_, Self>, py: Python<'_>, worker: usize) -> PyResult<()> {
        let driver = Arc::clone(&slf.driver);
        // Before the new one can be asked. The lost one answers no more.
        slf.as_super().seen.restarted(worker);
        Ok(py.detach(|| driver.restart(worker))?)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if py.detach(|| self.driver.close()) {
            Ok(())
        } else {
            Err(Failure::Unanswered(CallError::Lost).into())
        }
    }

    /// Makes a worker panic, for tests of what must survive it.
    fn _panic_worker(&self, py: Python<'_>, worker: usize, message: String) -> PyResult<()> {
        let answer = py.detach(|| self.driver.call::<()>(worker, move |_| panic!("{message}")));
        match answer {
            Err(CallError::Lost | CallError::Silent) | Ok(()) => Ok(()),
            Err(error) => Err(Failure::Unanswered(error).into()),
        }
    }
}

/// Each worker's addresses as Python has them.
fn shown(addresses: &[Vec<SocketAddr>]) -> Vec<Vec<(String, u16)>> {
    let pair = |address: &SocketAddr| (address.ip().to_string(), address.port());
    addresses.iter().map(|bound| bound.iter().map(pair).collect()).collect()
}

/// OSError's own subclasses are chosen by the error's number.
fn os_error(error: BindError) -> PyErr {
    match error.source.raw_os_error() {
        Some(number) => PyOSError::new_err((number, error.to_string())),
        None => PyOSError::new_err(error.to_string()),
    }
}
