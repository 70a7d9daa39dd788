"""Every queue of the daemon, how full it is, and how full it may be.

``tests/simulation/test_queues.py`` fails when a module has one that is missing here.
"""

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from trio_sfu.daemon import Daemon
from trio_sfu.events.timeline import FIRST, GONE, LAST
from trio_sfu.rooms.chat import MOST_BYTES
from trio_sfu.rooms.gestures import MOST_REACTIONS
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.room import Room

_LABELS: Final = 500
"""Kinds of facts times their labels: codes and reasons, which come from closed sets."""
_FAILED: Final = 1_000
"""Rooms that failed within a minute, and their failures."""
_TRACKS: Final = 16  # up-tracks of a peer: one a source, and some that are on their way out
_TILES: Final = 256  # of a ``view`` message
_WISHES: Final = 4  # encodings of a camera
_PATHS: Final = 8  # addresses of a transport (native: ``MAX_ADDRESSES``)
_ENCODINGS: Final = 8  # of an up-track (native: ``MAX_ENCODINGS``)


class Queue(NamedTuple):
    """What waits, or is kept, somewhere."""

    owner: str
    name: str
    length: int
    bound: float

    @property
    def wrong(self) -> str | None:
        """Say what is wrong with it."""
        if not self.bound < 100_000:
            return f"{self.owner}: {self.name} is not bounded"
        if self.length > self.bound:
            return f"{self.owner}: {self.name} has {self.length}, and may have {self.bound:g}"
        return None


def queues(daemon: Daemon) -> Iterator[Queue]:
    """Yield all of them."""
    yield from _of_daemon(daemon)
    yield from _of_engine(daemon)
    for room in daemon.rooms.rooms.values():
        yield _channel(room.id, "arrivals", room._arrivals)
        yield from _of_commons(room)
        yield from _of_listening(room)
        for peer in room.peers.values():
            yield from _of_peer(room, peer, daemon.config.signaling.max_slots)


def _of_daemon(daemon: Daemon) -> Iterator[Queue]:
    journal, rooms = daemon.journal, daemon.rooms
    for name, ring in (
        ("newest facts", journal.recent._ring),
        ("failures", journal.failures._kept),
    ):
        yield Queue("journal", name, len(ring), math.inf if ring.maxlen is None else ring.maxlen)
    counts = sum(map(len, journal._counts.values()))
    yield Queue("journal", "counts", counts, _LABELS)
    yield Queue("journal", "timelines of who is gone", len(journal.timelines._gone), GONE)
    yield Queue("rooms", "failed", sum(map(len, rooms._restarts._failures.values())), _FAILED)
    yield Queue("rooms", "kept commons", len(rooms._kept), rooms._kept._most)
    yield Queue("rooms", "returning", len(rooms._returning), rooms._returning._most)
    yield Queue("rooms", "screens of who is away", len(rooms._absent), rooms._absent._most)
    for name, buckets in (
        ("addresses", rooms._admission._by_address),
        ("identities", rooms._admission._by_identity),
    ):
        yield Queue("rooms", name, len(buckets), buckets._most)
    yield Queue("gate", "used tokens", len(daemon.gate.used), daemon.gate.used._most)
    yield Queue("gate", "barred", len(daemon.gate.barred), daemon.gate.barred._most)


def _of_engine(daemon: Daemon) -> Iterator[Queue]:
    registry, census = daemon.engine.registry, daemon.engine.census()
    peers = sum(len(room.peers) for room in daemon.rooms.rooms.values())
    # One more a peer: those that have left the room and are still closing.
    transports = 2 * peers + 8
    slots = daemon.config.signaling.max_slots
    for name, bound in (("transports", 1), ("up_tracks", _TRACKS), ("slots", slots)):
        yield Queue("media", name, len(getattr(registry, name)), bound * transports)
    for name, bound in (("addresses", _PATHS), ("encodings", _TRACKS * _ENCODINGS)):
        yield Queue("engine", name, census.get(name, 0), bound * transports)


def _of_commons(room: Room) -> Iterator[Queue]:
    chat, gestures = room.commons.chat, room.commons.gestures
    most = chat._kept.maxlen
    yield Queue(room.id, "chat", len(chat._kept), math.inf if most is None else most)
    yield Queue(room.id, "bytes of chat", chat.size, MOST_BYTES)
    yield Queue(room.id, "hands", len(gestures.hands), len(room.peers))
    yield Queue(room.id, "reactions", gestures.waiting, MOST_REACTIONS)


def _of_listening(room: Room) -> Iterator[Queue]:
    speakers = room.listening._speakers
    peers = len(room.peers)
    for name, known in (
        ("voices", speakers._voices),
        ("recent speakers", speakers._recent),
        ("voices in order", speakers._order),
    ):
        yield Queue(room.id, name, len(known), peers)
    for voice in speakers._voices.values():
        for name, kept in (
            ("windows", voice._windows),
            ("frames", voice._frames),
            ("quietest", voice._quietest),
        ):
            bound = math.inf if kept.maxlen is None else kept.maxlen
            yield Queue(room.id, f"voice's {name}", len(kept), bound)


def _of_peer(room: Room, peer: Peer, most: int) -> Iterator[Queue]:
    link: Any = peer.link.inner
    yield Queue(peer.name, "timeline", sum(1 for _ in peer.timeline.steps()), FIRST + LAST)
    yield _channel(peer.name, "inbound", link._inbound)
    yield _channel(peer.name, "outbox", link._outbox_in)
    yield _channel(peer.name, "frames", link._socket._recv_channel)
    if not room.ending:
        # A room that ends forgets who is in it, and its peers with what they preferred.
        members = len(room.state.members)
        attention = peer.view.attention
        yield Queue(peer.name, "preferences", len(attention._preferences), members)
        tiles = len(attention._tiles) + len(attention._beside)
        yield Queue(peer.name, "tiles", tiles, _TILES)
        budgets = peer.view._allocator._budgets
        yield Queue(peer.name, "budgets", len(budgets), budgets.maxlen or math.inf)
        dynacast = room.planning.tracks.dynacast
        yield Queue(peer.name, "wishes", len(dynacast._wishes.get(peer.id, ())), _WISHES * most)
    screening, pc = peer.screening, peer._pc
    slots = len(pc.slots) if pc is not None else most
    yield Queue(peer.name, "plan", len(screening._plan.plan), most)
    yield Queue(peer.name, "mapped slots", len(screening._mapped), slots)
    yield Queue(peer.name, "shown slots", len(screening.shown), slots)
    yield Queue(peer.name, "limits", len(screening._limits), slots)
    if pc is not None:
        yield _channel(peer.name, "events", pc.events)
        if pc._transport is not None:
            yield _channel(peer.name, "inbox", pc._transport.events)


def _channel(owner: str, name: str, channel: Any) -> Queue:  # noqa: ANN401
    statistics = channel.statistics()
    return Queue(owner, name, statistics.current_buffer_used, statistics.max_buffer_size)
