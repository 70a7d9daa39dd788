"""The registry of rooms: opens them on the first join, forgets them when they end."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

import trio

from trio_sfu import events
from trio_sfu.access import Gate, Grant
from trio_sfu.config.model import Rooms, Video
from trio_sfu.errors import RequestError
from trio_sfu.events import Journal
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.overload.admission import Admission
from trio_sfu.rooms.absent import AbsentScreens
from trio_sfu.rooms.commons import Kept
from trio_sfu.rooms.link import Link
from trio_sfu.rooms.options import RoomOptions, check_options, preference_with
from trio_sfu.rooms.peer import Connect, Peer
from trio_sfu.rooms.quality import Quality
from trio_sfu.rooms.restarts import RestartLimit
from trio_sfu.rooms.returning import Returning
from trio_sfu.rooms.room import Room
from trio_sfu.signaling.carried import IceServer, VideoLimit
from trio_sfu.signaling.messages import Join

_REPLACE_S = 2.0
_DRAINING_RETRY_S = 5.0


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
        gate: Gate | None = None,
    ) -> None:
        self.rooms: dict[RoomId, Room] = {}
        self.quality = Quality()
        self.changed = trio.Event()
        """Set when a room has ended, or is empty; another one takes its place then."""
        self.gate = gate or Gate()
        self._settings = settings
        self._connect = connect
        self.journal = journal
        self._admission = admission
        self._max_peers_in_all = max_peers_in_all
        self._relays = relays
        self._video = video or Video()
        self._returning = Returning()
        self._absent = AbsentScreens()
        self._video_limit: VideoLimit = "high"
        self._restarts = RestartLimit()
        self._kept = Kept()
        self._nursery: trio.Nursery | None = None
        self._stopping = False
        self._draining_until: float | None = None
        self._ended = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the parent of the rooms, until cancelled or stopped."""
        try:
            async with trio.open_nursery() as self._nursery:
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._nursery = None
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
        codes room-full, room-locked, too-many-peers, too-many-rooms, room-unavailable,
        server-stopping, server-draining and those of ``Admission.knock``, ``Admission.admit``,
        ``Gate.grant`` and ``check``.
        """
        room = RoomId(join.room)
        try:
            now = trio.current_time()
            held = self._held(join.replaces, now)
            returning = held is not None
            comes_back = self._place(join.replaces, now) == room
            self._admission.knock(now, address, returning=returning)
            grant = self.gate.grant(join.token, room, held)
            self._admission.admit(now, grant.identity, returning=returning)
            check()
            ended: list[Peer] = []
            while former := self._former(join.replaces, grant, ended):
                ended += former
                await _replace(former)
                # Time has passed: the token may have been used or its holder put out meanwhile.
                grant = self.gate.grant(join.token, room, held)
            if not comes_back:
                self._check_lock(room, grant)
            self._admit(join, link, grant, returning=returning)
            self.gate.use(grant)
        except RequestError as refused:
            self.journal.note(events.JoinRefused(room, refused.code))
            raise

    def resume(self, token: str, link: Link) -> None:
        """Give a peer that still exists another session; it owns ``link`` from then on.

        Raises RequestError (resume-unknown).
        """
        peer = self._holder(token)
        if peer is None or not peer.resume(link):
            raise RequestError("there is no session to resume", code="resume-unknown")

    def reconfigure(self, settings: Rooms, video: Video) -> None:
        """Have other limits for joins, and other codecs for rooms, from now on."""
        self._settings = settings
        self._video = video

    def limit_video(self, most: VideoLimit) -> None:
        """Send nobody more video than that, from now on."""
        self._video_limit = most
        for room in self.rooms.values():
            room.limit_video(most)

    def peers(self) -> Iterator[Peer]:
        """Yield the peers of all rooms."""
        for room in self.rooms.values():
            yield from room.peers.values()

    def drain(self, until: float | None) -> None:
        """Open no room until then (trio's clock) and tell everybody; None: all is as before."""
        self._draining_until = until
        for room in self.rooms.values():
            room.drain(until)

    def count(self) -> tuple[int, int]:
        """Return how many rooms and peers there are."""
        return len(self.rooms), sum(len(room.peers) for room in self.rooms.values())

    def find(self, peer: PeerId) -> Peer | None:
        """Return a peer of any room."""
        for room in self.rooms.values():
            if peer in room.peers:
                return room.peers[peer]
        return None

    def create(self, name: RoomId, options: RoomOptions) -> Room:
        """Open a room that exists without anybody in it, for as long as ``options`` say.

        Raises RequestError: room-exists, option-refused, server-stopping, server-draining,
        room-unavailable, too-many-rooms.
        """
        if name in self.rooms:
            raise RequestError("there is a room of that name already", code="room-exists")
        check_options(options, self._settings, self._video)
        return self._open(name, options=options)

    def check_place(self, name: RoomId) -> None:
        """Raise RequestError unless somebody who comes from another room finds a place there.

        The codes are those of ``create``, and room-full.
        """
        room = self.rooms.get(name)
        if room is None:
            self._check_open(name, returning=False)
        elif self._is_full(room):
            raise RequestError("the room is full", code="room-full")

    def _admit(self, join: Join, link: Link, grant: Grant, *, returning: bool) -> None:
        name = RoomId(join.room)
        if self.count()[1] >= self._max_peers_in_all:
            raise RequestError("there are too many peers", code="too-many-peers")
        room = self.rooms.get(name) or self._open(name, returning=returning)
        if self._is_full(room):
            raise RequestError("the room is full", code="room-full")
        settings = self._settings
        room.admit(
            Peer(
                room,
                link,
                grant.name or join.name,
                connect=self._connect,
                grace=settings.grace,
                voices=settings.voices,
                grant=grant,
                encrypted=join.encrypted,
                replaces=join.replaces or "",
            )
        )

    def _check_lock(self, name: RoomId, grant: Grant) -> None:
        """Refuse who is new to a locked room. Who may moderate can unlock it, so they get in."""
        room = self.rooms.get(name)
        if room is not None:
            locked = room.commons.locked
        else:
            locked = self._kept.locked(name, trio.current_time())
        if locked and not grant.rights.moderate:
            raise RequestError("a moderator has locked the room", code="room-locked")

    def _is_full(self, room: Room) -> bool:
        most = self._settings.max_peers
        if room.options is not None and room.options.max_peers is not None:
            most = min(most, room.options.max_peers)
        return len(room.peers) >= most

    def _check_open(self, name: RoomId, *, returning: bool) -> trio.Nursery:
        if self._stopping or self._nursery is None:
            raise RequestError("the server is stopping", code="server-stopping")
        # Who was in a room until just now may have it back, if it failed meanwhile.
        if self._draining_until is not None and not returning:
            left = self._draining_until - trio.current_time()
            raise RequestError(
                "the server is about to stop and opens no new rooms",
                code="server-draining",
                retry_after=min(max(1.0, left), _DRAINING_RETRY_S),
            )
        if not self._restarts.allows(name, trio.current_time()):
            raise RequestError("the room failed too often", code="room-unavailable")
        if len(self.rooms) >= self._settings.max_rooms:
            raise RequestError("there are too many rooms", code="too-many-rooms")
        return self._nursery

    def _open(
        self, name: RoomId, *, returning: bool = False, options: RoomOptions | None = None
    ) -> Room:
        nursery = self._check_open(name, returning=returning)
        failures = self._restarts.count(name, trio.current_time())
        room = Room(
            name,
            self.journal,
            max_peers=self._settings.max_peers,
            forget=self._forget,
            peer_gone=self._peer_gone,
            bar=lambda peer: self.gate.bar(peer.grant),
            video_limit=self._video_limit,
            relays=self._relays,
            preference=preference_with(name, options, self._video),
            quality=self.quality,
            options=options,
            emptied=self._note_change,
            commons=self._kept.take(name, trio.current_time()),
            absent=self._absent,
        )
        room.draining_until = self._draining_until
        self.rooms[name] = room
        nursery.start_soon(room.run, name=f"room {name}")
        if failures:
            self.journal.note(events.RoomRestarted(name, failures))
        return room

    def _forget(self, room: Room) -> None:
        if self.rooms.get(room.id) is room:
            del self.rooms[room.id]
        if room.failure is not None:
            self._restarts.fail(room.id, trio.current_time())
            self._kept.keep(room.id, trio.current_time(), room.commons)
            if room.options is not None:
                # Whoever created it counts on what it is like.
                with suppress(RequestError):
                    self._open(room.id, returning=True, options=room.options)
        self._note_change()

    def _note_change(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    def _peer_gone(self, peer: Peer) -> None:
        self._returning.note(
            peer.resume_token,
            trio.current_time(),
            peer.grant,
            "" if peer.put_out else _place_of(peer),
        )

    def _former(self, token: str | None, grant: Grant, ended: Collection[Peer]) -> list[Peer]:
        """Return those whose place a client takes that joins with ``replaces``, but ``ended``.

        A token that lets in once has one session at a time, whoever has been told its secrets.
        """
        if token is None:
            return []
        return [
            peer
            for peer in self.peers()
            if peer not in ended
            and (
                peer.resume_token == token
                or (grant.single is not None and peer.grant.single == grant.single)
            )
        ]

    def _held(self, token: str | None, now: float) -> Grant | None:
        """Return what the session was granted that a client comes back from, if it does."""
        if token is None:
            return None
        peer = self._holder(token)
        return self._returning.held(token, now) if peer is None else peer.grant

    def _place(self, token: str | None, now: float) -> str | None:
        """Return the room that the session with ``token`` is in, or was in until just now."""
        if token is None:
            return None
        peer = self._holder(token)
        return self._returning.room(token, now) if peer is None else _place_of(peer)

    def _holder(self, token: str) -> Peer | None:
        return next((peer for peer in self.peers() if peer.resume_token == token), None)


def _place_of(peer: Peer) -> str:
    return peer.grant.room if peer.grant.moved else peer.room.id


async def _replace(former: Collection[Peer]) -> None:
    for peer in former:
        peer.leave("replaced", "replaced")
    with trio.move_on_after(_REPLACE_S):
        for peer in former:
            await peer.gone.wait()
