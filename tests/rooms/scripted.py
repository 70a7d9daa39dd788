"""A registry whose peers have scripted connections: no engine, no DTLS, no clock.

The peer connection is the one thing here that is not real; ``tests/daemon`` has it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import trio

from trio_sfu._native import AudioLevel, Codec
from trio_sfu.access import Gate
from trio_sfu.access.grant import EVERYTHING
from trio_sfu.config.model import Overload, Rooms
from trio_sfu.errors import NegotiationError
from trio_sfu.events import Fact, Journal
from trio_sfu.ids import RoomId, SessionId
from trio_sfu.media.track import Layer
from trio_sfu.media.transport import TransportLost
from trio_sfu.overload.admission import Admission
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.layers import LADDER
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.registry import Registry
from trio_sfu.signaling.carried import PeerInfo, Rights, SendingLine, SlotLine, Source
from trio_sfu.signaling.messages import (
    Answer,
    ClientMessage,
    Error,
    Join,
    Joined,
    Offer,
    PeerJoined,
    PeerLeft,
    PeerUpdated,
    Publish,
    ServerMessage,
    Slots,
)
from trio_sfu.webrtc.events import PeerConnectionEvent
from trio_sfu.webrtc.peer_connection import PeerConnection


@dataclass
class ScriptedTrack:
    id: int
    source: Source
    listener: Callable[[AudioLevel], None] | None = None
    rids: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    encodings: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    keyframes: list[str] = field(default_factory=list)
    """The encodings that one was asked of."""

    def request_keyframe(self, rid: str) -> None:
        self.keyframes.append(rid)

    def codec(self, _rid: str) -> Codec | None:
        return None

    def stats(self) -> list[dict[str, int | str]]:
        return [{"rid": rid, **self.counts} for rid in self.encodings]


@dataclass
class ScriptedSlot:
    mid: str
    limits: list[tuple[int | None, int | None]] = field(default_factory=list)
    shown: list[tuple[int, str] | None] = field(default_factory=list)
    error: Exception | None = None

    def show(self, up_track: ScriptedTrack | None, rid: str = "") -> None:
        if self.error is not None:
            raise self.error
        self.shown.append(None if up_track is None else (up_track.id, rid))

    def limit(self, spatial: int | None, temporal: int | None) -> None:
        self.limits.append((spatial, temporal))

    def stats(self) -> dict[str, int | str]:
        return {"fraction_lost": 64}


class ScriptedConnection:
    """What a test makes of a peer connection."""

    _ids = iter(range(1, 1_000_000))

    def __init__(self, rights: Rights = EVERYTHING) -> None:
        self.rights = rights
        self.tracks: dict[Source, ScriptedTrack] = {}
        self.slots: dict[str, ScriptedSlot] = {}
        self.closed = False
        self.demands: list[int] = []
        self.loss = 0.0
        self.is_measured = False
        self.lost: TransportLost | None = None
        self.decodes: frozenset[Codec] = frozenset()
        self.encodes: dict[Source, list[Codec]] = {}
        self.goodbye: trio.Event | None = None
        """Set: closing takes until then."""
        self.breaks = False
        self.told_before_close: list[type[Fact]] = []
        self.happen, self.events = trio.open_memory_channel[PeerConnectionEvent](64)

    def set_demand(self, bitrate: int) -> None:
        self.demands.append(bitrate)

    def up_track(self, source: Source) -> ScriptedTrack | None:
        return self.tracks.get(source)

    async def allow(self, rights: Rights) -> None:
        await trio.lowlevel.checkpoint()
        self.rights = rights
        self.tracks = {key: each for key, each in self.tracks.items() if key in rights.publish}
        if not rights.subscribe:
            self.slots = {}

    async def negotiate(self, offer: Offer) -> str:
        await trio.lowlevel.checkpoint()
        if offer.sdp == "bad":
            raise NegotiationError("no", code="no-common-codec")
        if offer.sdp == "defect":
            raise KeyError("a defect in negotiation")
        for line in offer.sending:
            if line.source not in self.rights.publish:
                continue
            rids = LADDER if line.source == "camera" else ()
            track = ScriptedTrack(next(self._ids), line.source, rids=rids)
            self.tracks.setdefault(line.source, track)
        for slot in offer.slots if self.rights.subscribe else ():
            self.slots.setdefault(slot.mid, ScriptedSlot(slot.mid))
        return f"answer to {offer.sdp}"


class ScriptedLink:
    """A signaling session without a socket: the client's side of it, too."""

    def __init__(self) -> None:
        self.id = SessionId("s-test")
        self.departure: Departure | None = None
        self.follows = True
        self.heard: list[ServerMessage] = []
        self.ended: list[str | None] = []
        self.failure: str | None = None
        self._say, self._said = trio.open_memory_channel[ClientMessage](64)

    # ---- what the peer sees ------------------------------------------------------------

    async def receive(self) -> ClientMessage:
        return await self._said.receive()

    def send(self, message: ServerMessage) -> None:
        if self.departure is None:
            self.heard.append(message)

    def end(
        self,
        code: str | None = None,
        message: str | None = None,  # noqa: ARG002  (Link)
        *,
        failure: str | None = None,
    ) -> None:
        if self.departure is None:
            self.departure = Departure.ENDED
            self.ended.append(code)
            self.failure = failure
            self._say.close()

    # ---- what the test does ------------------------------------------------------------

    def say(self, message: ClientMessage) -> None:
        self._say.send_nowait(message)

    def vanish(self, how: Departure) -> None:
        self.departure = how
        self._say.close()

    def forget(self) -> None:
        self.heard = [each for each in self.heard if isinstance(each, Joined)]

    def all(self, kind: type) -> list[ServerMessage]:
        return [message for message in self.heard if type(message) is kind]


