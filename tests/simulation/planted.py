"""Defects put into the daemon on purpose, to see that the simulation finds each."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import trio

from trio_sfu.ids import RoomId
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.media.transport import Transport
from trio_sfu.rooms.presence import Presence
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.room import Room
from trio_sfu.signaling import session

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
def leaked_task() -> Iterator[None]:
    """A room starts a task outside of itself, and forgets it."""
    open_room = Registry._open

    def leak(self: Registry, name: RoomId) -> Room:
        assert self._nursery is not None
        self._nursery.start_soon(trio.sleep_forever, name="leaked")
        return open_room(self, name)

    with patch.object(Registry, "_open", leak):
        yield


def double_join() -> AbstractContextManager[object]:
    """A client that joins anew does not take the place of its peer before."""

    async def stay(_self: Registry, _token: str) -> None:
        await trio.lowlevel.checkpoint()

    return patch.object(Registry, "_replace", stay)


def unbounded_queue() -> AbstractContextManager[object]:
    """A client that does not read is written to without end."""
    return patch.object(session, "_OUTBOX", math.inf)


def ghost() -> AbstractContextManager[object]:
    """Nobody looks at how a session ended."""

    def nothing(_self: Presence) -> Any:
        return None

    return patch.object(Presence, "verdict", nothing)


# Each with what is said of it.
PLANTED: dict[str, tuple[Planted, str]] = {
    "forgotten down-track": (forgotten_down_track, "which is over"),
    "wrong down-track": (wrong_down_track, "shows|received"),
    "forgotten transport": (forgotten_transport, "left behind: {'transports'"),
    "leaked task": (leaked_task, "left behind: {'tasks'"),
    "double join": (double_join, " is in .*, and as "),
    "unbounded queue": (unbounded_queue, "outbox is not bounded"),
    "ghost": (ghost, "is still in"),
}
