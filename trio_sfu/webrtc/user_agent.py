"""The media side of a Python client: aiortc's peer connection, in trio's terms."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import trio
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av.frame import Frame

from trio_sfu._native import Kind
from trio_sfu.signaling.carried import SendingLine, SlotLine, Source
from trio_sfu.webrtc.bridge import Bridge, open_bridge
from trio_sfu.webrtc.loopback import gather_on_loopback
from trio_sfu.webrtc.reception import Reception
from trio_sfu.webrtc.source_tracks import open_track
from trio_sfu.webrtc.sources import AudioSource, VideoSource
from trio_sfu.webrtc.switch_track import SwitchTrack

SENDING: Final[Mapping[Source, Kind]] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "screen-audio": "audio",
}
CONNECTING: Final = "RTCPeerConnection.__connect"
"""What aiortc's task is called that does ICE and DTLS and then starts the tracks."""
_GOODBYE: Final = 5.0
"""Seconds that closing may take; aiortc waits for its decoder threads."""


@dataclass(frozen=True, slots=True)
class UserOffer:
    """An offer, and what its lines are for."""

    sdp: str
    sending: Sequence[SendingLine]
    slots: Sequence[SlotLine]


@dataclass(slots=True)
class _Lines:
    tracks: dict[Source, SwitchTrack] = field(default_factory=dict)
    sending: list[SendingLine] = field(default_factory=list)
    slots: list[SlotLine] = field(default_factory=list)


