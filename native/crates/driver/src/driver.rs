//! The workers' owner.

use std::any::Any;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;

use crate::bind::{BindError, Listen, Sockets, bind_streams, bind_worker};
use crate::mailbox::{Mailbox, Refused};
use crate::reports::{Report, Reports};
use crate::streams;
use crate::sys;
use crate::worker::{Served, Shared, Worker, now};

/// How long `close` waits for a worker to end.
const END_WITHIN: Duration = Duration::from_secs(2);
/// Seconds from NTP's epoch (1900) to Unix's (1970), RFC 5905.
const NTP_OFFSET: u64 = 2_208_988_800;

/// Why a call got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// There is no worker of that number.
    NoSuchWorker,
    /// Too many calls wait for the worker already.
    Busy,
    /// The worker has panicked, or does not answer.
    Lost,
    /// The driver was closed.
    Closed,
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoSuchWorker => "there is no such worker",
            Self::Busy => "too many calls wait for the worker",
            Self::Lost => "the worker has panicked or does not answer",
            Self::Closed => "the engine is closed",
        })
    }
}

impl std::error::Error for CallError {}

/// A running thread, and the channel whose closing tells that it has ended.
#[derive(Debug)]
struct Thread {
    handle: JoinHandle<()>,
    ended: Receiver<()>,
}

/// Running workers. Dropping it closes it.
pub struct Driver {
    shared: Vec<Arc<Shared>>,
    addresses: Vec<Vec<SocketAddr>>,
    tcp_addresses: Vec<Vec<SocketAddr>>,
    receive_buffer: usize,
    reports: Arc<Reports>,
    threads: Mutex<Vec<Thread>>,
    closed: AtomicBool,
}

impl Driver {
    /// Binds `addresses` once a worker (port + worker, or any port for 0) and starts; `listen`
    /// says where it takes TCP connections.
    ///
    /// `config.ntp_epoch` is set from the system's clock and `config.seed` is mixed
    /// with chance; `queue` bounds the reports waiting to be drained.
    ///
    /// # Errors
    /// [`BindError`] for an address that cannot be bound.
    pub fn start(
        addresses: &[SocketAddr],
        workers: u16,
        listen: &Listen,
        config: &Config,
        queue: usize,
    ) -> Result<Self, BindError> {
        let sockets = (0..workers)
            .map(|worker| bind_worker(addresses, worker, listen))
            .collect::<Result<Vec<_>, _>>()?;
        let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
        let address = addresses.first().copied().unwrap_or(unspecified);
        let failed = |source| BindError { protocol: "UDP", address, source };
        Self::start_on(sockets, config, queue).map_err(failed)
    }

    /// Starts a worker on each set of bound UDP sockets that somebody else has opened.
    ///
    /// They are duplicated: whoever has the descriptors keeps them and may start another
    /// driver on them. `listen`, `config` and `queue` as in `start`.
    ///
    /// # Errors
    /// One that is no bound UDP socket, or an IPv6 wildcard that takes IPv4 too; what `listen`
    /// asks for cannot be had.
    pub fn adopt(
        descriptors: &[Vec<RawFd>],
        listen: &Listen,
        config: &Config,
        queue: usize,
    ) -> io::Result<Self> {
        let sockets = (0..).zip(descriptors).map(|(worker, descriptors)| {
            let adopted = descriptors.iter().map(|&descriptor| sys::adopt_udp(descriptor));
            let sockets = adopted.collect::<io::Result<Vec<_>>>()?;
            let explained = |error: BindError| io::Error::new(error.source.kind(), error);
            let listeners = bind_streams(&sockets, worker, listen).map_err(explained)?;
            Ok((sockets, listeners))
        });
        Self::start_on(sockets.collect::<io::Result<_>>()?, config, queue)
    }

    fn start_on(sockets: Vec<Sockets>, config: &Config, queue: usize) -> io::Result<Self> {
        let reports = Arc::new(Reports::new(queue)?);
        let mut driver = Self {
            shared: Vec::new(),
            addresses: Vec::new(),
            tcp_addresses: Vec::new(),
            receive_buffer: smallest_buffer(sockets.iter().flat_map(|(datagrams, _)| datagrams))?,
            reports,
            threads: Mutex::default(),
            closed: AtomicBool::new(false),
        };
        for (index, sockets) in sockets.into_iter().enumerate() {
            let bound = sockets.0.iter().map(UdpSocket::local_addr).collect::<io::Result<_>>()?;
            let listening = streams::addresses(&sockets.1)?;
            let shared = Arc::new(Shared {
                mailbox: Mailbox::new()?,
                progress: AtomicU64::new(0),
                stuck_at: AtomicU64::new(u64::MAX),
                gso: AtomicBool::new(false),
            });
            let config = Config {
                ntp_epoch: ntp_epoch(),
                seed: config.seed ^ unforeseeable(),
                ..config.clone()
            };
            let thread =
                spawn(index, config, sockets, Arc::clone(&shared), Arc::clone(&driver.reports))?;
            driver.shared.push(shared);
            driver.addresses.push(bound);
            driver.tcp_addresses.push(listening);
            driver.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(driver)
    }

    /// The bound addresses, by worker.
    #[must_use]
    pub fn local_addresses(&self) -> &[Vec<SocketAddr>] {
        &self.addresses
    }

    /// The addresses where TCP connections are taken, by worker.
    #[must_use]
    pub fn tcp_addresses(&self) -> &[Vec<SocketAddr>] {
        &self.tcp_addresses
    }

    /// Bytes the smallest of the sockets' receive buffers holds, as the kernel counts them:
    /// what a burst, or a worker that is kept waiting, may pile up without loss.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// How many workers were started.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.shared.len()
    }

    /// Runs `job` on the thread of `worker`, waits for its result, at most two seconds.
    ///
    /// After a worker has let one call wait in vain, others hardly wait until its loop has
    /// turned: whoever calls is needed elsewhere.
    ///
    /// # Errors
    /// [`CallError`]; after `Lost` by time-out the job may still run later.
    pub fn call<R: Send + 'static>(
        &self,
        worker: usize,
        job: impl FnOnce(Served<'_>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(CallError::Closed);
        }
        let shared = self.shared.get(worker).ok_or(CallError::NoSuchWorker)?;
        let (answer, answered) = sync_channel(1);
        let job = move |served: Served<'_>| {
            // The caller may have given up.
            let _ = answer.send(job(served));
        };
        shared.mailbox.put(Box::new(job)).map_err(|refused| match refused {
            Refused::Full => CallError::Busy,
            Refused::Closed => CallError::Lost,
        })?;
        shared.wait_for(&answered).ok_or(CallError::Lost)
    }

    /// Takes the oldest reports, at most `limit`.
    #[must_use]
    pub fn drain_reports(&self, limit: usize) -> Vec<Report> {
        self.reports.drain(limit)
    }

    /// How many control datagrams were dropped because too many waited to be drained.
    #[must_use]
    pub fn control_dropped(&self) -> u64 {
        self.reports.control_dropped()
    }

    /// A descriptor that is readable while reports wait; none once the driver is closed.
    #[must_use]
    pub fn reports_waiting(&self) -> Option<RawFd> {
        self.reports.waiting()
    }

    /// How often each worker's loop has turned; each moves at least every 500 ms.
    #[must_use]
    pub fn progress(&self) -> Vec<u64> {
        self.shared.iter().map(|shared| shared.progress.load(Ordering::Relaxed)).collect()
    }

    /// Whether every worker sends by UDP_SEGMENT.
    #[must_use]
    pub fn gso(&self) -> bool {
        self.shared.iter().all(|shared| shared.gso.load(Ordering::Relaxed))
    }

    /// Stops the workers, joins their threads and so closes every descriptor. Idempotent.
    ///
    /// Returns whether all have ended; one that hangs is left to itself after two seconds.
    pub fn close(&self) -> bool {
        self.closed.store(true, Ordering::Release);
        for shared in &self.shared {
            shared.mailbox.close();
        }
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ended = true;
        for thread in threads {
            use std::sync::mpsc::RecvTimeoutError::Timeout;
            if thread.ended.recv_timeout(END_WITHIN) == Err(Timeout) {
                ended = false;
            } else {
                let _ = thread.handle.join();
            }
        }
        self.reports.close();
        ended
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(
    index: usize,
    config: Config,
    sockets: Sockets,
    shared: Arc<Shared>,
    reports: Arc<Reports>,
) -> io::Result<Thread> {
    let (started, has_started) = sync_channel(1);
    let (ends, ended) = sync_channel(1);
    let body = move || work(index, config, sockets, &shared, &reports, &started, ends);
    let name = format!("sfu-worker-{index}");
    let handle = sys::with_signals_blocked(|| Builder::new().name(name).spawn(body))?;
    match has_started.recv() {
        Ok(result) => result.map(|()| Thread { handle, ended }),
        Err(_) => Err(io::Error::other("the worker ended before it started")),
    }
}

/// A worker thread's whole life.
fn work(
    index: usize,
    config: Config,
    sockets: Sockets,
    shared: &Arc<Shared>,
    reports: &Arc<Reports>,
    started: &SyncSender<io::Result<()>>,
    ends: SyncSender<()>,
) {
    let life = || {
        let engine = Engine::new(config, now());
        let worker = Worker::new(engine, sockets, Arc::clone(shared), Arc::clone(reports));
        let (result, worker) = match worker {
            Ok(worker) => (Ok(()), Some(worker)),
            Err(error) => (Err(error), None),
        };
        let _ = started.send(result);
        worker.map_or(Ok(()), |mut worker| worker.run())
    };
    // The engine and its sockets are dropped inside, whatever happens; nothing that is
    // used after this was in the middle of a change.
    let message = match catch_unwind(AssertUnwindSafe(life)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(panic_message(panic.as_ref())),
    };
    if let Some(message) = message {
        reports.extend([Report::WorkerPanicked { worker: index, message }]);
    }
    // Now those who wait for an answer get none.
    shared.mailbox.close();
    drop(ends);
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

fn smallest_buffer<'a>(sockets: impl Iterator<Item = &'a UdpSocket>) -> io::Result<usize> {
    let sizes = sockets.map(sys::receive_buffer).collect::<io::Result<Vec<_>>>()?;
    Ok(sizes.into_iter().min().unwrap_or(0))
}

/// A number nobody outside can know: std keys its hash maps with such ones.
fn unforeseeable() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// NTP time (32.32) at the zero of the engine's clock.
fn ntp_epoch() -> u64 {
    let wall = sys::realtime().saturating_sub(Duration::from_nanos(now().0));
    let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
    // NTP's seconds wrap in 2036 (era 1), as the 32 bits do here.
    ((wall.as_secs() + NTP_OFFSET) << 32) | fraction
}
