//! `Commands`: what both engines understand.

use std::collections::BTreeMap;
use std::sync::Arc;

use pyo3::prelude::*;
use trio_sfu_core::command::{Command, CommandError, SlotConfig, UpTrackConfig};
use trio_sfu_core::ids::{SlotId, TransportId, UpTrackId};
use trio_sfu_driver::{CallError, Served, engine_id};

use crate::backend::{Backend, ask};
use crate::convert::{self, CodecArgument};
use crate::error::Failure;
use crate::events;
use crate::handles::{Handles, worker_of};
use crate::seen::Seen;
use crate::stats::{self, Stats};

/// What Engine and SimulatedEngine have in common. Not to be constructed.
#[pyclass(subclass, frozen, module = "trio_sfu._native")]
pub(crate) struct Commands {
    backend: Arc<dyn Backend>,
    handles: Handles,
    pub(crate) seen: Seen,
}

impl Commands {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        let seen = Seen::new(backend.workers());
        Self { backend, handles: Handles::default(), seen }
    }

    /// Asks the worker of `handle`; a handle of no worker is `unknown`.
    fn ask<R: Send + 'static>(
        &self,
        py: Python<'_>,
        handle: u64,
        unknown: CommandError,
        question: impl FnOnce(Served<'_>) -> Result<R, CommandError> + Send + 'static,
    ) -> Result<R, Failure> {
        let answer = py.detach(|| ask(&*self.backend, worker_of(handle), question));
        match answer {
            Ok(answer) => answer.map_err(Failure::Refused),
            Err(CallError::NoSuchWorker) => Err(Failure::Refused(unknown)),
            Err(error) => Err(Failure::Unanswered(error)),
        }
    }

    fn command(
        &self,
        py: Python<'_>,
        handle: u64,
        unknown: CommandError,
        command: Command,
    ) -> PyResult<()> {
        let question = move |served: Served<'_>| served.engine.handle_command(served.now, command);
        Ok(self.ask(py, handle, unknown, question)?)
    }

    /// A command whose answer nobody waits for: the event loop has other things to do than to stand
    /// still until the worker has its turn. What it is about is there, or is going.
    fn tell(
        &self,
        py: Python<'_>,
        handle: u64,
        unknown: CommandError,
        command: Command,
    ) -> PyResult<()> {
        let job = move |served: Served<'_>| {
            let _ = served.engine.handle_command(served.now, command);
        };
        match py.detach(|| self.backend.post(worker_of(handle), Box::new(job))) {
            Ok(()) => Ok(()),
            Err(CallError::NoSuchWorker) => Err(Failure::Refused(unknown).into()),
            Err(error) => Err(Failure::Unanswered(error).into()),
        }
    }

    /// Has the worker of `slot` know a track that another one receives.
    fn relay(&self, py: Python<'_>, slot: u64, up_track: UpTrackId) -> PyResult<()> {
        let publisher = engine_id(worker_of(up_track.0));
        let question = move |served: Served<'_>| served.engine.describe_relay(up_track, publisher);
        let config = match self.ask(py, up_track.0, CommandError::UnknownTrack, question) {
            // It is gone, and the slot's worker is not.
            Err(Failure::Unanswered(CallError::Lost)) => {
                return Err(Failure::Refused(CommandError::UnknownTrack).into());
            }
            answer => answer?,
        };
        let command = Command::AddRelay { id: up_track, config };
        self.command(py, slot, CommandError::UnknownSlot, command)
    }

    /// A removal. What is not there, or was on a worker that is not there, is removed.
    fn remove(&self, py: Python<'_>, handle: u64, command: Command) -> PyResult<()> {
        let question = move |served: Served<'_>| served.engine.handle_command(served.now, command);
        match self.ask(py, handle, CommandError::UnknownTransport, question) {
            Err(Failure::Unanswered(CallError::Busy)) => {
                Err(Failure::Unanswered(CallError::Busy).into())
            }
            _ => Ok(()),
        }
    }

    /// Sums up what every worker that still runs says.
    fn sum(
        &self,
        py: Python<'_>,
        question: fn(Served<'_>) -> Vec<(&'static str, u64)>,
    ) -> BTreeMap<&'static str, u64> {
        py.detach(|| {
            let mut sums = BTreeMap::new();
            for worker in 0..self.backend.workers() {
                for (name, count) in ask(&*self.backend, worker, question).unwrap_or_default() {
                    *sums.entry(name).or_default() += count;
                }
            }
            sums
        })
    }
}