@dataclass
class Someone:
    """A peer of the test: its client and its connection."""

    link: ScriptedLink
    pc: ScriptedConnection

    @property
    def id(self) -> str:
        return self.joined.peer

    @property
    def joined(self) -> Joined:
        return cast("Joined", self.link.all(Joined)[0])

    @property
    def left(self) -> list[tuple[str, str]]:
        """Who this peer was told has left, and why."""
        return [(m.peer, m.reason) for m in cast("list[PeerLeft]", self.link.all(PeerLeft))]

    @property
    def errors(self) -> list[str]:
        return [m.code for m in cast("list[Error]", self.link.all(Error))]

    @property
    def shown(self) -> dict[str, tuple[str, Source] | None]:
        """The newest mapping it was told."""
        newest = cast("Slots", self.link.all(Slots)[-1])
        return {s.mid: (s.peer, s.source) if s.peer and s.source else None for s in newest.slots}

    def news_of(self, other: "Someone") -> list[PeerInfo]:
        news = [m for m in self.link.heard if isinstance(m, PeerJoined | PeerUpdated)]
        return [message.peer for message in news if message.peer.id == other.id]

    async def offer(self, *sources: Source, pairs: int = 2) -> None:
        sending = [SendingLine(mid=source, source=source) for source in sources]
        slots = [
            SlotLine(mid=f"{kind[0]}{pair}", kind=kind, pair=pair)
            for pair in range(pairs)
            for kind in ("audio", "video")
        ]
        slots.append(SlotLine(mid=f"a{pairs}", kind="audio", pair=pairs))
        self.link.say(Offer(id=1, sdp="sdp", sending=sending, slots=slots))
        await settle()
        assert self.link.all(Answer)

    async def publish(self, source: Source, *, live: bool = True, muted: bool = False) -> None:
        self.link.say(Publish(source=source, live=live, muted=muted))
        await settle()

    async def happen(self, event: PeerConnectionEvent) -> None:
        self.pc.happen.send_nowait(event)
        await settle()


async def settle() -> None:
    """Let everybody do what there is to do."""
    await trio.testing.wait_all_tasks_blocked()


class Scene:
    """A registry and those who join it."""

    def __init__(self, settings: Rooms, gate: Gate | None = None) -> None:
        self.facts: list[Fact] = []
        self.connections: list[ScriptedConnection] = []
        self.journal = Journal(self.facts.append)
        self.level = Level.NORMAL
        self.rooms = Registry(
            settings,
            self._connect,
            self.journal,
            Admission(Overload(), lambda: self.level),
            max_peers_in_all=1_000,
            gate=gate,
        )

    @asynccontextmanager
    async def _connect(self, rights: Rights, _room: RoomId) -> AsyncIterator[PeerConnection]:
        connection = ScriptedConnection(rights)
        self.connections.append(connection)
        try:
            yield cast("PeerConnection", connection)
        finally:
            if connection.goodbye is not None:
                with trio.CancelScope(shield=True):
                    await connection.goodbye.wait()
            connection.closed = True
            if connection.breaks:
                raise OSError("closing fails")
            connection.told_before_close = [type(fact) for fact in self.facts]

    async def join(
        self,
        room: str = "r",
        name: str = "n",
        replaces: str | None = None,
        token: str | None = None,
    ) -> Someone:
        link = ScriptedLink()
        join = Join(room=room, name=name, token=token, replaces=replaces)
        await self.rooms.join(join, link)
        await settle()
        return Someone(link, self.connections[-1])

    def noted(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@asynccontextmanager
async def scene(gate: Gate | None = None, **settings: float) -> AsyncIterator[Scene]:
    made = Scene(Rooms(**settings), gate)  # type: ignore[arg-type]
    async with trio.open_nursery() as nursery:
        await nursery.start(made.rooms.run)
        yield made
        nursery.cancel_scope.cancel()
