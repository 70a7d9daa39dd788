"""The handles of one native engine by id, and where each of its events goes."""

import structlog

from trio_sfu import _native
from trio_sfu._native import Commands, Event
from trio_sfu.errors import MediaError
from trio_sfu.events import EngineFailed, Failure, Journal
from trio_sfu.media.resync import resync
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.media.transport import Transport, TransportEvent, TransportLost

log = structlog.get_logger(__name__)


class Registry:
    """What lives in one native engine."""

    def __init__(
        self, native: Commands, *, silence_timeout: float, journal: Journal | None = None
    ) -> None:
        self.native = native
        self.transports: dict[int, Transport] = {}
        self.up_tracks: dict[int, tuple[Transport, UpTrack]] = {}
        self.slots: dict[int, tuple[Transport, Slot]] = {}
        self._silence_timeout = silence_timeout
        self._journal = journal or Journal()

    def dispatch(self, event: Event) -> None:
        """Bring an event to whom it concerns; those of a handle just removed are dropped."""
        match event:
            case _native.ControlDatagram(transport=handle, data=data):
                receiver = self.transports.get(handle)
                if receiver is not None and receiver.control is not None:
                    receiver.control(data)
            case _native.AudioLevel(up_track=handle):
                # Not by the inbox: it comes all the time, and the next one tells more.
                if handle in self.up_tracks:
                    self.up_tracks[handle][1].hear(event)
            case _native.WorkerPanicked(worker=worker, message=message):
                self._fail(worker, message)
            case _native.EventsLost(count=count):
                log.warning("engine events lost", count=count)
                for transport in list(self.transports.values()):
                    self._resync(transport)
            case _:
                self._deliver(event)

    def _deliver(self, event: TransportEvent) -> None:
        match event:
            case (
                _native.EncodingStarted()
                | _native.EncodingIdle()
                | _native.EncodingStopped()
                | _native.LayersMeasured()
            ):
                if event.up_track in self.up_tracks:
                    owner, track = self.up_tracks[event.up_track]
                    track.note(event)
                    owner.deliver(event)
            case _native.SlotSwitched():
                if event.slot in self.slots:
                    self.slots[event.slot][0].deliver(event)
            case TransportLost():
                pass  # Made by ``lose`` alone.
            case _:
                if event.transport in self.transports:
                    self.transports[event.transport].deliver(event)

    def lose(self, worker: int, code: str, message: str, failure: str | None = None) -> None:
        """Tell the transports of a worker so, and close its tracks for who watches elsewhere."""
        for handle, (_, track) in self.up_tracks.items():
            track.closed |= Commands.worker_of(handle) == worker
        for handle, transport in list(self.transports.items()):
            if Commands.worker_of(handle) == worker:
                transport.deliver(TransportLost(code, message, failure))

    def _fail(self, worker: int, message: str) -> None:
        error = MediaError(f"a worker panicked: {message}", code="worker-lost")
        failure = Failure.of(error, code=error.code, path=f"engine/worker {worker}")
        self._journal.note(EngineFailed(failure))
        self.lose(worker, failure.code, message, failure.id)

    def _resync(self, transport: Transport) -> None:
        tracks = [track for owner, track in self.up_tracks.values() if owner is transport]
        for event in resync(self.native, transport, tracks, silence_timeout=self._silence_timeout):
            self._deliver(event)