#[pymethods]
impl Commands {
    #[pyo3(signature = (ice_ufrag, ice_pwd, *, worker = 0))]
    fn add_transport(
        &self,
        py: Python<'_>,
        ice_ufrag: String,
        ice_pwd: String,
        worker: usize,
    ) -> PyResult<u64> {
        if worker >= self.backend.workers() {
            return Err(Failure::Unanswered(CallError::NoSuchWorker).into());
        }
        let handle = self.handles.allocate(worker);
        let command = Command::AddTransport { id: TransportId(handle), ice_ufrag, ice_pwd };
        self.command(py, handle, CommandError::UnknownTransport, command)?;
        Ok(handle)
    }

    fn restart_ice(
        &self,
        py: Python<'_>,
        transport: u64,
        ice_ufrag: String,
        ice_pwd: String,
    ) -> PyResult<()> {
        let transport_id = TransportId(transport);
        let command = Command::RestartIce { transport: transport_id, ice_ufrag, ice_pwd };
        self.command(py, transport, CommandError::UnknownTransport, command)
    }

    #[pyo3(signature = (transport, *, extensions, codecs))]
    fn set_negotiated(
        &self,
        py: Python<'_>,
        transport: u64,
        extensions: Vec<(i64, String)>,
        codecs: Vec<CodecArgument>,
    ) -> PyResult<()> {
        let command = Command::SetNegotiated {
            transport: TransportId(transport),
            extensions: extensions.into_iter().map(convert::extension).collect::<PyResult<_>>()?,
            codecs: codecs.into_iter().map(convert::codec).collect::<PyResult<_>>()?,
        };
        self.command(py, transport, CommandError::UnknownTransport, command)
    }

    fn set_srtp_keys(
        &self,
        py: Python<'_>,
        transport: u64,
        profile: &str,
        inbound: &[u8],
        outbound: &[u8],
    ) -> PyResult<()> {
        let command = Command::SetSrtpKeys {
            transport: TransportId(transport),
            profile: convert::profile(profile)?,
            inbound: inbound.to_vec(),
            outbound: outbound.to_vec(),
        };
        self.command(py, transport, CommandError::UnknownTransport, command)
    }

    fn send_control(&self, py: Python<'_>, transport: u64, datagram: &[u8]) -> PyResult<()> {
        let command =
            Command::SendControl { transport: TransportId(transport), datagram: datagram.to_vec() };
        self.command(py, transport, CommandError::UnknownTransport, command)
    }

