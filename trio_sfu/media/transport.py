"""One ICE and DTLS association as the engine knows it, and its inbox of events."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

from trio_sfu import _native
from trio_sfu._native import Codec, Extension, Kind, Profile
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.signaling.carried import Source

if TYPE_CHECKING:
    from trio_sfu.media.registry import Registry

INBOX: Final = 4_096
"""Events that may wait in a transport's inbox.

The engine's events are facts that are not repeated, so none is dropped: a transport
whose inbox is full is lost (``TransportLost``, code ``events-lost``), and its peer fails
and may rejoin. The pump hands over fewer than this before other tasks run, so only a
peer whose task does not run at all can come to it.
"""


@dataclass(frozen=True, slots=True)
class TransportLost:
    """The transport is of no more use; ``code`` says why, ``failure`` which failure it was."""

    code: str
    message: str
    failure: str | None = None


TransportEvent: TypeAlias = (
    _native.Connected
    | _native.PathChanged
    | _native.ConsentExpired
    | _native.Silent
    | _native.Heard
    | _native.EncodingStarted
    | _native.EncodingIdle
    | _native.EncodingStopped
    | _native.LayersMeasured
    | _native.SlotSwitched
    | _native.EstimateChanged
    | TransportLost
)

ControlSink: TypeAlias = Callable[[bytes], None]


class Transport:
    """A handle on a transport. Made by ``MediaEngine.transport``.

    DTLS datagrams do not pass the inbox: they go straight to ``control``, which bounds
    them itself, or nowhere while there is none.
    """

    def __init__(self, registry: "Registry", handle: int, nudge: Callable[[], None]) -> None:
        self._registry = registry
        self._native = registry.native
        self._nudge = nudge
        self.id = handle
        self.opened_by = trio.lowlevel.current_task().name
        self.connected = False
        self.reached = trio.Event()
        """Set once there is an address to send to."""
        self.silent = False
        self.estimate: int | None = None
        """What the path to the peer carries, in bits/s; None before the first estimate."""
        self.lost: TransportLost | None = None
        self.control: ControlSink | None = None
        self._inbox, self.events = trio.open_memory_channel[TransportEvent](INBOX)

    def __repr__(self) -> str:
        return f"<Transport {self.id}>"

    def restart_ice(self, ice_ufrag: str, ice_pwd: str) -> None:
        """Answer to new credentials; the old ones are answered until these nominate.

        RFC 8445, section 9. Raises EngineError.
        """
        self._native.restart_ice(self.id, ice_ufrag, ice_pwd)

    def set_negotiated(
        self,
        *,
        extensions: Sequence[tuple[int, Extension]],
        codecs: Sequence[tuple[int, Codec, int, int | None]],
    ) -> None:
        """Set the bundle's header extension ids and payload types. Raises EngineError."""
        self._native.set_negotiated(self.id, extensions=extensions, codecs=codecs)

    def set_srtp_keys(self, profile: Profile, inbound: bytes, outbound: bytes) -> None:
        """Install the SRTP keys of both directions. Raises EngineError."""
        self._native.set_srtp_keys(self.id, profile, inbound, outbound)
        self._nudge()

    def set_demand(self, bitrate: int) -> None:
        """Say what would be sent if the path carried it, in bits/s; probing goes no further.

        Raises EngineError.
        """
        self._native.set_demand(self.id, bitrate)
        self._nudge()

    def send_control(self, datagram: bytes) -> None:
        """Send a DTLS datagram; dropped while no address is known. Raises EngineError."""
        self._native.send_control(self.id, datagram)
        self._nudge()

    def stats(self) -> dict[str, int]:
        """Return the transport's counters (see ``Commands.transport_stats``)."""
        return self._native.transport_stats(self.id)

    @contextmanager
    def up_track(
        self,
        mid: str,
        kind: Kind,
        source: Source,
        *,
        rids: Sequence[str] = (),
        ssrcs: Sequence[tuple[int, int | None]] = (),
    ) -> Iterator[UpTrack]:
        """Receive a track on the m-line ``mid``. Raises EngineError."""
        handle = self._native.add_up_track(self.id, mid, kind, rids=rids, ssrcs=ssrcs)
        track = UpTrack(
            self._native, handle, mid=mid, kind=kind, source=source, rids=rids, nudge=self._nudge
        )
        self._registry.up_tracks[handle] = (self, track)
        try:
            yield track
        finally:
            track.closed = True
            del self._registry.up_tracks[handle]
            self._native.remove_up_track(handle)
            self._nudge()

    @contextmanager
    def slot(
        self, mid: str, kind: Kind, pair: int, *, ssrc: int, rtx_ssrc: int | None, cname: str
    ) -> Iterator[Slot]:
        """Send on the m-line ``mid`` with these SSRCs. Raises EngineError."""
        handle = self._native.add_slot(
            self.id, mid, kind, ssrc=ssrc, rtx_ssrc=rtx_ssrc, cname=cname
        )
        slot = Slot(self._native, handle, mid=mid, kind=kind, pair=pair, nudge=self._nudge)
        self._registry.slots[handle] = (self, slot)
        try:
            yield slot
        finally:
            slot.closed = True
            del self._registry.slots[handle]
            self._native.remove_slot(handle)
            self._nudge()

    def deliver(self, event: TransportEvent) -> None:
        """Put an event into the inbox. For the engine alone."""
        if self.lost is not None:
            return
        self._note(event)
        try:
            self._inbox.send_nowait(event)
        except trio.WouldBlock:
            self.lost = TransportLost("events-lost", "the peer did not take its events")
        except trio.BrokenResourceError:
            return
        if self.lost is not None:
            self._inbox.close()

    def _note(self, event: TransportEvent) -> None:
        match event:
            case _native.Connected():
                self.connected = True
                self.reached.set()
            case _native.ConsentExpired():
                self.connected = False
            case _native.Silent():
                self.silent = True
            case _native.Heard():
                self.silent = False
            case _native.EstimateChanged(bitrate=bitrate):
                self.estimate = bitrate
            case TransportLost():
                self.lost = event
            case _:
                pass

    def close(self) -> None:
        """End the inbox. For the engine alone."""
        self.control = None
        self._inbox.close()
        self.events.close()
