"""Defects put into the daemon on purpose, to see that the simulation finds each."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import trio
from msgspec import structs

from trio_sfu._native import Connected, ConsentExpired, PathChanged
from trio_sfu.errors import RequestError
from trio_sfu.events import failures, recent
from trio_sfu.ids import PeerId, ResumeToken, RoomId
from trio_sfu.media import transport
from trio_sfu.media.simulated import Address, SimulatedMediaEngine
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.media.transport import Transport, TransportEvent
from trio_sfu.rooms import presenters, slots
from trio_sfu.rooms.attention import Attention
from trio_sfu.rooms.beside import beside
from trio_sfu.rooms.commons import Commons
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.presence import Presence
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.recording import RecordedLink
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.returning import Returning
from trio_sfu.rooms.room import Room
from trio_sfu.signaling import session
from trio_sfu.signaling.messages import Chat, ServerMessage, View
from trio_sfu.webrtc import peer_connection

Planted = Callable[[], AbstractContextManager[object]]


@contextmanager
def forgotten_down_track() -> Iterator[None]:
    """A slot goes on with what it shows when its track is over."""
    show = Slot.show

    def forget(self: Slot, up_track: UpTrack | None, rid: str = "") -> None:
        if up_track is not None:
            show(self, up_track, rid)

    with patch.object(Slot, "show", forget):
        yield


@contextmanager
def wrong_down_track() -> Iterator[None]:
    """A slot shows what somebody was shown first, in whatever room."""
    show = Slot.show
    first: dict[str, UpTrack] = {}

    def mistake(self: Slot, up_track: UpTrack | None, rid: str = "") -> None:
        if up_track is not None and not first.setdefault(up_track.kind, up_track).closed:
            up_track = first[up_track.kind]
            rid = rid if rid in up_track.encodings else next(iter(up_track.encodings), "")
        show(self, up_track, rid)

    with patch.object(Slot, "show", mistake):
        yield


@contextmanager
def forgotten_transport() -> Iterator[None]:
    """A peer leaves another transport in the engine."""
    close = Transport.close

    def forget(self: Transport) -> None:
        close(self)
        self._native.add_transport(f"forgotten{self.id}", "x" * 22)

    with patch.object(Transport, "close", forget):
        yield


@contextmanager
def lost_message() -> Iterator[None]:
    """Not everybody gets every third message in writing."""
    send = RecordedLink.send

    def lose(self: RecordedLink, message: ServerMessage) -> None:
        if not (isinstance(message, Chat) and message.message.number % 3 == 0):
            send(self, message)

    with patch.object(RecordedLink, "send", lose):
        yield


@contextmanager
def forgotten_hand() -> Iterator[None]:
    """The hand of somebody who has left stays up for those who are there."""

    def forget(self: Commons, peer: PeerId) -> None:
        self.gestures.raise_hand(peer, raised=False)

    with patch.object(Commons, "forget", forget):
        yield


@contextmanager
def leaked_task() -> Iterator[None]:
    """A room starts a task outside of itself, and forgets it."""
    open_room = Registry._open

    def leak(self: Registry, name: RoomId, *, returning: bool) -> Room:
        assert self._nursery is not None
        self._nursery.start_soon(trio.sleep_forever, name="leaked")
        return open_room(self, name, returning=returning)

    with patch.object(Registry, "_open", leak):
        yield


def double_join() -> AbstractContextManager[object]:
    """A client that joins anew does not take the place of its peer before."""

    def nobody(_self: Registry, *_arguments: object) -> list[Peer]:
        return []

    return patch.object(Registry, "_former", nobody)


@contextmanager
def spent_token() -> Iterator[None]:
    """A resume that is refused spends the token, so that the join after it replaces nobody."""

    def refuse(self: Registry, token: str, _link: object) -> None:
        peer = self._holder(token)
        if peer is not None:
            peer.resume_token = ResumeToken("spent")
        raise RequestError("there is no session to resume", code="resume-unknown")

    with patch.object(Registry, "resume", refuse):
        yield


@contextmanager
def break_before_make() -> Iterator[None]:
    """A restart of ICE drops the path there is, before there is another."""
    restart, deliver = Transport.restart_ice, Transport.deliver
    receive = SimulatedMediaEngine.receive
    paths: dict[Transport, Address] = {}
    dropped: set[Address] = set()

    def note(self: Transport, event: TransportEvent) -> None:
        if isinstance(event, Connected | PathChanged):
            paths[self] = (event.host, event.port)
        deliver(self, event)

    def drop(self: Transport, ice_ufrag: str, ice_pwd: str) -> None:
        restart(self, ice_ufrag, ice_pwd)
        dropped.add(paths[self])

    def refuse(
        self: SimulatedMediaEngine, source: Address, datagram: bytes, worker: int = 0
    ) -> None:
        if source not in dropped:
            receive(self, source, datagram, worker)

    with (
        patch.object(Transport, "deliver", note),
        patch.object(Transport, "restart_ice", drop),
        patch.object(SimulatedMediaEngine, "receive", refuse),
    ):
        yield


@contextmanager
def unbounded_arrivals() -> Iterator[None]:
    """The door of a room takes whoever comes."""
    make = Room.__init__

    def unbounded(self: Room, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        self._arrivals_in, self._arrivals = trio.open_memory_channel(math.inf)

    with patch.object(Room, "__init__", unbounded):
        yield


@contextmanager
def unbounded_memory() -> Iterator[None]:
    """Who was here is remembered for ever."""
    make = Returning.__init__

    def unbounded(self: Returning) -> None:
        make(self, most=1_000_000_000)

    with patch.object(Returning, "__init__", unbounded):
        yield


def unbounded(module: object, name: str, value: object = math.inf) -> Planted:
    """Make a queue without the bound that a constant gives it."""
    return lambda: patch.object(module, name, value)


def ghost() -> AbstractContextManager[object]:
    """Nobody looks at how a session ended."""

    def nothing(_self: Presence) -> Any:
        return None

    return patch.object(Presence, "verdict", nothing)


# Each with what is said of it.
@contextmanager
def two_presenters() -> Iterator[None]:
    """Who shares a screen takes nobody's place."""
    with patch.object(presenters, "take_over", lambda _peer: None):
        yield