    #[pyo3(
        signature = (transport, mid, kind, *, rids = Vec::new(), ssrcs = Vec::new()),
        text_signature = "($self, transport, mid, kind, *, rids=(), ssrcs=())"
    )]
    fn add_up_track(
        &self,
        py: Python<'_>,
        transport: u64,
        mid: &str,
        kind: &str,
        rids: Vec<String>,
        ssrcs: Vec<(i64, Option<i64>)>,
    ) -> PyResult<u64> {
        let rids = rids.iter().map(|text| convert::rid(text)).collect::<PyResult<_>>()?;
        let ssrcs = ssrcs
            .into_iter()
            .map(|(ssrc, rtx)| Ok((convert::ssrc(ssrc)?, rtx.map(convert::ssrc).transpose()?)))
            .collect::<PyResult<_>>()?;
        let config =
            UpTrackConfig { kind: convert::kind(kind)?, mid: convert::mid(mid)?, rids, ssrcs };
        let handle = self.handles.allocate(worker_of(transport));
        let transport = TransportId(transport);
        let command = Command::AddUpTrack { id: UpTrackId(handle), transport, config };
        self.command(py, handle, CommandError::UnknownTransport, command)?;
        Ok(handle)
    }

    #[pyo3(signature = (transport, mid, kind, *, ssrc, rtx_ssrc = None, cname))]
    #[expect(clippy::too_many_arguments, reason = "they are the Python call's, by name")]
    fn add_slot(
        &self,
        py: Python<'_>,
        transport: u64,
        mid: &str,
        kind: &str,
        ssrc: i64,
        rtx_ssrc: Option<i64>,
        cname: String,
    ) -> PyResult<u64> {
        let config = SlotConfig {
            kind: convert::kind(kind)?,
            mid: convert::mid(mid)?,
            ssrc: convert::ssrc(ssrc)?,
            rtx_ssrc: rtx_ssrc.map(convert::ssrc).transpose()?,
            cname,
        };
        let handle = self.handles.allocate(worker_of(transport));
        let transport = TransportId(transport);
        let command = Command::AddSlot { id: SlotId(handle), transport, config };
        self.command(py, handle, CommandError::UnknownTransport, command)?;
        Ok(handle)
    }

    #[pyo3(signature = (slot, up_track, rid = ""))]
    fn map_slot(
        &self,
        py: Python<'_>,
        slot: u64,
        up_track: Option<u64>,
        rid: &str,
    ) -> PyResult<()> {
        let rid = convert::rid(rid)?;
        let source = up_track.map(|up_track| (UpTrackId(up_track), rid));
        let question = move |served: Served<'_>| {
            let command = Command::MapSlot { slot: SlotId(slot), source };
            served.engine.handle_command(served.now, command)
        };
        let elsewhere = up_track.filter(|up_track| worker_of(*up_track) != worker_of(slot));
        match (self.ask(py, slot, CommandError::UnknownSlot, question), elsewhere) {
            (Err(Failure::Refused(CommandError::UnknownTrack)), Some(up_track)) => {
                self.relay(py, slot, UpTrackId(up_track))?;
                Ok(self.ask(py, slot, CommandError::UnknownSlot, question)?)
            }
            (answer, _) => Ok(answer?),
        }
    }

    fn set_demand(&self, py: Python<'_>, transport: u64, bitrate: u64) -> PyResult<()> {
        let command = Command::SetDemand { transport: TransportId(transport), bitrate };
        self.tell(py, transport, CommandError::UnknownTransport, command)
    }

    fn limit_slot(
        &self,
        py: Python<'_>,
        slot: u64,
        spatial: Option<u8>,
        temporal: Option<u8>,
    ) -> PyResult<()> {
        let command = Command::LimitSlot { slot: SlotId(slot), spatial, temporal };
        self.tell(py, slot, CommandError::UnknownSlot, command)
    }

    #[pyo3(signature = (up_track, rid = ""))]
    fn request_keyframe(&self, py: Python<'_>, up_track: u64, rid: &str) -> PyResult<()> {
        let command =
            Command::RequestKeyframe { up_track: UpTrackId(up_track), rid: convert::rid(rid)? };
        self.command(py, up_track, CommandError::UnknownTrack, command)
    }

    fn remove_up_track(&self, py: Python<'_>, up_track: u64) -> PyResult<()> {
        self.remove(py, up_track, Command::RemoveUpTrack { up_track: UpTrackId(up_track) })
    }

    fn remove_slot(&self, py: Python<'_>, slot: u64) -> PyResult<()> {
        self.remove(py, slot, Command::RemoveSlot { slot: SlotId(slot) })
    }

    fn remove_transport(&self, py: Python<'_>, transport: u64) -> PyResult<()> {
        let command = Command::RemoveTransport { transport: TransportId(transport) };
        self.remove(py, transport, command)
    }

    #[pyo3(signature = (limit = 1024))]
    fn drain_events(&self, py: Python<'_>, limit: usize) -> PyResult<Vec<Py<PyAny>>> {
        let reports = py.detach(|| self.backend.drain(limit));
        reports.into_iter().map(|report| events::to_python(py, report)).collect()
    }

    fn census(&self, py: Python<'_>) -> BTreeMap<&'static str, u64> {
        self.sum(py, |served| {
            let streams = ("streams", served.counters.open_streams());
            served.engine.census().entries().chain([streams]).collect()
        })
    }

    fn counters(&self, py: Python<'_>) -> BTreeMap<&'static str, u64> {
        let mut counters = py.detach(|| self.seen.sum(&*self.backend));
        *counters.entry("drop_control_budget").or_default() += self.backend.control_dropped();
        counters
    }

    #[staticmethod]
    fn worker_of(handle: u64) -> usize {
        worker_of(handle)
    }

    fn transport_stats(
        &self,
        py: Python<'_>,
        transport: u64,
    ) -> PyResult<BTreeMap<&'static str, u64>> {
        let id = TransportId(transport);
        let question = move |served: Served<'_>| served.engine.transport_stats(served.now, id);
        let stats = self.ask(py, transport, CommandError::UnknownTransport, question)?;
        Ok(stats.into_iter().collect())
    }

    fn up_track_stats(&self, py: Python<'_>, up_track: u64) -> PyResult<Vec<Stats>> {
        let id = UpTrackId(up_track);
        let question = move |served: Served<'_>| served.engine.up_track_stats(id);
        let encodings = self.ask(py, up_track, CommandError::UnknownTrack, question)?;
        Ok(encodings.iter().map(stats::of_encoding).collect())
    }

    fn slot_stats(&self, py: Python<'_>, slot: u64) -> PyResult<Stats> {
        let id = SlotId(slot);
        let question = move |served: Served<'_>| served.engine.slot_stats(id);
        let slot = self.ask(py, slot, CommandError::UnknownSlot, question)?;
        Ok(stats::of_slot(&slot))
    }
}
