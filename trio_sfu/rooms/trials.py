"""Rooms in which clients test their connection: nobody sees them, and no metric counts them."""

from collections.abc import Callable
from typing import Final

import msgspec
import trio

from trio_sfu.access import Gate, Grant
from trio_sfu.config.model import Rooms, Video
from trio_sfu.errors import RequestError
from trio_sfu.events import Crash, Fact, Journal
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.overload.admission import Admission
from trio_sfu.rooms.link import Link
from trio_sfu.rooms.peer import Connect
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.room import Room
from trio_sfu.signaling.carried import IceServer
from trio_sfu.signaling.messages import Join

BETWEEN: Final = "/"
"""Between a room's name and that of a trial in it; no room's name has it."""
_ROOMS: Final = 32
_PARTIES: Final = 4
"""One for each way that media can take, and one that receives."""
_LIMITS: Final = Rooms(max_rooms=_ROOMS, max_peers=_PARTIES)
_SECONDS: Final = 120.0
"""What a trial may take; it would be a room for who may have none, else."""


class Trials:
    """Joins with ``trial``. ``run`` is the parent of their rooms.

    A trial has the rights of its token, which it does not use up; it joins a room that only those
    get into who name the same trial, in the same room.
    """

    def __init__(
        self,
        connect: Connect,
        journal: Journal,
        admission: Admission,
        gate: Gate,
        *,
        relays: Callable[[PeerId], list[IceServer]],
        video: Video,
    ) -> None:
        self._journal = journal
        self._nursery: trio.Nursery | None = None
        self._timed: set[Room] = set()
        self._rooms = Registry(
            _LIMITS,
            connect,
            Journal(self._noted),
            admission,
            max_peers_in_all=_ROOMS * _PARTIES,
            relays=relays,
            video=video,
            gate=_TrialGate(gate),
        )

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the parent of the rooms, until cancelled."""
        async with trio.open_nursery() as self._nursery:
            await self._nursery.start(self._rooms.run, name="trials/rooms")
            task_status.started()
            await trio.sleep_forever()

    async def stop(self) -> None:
        """End every trial, telling the clients; nobody gets into one any more."""
        await self._rooms.stop()

    def reconfigure(self, video: Video) -> None:
        """Have other codecs for rooms, from now on."""
        self._rooms.reconfigure(_LIMITS, video)

    async def join(self, join: Join, link: Link, address: str | None = None) -> None:
        """Bring a client into the room of its trial; raises what ``Registry.join`` does."""
        name = RoomId(f"{join.room}{BETWEEN}{join.trial}")
        await self._rooms.join(msgspec.structs.replace(join, room=name), link, address)
        room = self._rooms.rooms.get(name)
        if room is not None and room not in self._timed and self._nursery is not None:
            self._timed.add(room)
            self._nursery.start_soon(self._end, room, name=f"trials/{name}/limit")

    def resume(self, token: str, link: Link) -> bool:
        """Give a peer of a trial another session; False: there is no such peer."""
        try:
            self._rooms.resume(token, link)
        except RequestError:
            return False
        return True

    async def _end(self, room: Room) -> None:
        try:
            with trio.move_on_after(_SECONDS):
                await room.gone.wait()
            if not room.gone.is_set():
                room.end("trial-over")
        finally:
            self._timed.discard(room)

    def _noted(self, fact: Fact) -> None:
        if isinstance(fact, Crash):
            self._journal.note(fact)


class _TrialGate(Gate):
    """Lets in whom another gate would let in, and remembers nothing of it."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def grant(self, token: str | None, room: str, held: Grant | None = None) -> Grant:
        return self._gate.grant(token, room.partition(BETWEEN)[0], held)

    def use(self, grant: Grant) -> None:
        pass
