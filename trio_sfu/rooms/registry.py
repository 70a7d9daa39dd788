"""The registry of rooms: opens them on the first join, forgets them when they end."""

from collections.abc import Callable
from typing import Any

import trio

from trio_sfu import events
from trio_sfu.config.model import Rooms, Video
from trio_sfu.errors import RequestError
from trio_sfu.events import Journal
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.overload.admission import Admission
from trio_sfu.rooms.codecs import preference_of
from trio_sfu.rooms.link import Link
from trio_sfu.rooms.peer import Connect, Peer
from trio_sfu.rooms.restarts import RestartLimit
from trio_sfu.rooms.returning import Returning
from trio_sfu.rooms.room import Room
from trio_sfu.signaling.messages import IceServer, Join, VideoLimit

_REPLACE_S = 2.0
_END_S = 2.0


class Registry:
    """All rooms. Its nursery is their parent; it ends them when it is cancelled."""

    def __init__(
        self,
        settings: Rooms,
        connect: Connect,
        journal: Journal,
        admission: Admission,
        *,
        max_peers_in_all: int,
        relays: Callable[[PeerId], list[IceServer]] = lambda _peer: [],
        video: Video | None = None,
    ) -> None:
        self.rooms: dict[RoomId, Room] = {}
        self._settings = settings
        self._connect = connect
        self._journal = journal
        self._admission = admission
        self._max_peers_in_all = max_peers_in_all
        self._relays = relays
        self._video = video or Video()
        self._returning = Returning()
        self._video_limit: VideoLimit = "high"
        self._restarts = RestartLimit()
        self._nursery: trio.Nursery | None = None
        self._stopping = False
        self._ended = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the parent of the rooms, until cancelled or stopped."""
        try:
            async with trio.open_nursery() as self._nursery:
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """End every room, telling the clients; return when all are gone."""
        self._stopping = True
        for room in list(self.rooms.values()):
            room.end("server-stopping")
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()
            await self._ended.wait()

    async def join(
        self,
        join: Join,
        link: Link,
        address: str | None = None,
        *,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Bring a client into a room, opening it if need be.

        Returns when the peer is admitted; it owns ``link`` from then on. ``address`` is the
        client's, where it is known. ``check`` is called when there may be a join at all, and
        before there is a peer; what it raises refuses the join. Raises RequestError with the
        codes room-full, too-many-peers, too-many-rooms, room-unavailable, server-stopping and
        those of ``Admission.admit`` and of ``check``.
        """
        room = RoomId(join.room)
        try:
            now = trio.current_time()
            self._admission.admit(now, address, returning=self._is_back(join.replaces, now))
            check()
            if join.replaces is not None:
                await self._replace(join.replaces)
            self._admit(room, join.name, link)
        except RequestError as refused:
            self._journal.note(events.JoinRefused(room, refused.code))
            raise

    def resume(self, token: str, link: Link) -> None:
        """Give a peer that still exists another session; it owns ``link`` from then on.

        Raises RequestError (resume-unknown).
        """
        peer = self._holder(token)
        if peer is None or not peer.resume(link):
            raise RequestError("there is no session to resume", code="resume-unknown")

    def limit_video(self, most: VideoLimit) -> None:
        """Send nobody more video than that, from now on."""
        self._video_limit = most
        for room in self.rooms.values():
            room.limit_video(most)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the rooms as ``/api/v1/rooms`` shows them."""
        return [room.snapshot() for room in self.rooms.values()]

    def find(self, peer: PeerId) -> Peer | None:
        """Return a peer of any room."""
        for room in self.rooms.values():
            if peer in room.peers:
                return room.peers[peer]
        return None

    async def end_room(self, room: RoomId) -> bool:
        """End a room as an operator wishes; its clients are told ``room-closed``.

        Returns when it is gone, or after 2 s; whether there was one.
        """
        found = self.rooms.get(room)
        if found is None:
            return False
        found.end("room-closed")
        with trio.move_on_after(_END_S):
            await found.gone.wait()
        return True

    async def remove_peer(self, room: RoomId, peer: PeerId) -> bool:
        """End a peer as an operator wishes; its client is told ``removed``.

        Returns when it is gone, or after 2 s; whether there was one.
        """
        found = self.rooms.get(room)
        if found is None or peer not in found.peers:
            return False
        leaving = found.peers[peer]
        leaving.leave("removed", "removed")
        with trio.move_on_after(_END_S):
            await leaving.gone.wait()
        return True

    def _admit(self, name: RoomId, display_name: str, link: Link) -> None:
        if sum(len(each.peers) for each in self.rooms.values()) >= self._max_peers_in_all:
            raise RequestError("there are too many peers", code="too-many-peers")
        room = self.rooms.get(name) or self._open(name)
        if len(room.peers) >= self._settings.max_peers:
            raise RequestError("the room is full", code="room-full")
        settings = self._settings
        room.admit(
            Peer(
                room,
                link,
                display_name,
                connect=self._connect,
                grace=settings.grace,
                voices=settings.voices,
            )
        )

    def _open(self, name: RoomId) -> Room:
        if self._stopping or self._nursery is None:
            raise RequestError("the server is stopping", code="server-stopping")
        failures = self._restarts.count(name, trio.current_time())
        if not self._restarts.allows(name, trio.current_time()):
            raise RequestError("the room failed too often", code="room-unavailable")
        if len(self.rooms) >= self._settings.max_rooms:
            raise RequestError("there are too many rooms", code="too-many-rooms")
        room = Room(
            name,
            self._journal,
            max_peers=self._settings.max_peers,
            forget=self._forget,
            peer_gone=lambda peer: self._returning.note(peer.resume_token, trio.current_time()),
            video_limit=self._video_limit,
            relays=self._relays,
            preference=preference_of(name, self._video),
        )
        self.rooms[name] = room
        self._nursery.start_soon(room.run, name=f"room {name}")
        if failures:
            self._journal.note(events.RoomRestarted(name, failures))
        return room

    def _forget(self, room: Room) -> None:
        if self.rooms.get(room.id) is room:
            del self.rooms[room.id]
        if room.failure is not None:
            self._restarts.fail(room.id, trio.current_time())

    async def _replace(self, token: str) -> None:
        peer = self._holder(token)
        if peer is not None:
            peer.leave("replaced", "replaced")
            with trio.move_on_after(_REPLACE_S):
                await peer.gone.wait()

    def _is_back(self, token: str | None, now: float) -> bool:
        return token is not None and (
            self._returning.has(token, now) or self._holder(token) is not None
        )

    def _holder(self, token: str) -> Peer | None:
        peers = (peer for room in self.rooms.values() for peer in room.peers.values())
        return next((peer for peer in peers if peer.resume_token == token), None)