@contextmanager
def ignored_consent() -> Iterator[None]:
    """Nobody hears that a client's address takes no more."""
    deliver = Transport.deliver

    def ignore(self: Transport, event: TransportEvent) -> None:
        if not isinstance(event, ConsentExpired):
            deliver(self, event)

    with patch.object(Transport, "deliver", ignore):
        yield


@contextmanager
def video_for_nobody() -> Iterator[None]:
    """Who has turned away from the page is sent all the same."""
    see = Attention.see

    def stare(self: Attention, view: View) -> bool:
        return see(self, structs.replace(view, hidden=False))

    with patch.object(Attention, "see", stare):
        yield


@contextmanager
def unwished_camera() -> Iterator[None]:
    """Everybody is shown presenters beside their screens."""

    def all_of_them(
        pairs: Sequence[int],
        seats: Mapping[int, PeerId],
        publishers: Mapping[PeerId, Publisher],
        before: Mapping[int, PeerId],
        _wished: Sequence[PeerId],
    ) -> dict[int, PeerId]:
        return beside(pairs, seats, publishers, before, list(publishers))

    with patch.object(slots, "beside", all_of_them):
        yield


def forgotten_wish() -> AbstractContextManager[object]:
    """Nobody is shown a presenter beside the screen."""

    def nobody(*_arguments: object) -> dict[int, PeerId]:
        return {}

    return patch.object(slots, "beside", nobody)


PLANTED: dict[str, tuple[Planted, str]] = {
    "forgotten down-track": (forgotten_down_track, "which is over"),
    "wrong down-track": (wrong_down_track, "shows|received"),
    "forgotten transport": (forgotten_transport, "left behind: {'transports'"),
    "leaked task": (leaked_task, "left behind: {'tasks'"),
    "double join": (double_join, " is in .*, and as "),
    "spent resume token": (spent_token, " is in .*, and as "),
    "break before make": (break_before_make, "lost its path before it had the next one"),
    "unbounded outbox": (unbounded(session, "_OUTBOX"), "outbox is not bounded"),
    "unbounded inbound": (unbounded(session, "_INBOUND"), "inbound is not bounded"),
    "unbounded events": (unbounded(peer_connection, "EVENTS"), "events is not bounded"),
    "unbounded inbox": (unbounded(transport, "INBOX"), "inbox is not bounded"),
    "unbounded arrivals": (unbounded_arrivals, "arrivals is not bounded"),
    "unbounded facts": (unbounded(recent, "KEPT", None), "newest facts is not bounded"),
    "unbounded failures": (unbounded(failures, "_KEPT", None), "failures is not bounded"),
    "unbounded memory of peers": (unbounded_memory, "returning is not bounded"),
    "lost message": (lost_message, "message .* came after|has read"),
    "forgotten hand": (forgotten_hand, "sees the hands of"),
    "two presenters": (two_presenters, "present in"),
    "ghost": (ghost, "is still in"),
    "ignored consent": (ignored_consent, "though nothing is in its way"),
    "video for nobody": (video_for_nobody, "looks elsewhere and is sent"),
    "unwished camera": (unwished_camera, "and does not wish it"),
    "forgotten wish": (forgotten_wish, "has nothing of the camera of"),
}