class UserAgent:
    """A peer connection that sends up to four tracks and receives on slots.

    Made by ``open_user_agent``. Its calls may come from any trio task.
    """

    def __init__(self, bridge: Bridge, pc: RTCPeerConnection, *, loopback: bool) -> None:
        self._bridge = bridge
        self._pc = pc
        self._loopback = loopback
        self._lines = _Lines()
        self._consumers: dict[str, asyncio.Task[None]] = {}
        self._receptions: dict[str, Reception] = {}
        self._changed = trio.Event()
        pc.on("connectionstatechange", self._state_changed)

    @property
    def receptions(self) -> Mapping[str, Reception]:
        """What came in on each slot, by mid."""
        return MappingProxyType(self._receptions)

    @property
    def state(self) -> str:
        """RTCPeerConnectionState: new, connecting, connected, failed or closed."""
        return self._pc.connectionState

    async def wait_state(self, *wanted: str) -> str:
        """Wait until the connection is in one of the ``wanted`` states; return it."""
        while self.state not in wanted:
            await self._changed.wait()
        return self.state

    def _state_changed(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def offer(self, pairs: int, audio_only: int = 0) -> UserOffer:
        """Make an offer with ``pairs`` slots of each kind, and some for audio alone.

        A later offer with more of them adds to what is there.
        """
        # aioice forgets the sockets it has opened when gathering is cancelled.
        with trio.CancelScope(shield=True):
            offer = await self._bridge.call(self._offer, pairs, audio_only)
        return offer  # noqa: RET504  (to mypy a scope may swallow an error)

    async def _offer(self, pairs: int, audio_only: int) -> UserOffer:
        sending = [] if self._lines.tracks else self._add_senders()
        slots = [
            (pair, kind, self._pc.addTransceiver(kind, direction="recvonly"))
            for pair, kind in self._missing(pairs, audio_only)
        ]
        if sending and self._loopback:
            gather_on_loopback(self._pc)
        await self._pc.setLocalDescription(await self._pc.createOffer())
        for source, transceiver in sending:
            self._lines.sending.append(SendingLine(mid=_mid(transceiver), source=source))
        for pair, kind, transceiver in slots:
            line = SlotLine(mid=_mid(transceiver), kind=kind, pair=pair)
            self._lines.slots.append(line)
            self._receptions[line.mid] = Reception(kind)
        return UserOffer(
            self._pc.localDescription.sdp, list(self._lines.sending), list(self._lines.slots)
        )

    def _add_senders(self) -> list[tuple[Source, RTCRtpTransceiver]]:
        added = []
        for source, kind in SENDING.items():
            track = self._lines.tracks[source] = SwitchTrack(kind)
            added.append((source, self._pc.addTransceiver(track, direction="sendonly")))
        return added

    def _missing(self, pairs: int, audio_only: int) -> list[tuple[int, Kind]]:
        have = {(line.pair, line.kind) for line in self._lines.slots}
        sounds: list[tuple[int, Kind]] = [(pair, "audio") for pair in range(pairs + audio_only)]
        pictures: list[tuple[int, Kind]] = [(pair, "video") for pair in range(pairs)]
        return [each for each in sorted(sounds + pictures) if each not in have]

    async def accept(self, answer: str) -> None:
        """Take in the answer; connecting begins."""
        await self._bridge.call(self._accept, answer)

    async def _accept(self, answer: str) -> None:
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        for transceiver in self._pc.getTransceivers():
            track, mid = transceiver.receiver.track, _mid(transceiver)
            if track is not None and mid in self._receptions and mid not in self._consumers:
                consumer = _consume(track, self._receptions[mid])
                self._consumers[mid] = asyncio.ensure_future(consumer)

    async def send(self, source: Source, media: VideoSource | AudioSource | None) -> None:
        """Send ``media`` on the line of ``source`` from now on; None: nothing."""
        await self._bridge.call(self._send, source, media)

    async def _send(self, source: Source, media: VideoSource | AudioSource | None) -> None:
        track = open_track(media, SENDING[source]) if media is not None else None
        self._lines.tracks[source].switch(track)

    async def stats(self) -> dict[str, Any]:
        """Return aiortc's statistics by id (W3C webrtc-stats)."""
        return dict(await self._bridge.call(self._pc.getStats))

    def vanish(self) -> None:
        """Send nothing from now on, not even a goodbye, as if the host were gone."""
        for transceiver in self._pc.getTransceivers():
            ice: Any = transceiver.receiver.transport.transport
            ice._send = _refuse
            for protocol in ice.iceGatherer._connection._protocols:
                protocol.send_stun = _drop

    async def close(self) -> None:
        """Close the connection, with its goodbyes."""
        await self._bridge.call(self._close)

    async def _close(self) -> None:
        for track in self._lines.tracks.values():
            track.stop()
        # A connection that comes about during close() starts threads nobody stops.
        connecting = [task for task in asyncio.all_tasks() if _is_connecting(task)]
        for task in connecting:
            task.cancel()
        await asyncio.gather(*connecting, return_exceptions=True)
        await self._pc.close()

    async def abandon(self) -> None:
        """End what aiortc does in tasks of its own, however far closing came."""
        await self._bridge.call(self._abandon)

    async def _abandon(self) -> None:
        # Closed while it connects or gathers, aiortc goes on: it starts its decoders'
        # threads, which keep the process from ending, and its sockets stay open.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for transceiver in self._pc.getTransceivers():
            transceiver.receiver._handle_disconnect()
        loop: Any = asyncio.get_running_loop()
        for transport in list(loop._transports.values()):
            transport.abort()
        for _turn in range(2):  # in which asyncio closes the sockets
            await asyncio.sleep(0)


def _is_connecting(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "") == CONNECTING


def _mid(transceiver: RTCRtpTransceiver) -> str:
    if transceiver.mid is None:
        raise RuntimeError("a line of an offer that was set has no mid")
    return transceiver.mid


async def _consume(track: MediaStreamTrack, reception: Reception) -> None:
    # Always: aiortc keeps every decoded frame until somebody takes it.
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, Frame):
            reception.note(frame)


def _drop(*_message: object) -> None:
    return


async def _refuse(_datagram: bytes) -> None:  # noqa: ASYNC124 - aiortc awaits it
    raise ConnectionError


@asynccontextmanager
async def open_user_agent(*, loopback: bool = False) -> AsyncIterator[UserAgent]:
    """Open a peer connection in a loop of its own. ``loopback``: see ``loopback``."""
    async with open_bridge() as bridge:
        pc = await bridge.call(_new_connection)
        agent = UserAgent(bridge, pc, loopback=loopback)
        try:
            yield agent
        finally:
            with trio.move_on_after(_GOODBYE, shield=True):
                await agent.close()
            with trio.move_on_after(_GOODBYE, shield=True):
                await agent.abandon()


async def _new_connection() -> RTCPeerConnection:  # noqa: ASYNC124 - made inside the loop
    return RTCPeerConnection(
        RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )
