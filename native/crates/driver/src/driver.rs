//! The workers' owner.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use trio_sfu_core::config::Config;

use crate::bind::{BindError, Listen, Sockets, bind_worker};
use crate::links::{Links, Wake, link};
use crate::mailbox::Refused;
use crate::origin::Origin;
use crate::reports::{Report, Reports};
use crate::shared::{Job, Served, Shared};
use crate::streams;
use crate::sys;
use crate::thread::{Parts, Thread, spawn};
use crate::worker::now;

/// Seconds from NTP's epoch (1900) to Unix's (1970), RFC 5905.
const NTP_OFFSET: u64 = 2_208_988_800;

/// Why a call got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// There is no worker of that number.
    NoSuchWorker,
    /// Too many calls wait for the worker already.
    Busy,
    /// The worker has panicked.
    Lost,
    /// It does not answer.
    Silent,
    /// The driver was closed.
    Closed,
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoSuchWorker => "there is no such worker",
            Self::Busy => "too many calls wait for the worker",
            Self::Lost => "the worker has panicked",
            Self::Silent => "the worker does not answer",
            Self::Closed => "the engine is closed",
        })
    }
}

impl std::error::Error for CallError {}

/// Running workers. Dropping it closes it.
pub struct Driver {
    /// Each worker's; another one once it begins anew.
    shared: RwLock<Vec<Arc<Shared>>>,
    /// Wakes each worker for others; none once the driver is closed.
    wakes: Mutex<Vec<Arc<Wake>>>,
    config: Config,
    origin: Origin,
    addresses: Vec<Vec<SocketAddr>>,
    tcp_addresses: Vec<Vec<SocketAddr>>,
    receive_buffer: usize,
    reports: Arc<Reports>,
    /// By worker; none while there is none.
    threads: Mutex<Vec<Option<Thread>>>,
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
        let origin = Origin { adopted: None, listen: listen.clone() };
        Self::start_on(sockets, origin, config, queue).map_err(failed)
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
        let origin = Origin { adopted: Some(descriptors.to_vec()), listen: listen.clone() };
        let sockets = descriptors.iter().enumerate();
        let sockets = sockets.map(|(worker, descriptors)| origin.adopt(worker, descriptors));
        let sockets = sockets.collect::<io::Result<_>>()?;
        Self::start_on(sockets, origin, config, queue)
    }

    fn start_on(
        sockets: Vec<Sockets>,
        origin: Origin,
        config: &Config,
        queue: usize,
    ) -> io::Result<Self> {
        let datagrams = || sockets.iter().map(|(datagrams, _)| datagrams);
        let bound = |sockets: &Vec<UdpSocket>| sockets.iter().map(UdpSocket::local_addr).collect();
        let listening = sockets.iter().map(|(_, listeners)| streams::addresses(listeners));
        let shared = sockets.iter().map(|_| Ok(Arc::new(Shared::new()?)));
        let shared = shared.collect::<io::Result<Vec<_>>>()?;
        let wakes = sockets.iter().map(|_| Ok(Arc::new(Wake::new()?)));
        let wakes = wakes.collect::<io::Result<Vec<_>>>()?;
        let mut linked: Vec<Links> =
            wakes.iter().map(|wake| Links::new(Arc::clone(wake), wakes.len())).collect();
        for first in 0..wakes.len() {
            for second in first + 1..wakes.len() {
                let (of_first, of_second) = link(&wakes[first], &wakes[second]);
                linked[first].set(second, of_first);
                linked[second].set(first, of_second);
            }
        }
        let driver = Self {
            config: Config { ntp_epoch: ntp_epoch(), ..config.clone() },
            origin,
            addresses: datagrams().map(bound).collect::<io::Result<_>>()?,
            tcp_addresses: listening.collect::<io::Result<_>>()?,
            receive_buffer: smallest_buffer(datagrams().flatten())?,
            reports: Arc::new(Reports::new(queue)?),
            threads: Mutex::new(sockets.iter().map(|_| None).collect()),
            shared: RwLock::new(shared.clone()),
            wakes: Mutex::new(wakes),
            closed: AtomicBool::new(false),
        };
        for (worker, (sockets, links)) in sockets.into_iter().zip(linked).enumerate() {
            let thread = driver.spawn(worker, sockets, links, &shared[worker])?;
            driver.threads.lock().unwrap_or_else(PoisonError::into_inner)[worker] = Some(thread);
        }
        Ok(driver)
    }

    fn spawn(
        &self,
        worker: usize,
        sockets: Sockets,
        links: Links,
        shared: &Arc<Shared>,
    ) -> io::Result<Thread> {
        let config = Config { seed: self.config.seed ^ unforeseeable(), ..self.config.clone() };
        let parts = Parts { config, sockets, links };
        spawn(worker, parts, Arc::clone(shared), Arc::clone(&self.reports))
    }

    /// Starts a worker anew that has panicked, on the addresses it had: there is nothing in it.
    ///
    /// The others are told that all of its tracks and viewers are gone.
    ///
    /// # Errors
    /// It has not ended; an address cannot be bound again; no thread can be had; another worker
    /// has too much to do to hear of it; the driver is closed.
    pub fn restart(&self, worker: usize) -> io::Result<()> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let place = threads.get_mut(worker).ok_or(io::ErrorKind::NotFound)?;
        if self.closed.load(Ordering::Acquire) {
            return Err(io::Error::other("the engine is closed"));
        }
        if let Some(thread) = place.take()
            && let Err(running) = thread.end()
        {
            *place = Some(running);
            return Err(io::Error::other("the worker has not ended"));
        }
        let sockets = self.origin.again(worker, &self.addresses[worker])?;
        let others = self.shared().clone();
        let shared = Arc::new(Shared::new()?);
        let wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut links = Links::new(Arc::clone(&wakes[worker]), wakes.len());
        let mut told = Vec::new();
        for (number, other) in others.iter().enumerate().filter(|(number, _)| *number != worker) {
            let (own, its) = link(&wakes[worker], &wakes[number]);
            links.set(number, own);
            told.push((other, its));
        }
        *place = Some(self.spawn(worker, sockets, links, &shared)?);
        // Nobody has anything done by it before all others know of it.
        let mut reachable = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        reachable[worker] = shared;
        for (other, its) in told {
            // One that is lost, too, will have another link when it begins anew itself.
            if other.mailbox.put(Job::Relink(worker, its)) == Err(Refused::Full) {
                return Err(io::Error::other("a worker has too much to do"));
            }
        }
        Ok(())
    }

    fn shared(&self) -> RwLockReadGuard<'_, Vec<Arc<Shared>>> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
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
        self.addresses.len()
    }

    /// Runs `job` on the thread of `worker`, waits for its result, at most two seconds.
    ///
    /// After a worker has let one call wait in vain, others hardly wait until its loop has
    /// turned: whoever calls is needed elsewhere.
    ///
    /// # Errors
    /// [`CallError`]; after `Silent` the job may still run later.
    pub fn call<R: Send + 'static>(
        &self,
        worker: usize,
        job: impl FnOnce(Served<'_>) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        let (answer, answered) = sync_channel(1);
        let job = move |served: Served<'_>| {
            // The caller may have given up.
            let _ = answer.send(job(served));
        };
        self.put(worker, Box::new(job))?.wait_for(&answered)
    }

    /// Has `job` run on the thread of `worker` after all that it was given before; waits for nothing.
    ///
    /// # Errors
    /// [`CallError`], but never `Silent`.
    pub fn post(
        &self,
        worker: usize,
        job: impl FnOnce(Served<'_>) + Send + 'static,
    ) -> Result<(), CallError> {
        self.put(worker, Box::new(job)).map(drop)
    }

    fn put(
        &self,
        worker: usize,
        job: Box<dyn FnOnce(Served<'_>) + Send>,
    ) -> Result<Arc<Shared>, CallError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(CallError::Closed);
        }
        let shared = self.shared().get(worker).cloned().ok_or(CallError::NoSuchWorker)?;
        shared.mailbox.put(Job::Serve(job)).map_err(|refused| match refused {
            Refused::Full => CallError::Busy,
            Refused::Closed => CallError::Lost,
        })?;
        Ok(shared)
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
        self.shared().iter().map(|shared| shared.progress.load(Ordering::Relaxed)).collect()
    }

    /// How many packets each worker has sent to subscribers, without asking it.
    #[must_use]
    pub fn forwarded(&self) -> Vec<u64> {
        self.shared().iter().map(|shared| shared.forwarded.load(Ordering::Relaxed)).collect()
    }

    /// Whether every worker sends by UDP_SEGMENT.
    #[must_use]
    pub fn gso(&self) -> bool {
        self.shared().iter().all(|shared| shared.gso.load(Ordering::Relaxed))
    }

    /// Stops the workers, joins their threads and so closes every descriptor. Idempotent.
    ///
    /// Returns whether all have ended; one that hangs is left to itself after two seconds.
    pub fn close(&self) -> bool {
        // Before anything else: a worker that is being started anew is waited for.
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        self.closed.store(true, Ordering::Release);
        for shared in self.shared().iter() {
            shared.mailbox.close();
        }
        let mut ended = true;
        for thread in std::mem::take(&mut *threads).into_iter().flatten() {
            ended &= thread.end().is_ok();
        }
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.reports.close();
        ended
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.close();
    }
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
