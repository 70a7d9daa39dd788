"""Defects put into the daemon on purpose, that only a fault at the right place brings out."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from tests.checkpoints.sweep import Kind
from trio_sfu.events import Failure, PeerCrashed
from trio_sfu.media.engine import MediaEngine
from trio_sfu.media.transport import Transport
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.room import Room


@dataclass(frozen=True, slots=True)
class Planted:
    """A defect, the faults that bring it out, and what is said then."""

    plant: Callable[[], AbstractContextManager[object]]
    flow: str
    kind: Kind
    said: str


@contextmanager
def kept_transport() -> Iterator[None]:
    """A transport is not removed when an error ends its user."""

    transport = MediaEngine.transport

    @asynccontextmanager
    async def keep(
        self: MediaEngine, ufrag: str, pwd: str, *, worker: int = 0
    ) -> AsyncIterator[Transport]:
        async with transport(self, ufrag, pwd, worker=worker) as opened:
            try:
                yield opened
            except Exception:
                self.native.add_transport(f"kept{opened.id}", "x" * 22)
                raise

    with patch.object(MediaEngine, "transport", keep):
        yield


def forgotten_farewell() -> AbstractContextManager[object]:
    """The others are told of a peer's end only when it has a reason."""
    farewell = Room.farewell

    def forget(self: Room, peer: Peer, reason: Any) -> None:
        if reason != "failed":
            farewell(self, peer, reason)

    return patch.object(Room, "farewell", forget)


def silent_failure() -> AbstractContextManager[object]:
    """A peer that fails does not tell its client."""

    def note(self: Peer, error: BaseException) -> None:
        failure = Failure.of(error, code="peer-failed", path=self.path)
        self.room.journal.note(PeerCrashed(failure, self.room.id, self.id))

    return patch.object(Peer, "_failed", note)


@contextmanager
def error_beyond_the_peer() -> Iterator[None]:
    """A peer's error goes on into its room."""

    async def run(self: Peer) -> None:
        try:
            with self._scope:
                await self._live()
        finally:
            self.room.farewell(self, self._reason or "failed")
            self.gone.set()

    with patch.object(Peer, "run", run):
        yield


@contextmanager
def silent_room() -> Iterator[None]:
    """A room that fails tells nobody."""
    failed = Room._failed

    def fail(self: Room, error: BaseException) -> None:
        failed(self, error)
        self.peers.clear()

    with patch.object(Room, "_failed", fail):
        yield


PLANTED: Final[dict[str, Planted]] = {
    "kept transport": Planted(kept_transport, "publish", "raise", "left behind: {"),
    "forgotten farewell": Planted(forgotten_farewell, "publish", "raise", "want to be"),
    "silent failure": Planted(silent_failure, "publish", "raise", "was not told"),
    "error beyond the peer": Planted(error_beyond_the_peer, "publish", "raise", "began"),
    "silent room": Planted(silent_room, "publish", "raise", "that the room has failed"),
}
