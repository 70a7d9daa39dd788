"""A peer: one signaling session at a time, one peer connection, one crash group."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import trio

from trio_sfu import events
from trio_sfu.access.grant import OPEN, Grant
from trio_sfu.errors import MediaError, StrayCancelError
from trio_sfu.events import Failure
from trio_sfu.events.timeline import Timeline
from trio_sfu.ids import RoomId, new_peer_id, new_resume_token
from trio_sfu.media.track import UpTrack
from trio_sfu.rooms.blame import engine_lost, sole
from trio_sfu.rooms.conversing import Pace
from trio_sfu.rooms.following import follow_media
from trio_sfu.rooms.link import Link
from trio_sfu.rooms.plan import Planned
from trio_sfu.rooms.presence import Presence
from trio_sfu.rooms.recording import RecordedLink, ending_of
from trio_sfu.rooms.requests import serve_requests
from trio_sfu.rooms.screening import Screening
from trio_sfu.rooms.surroundings import Surroundings
from trio_sfu.rooms.tracing import start_traced
from trio_sfu.rooms.view import View
from trio_sfu.signaling.carried import Connection, LeaveReason, Rights, Source
from trio_sfu.webrtc.peer_connection import PeerConnection

_HOLD_S = 5.0

Connect = Callable[[Rights, RoomId], AbstractAsyncContextManager[PeerConnection]]
"""Opens the connection of a peer with such rights; the daemon binds it to its engine and
certificate."""


class Peer:
    """One joined party. Its parent is its room; ``run`` is its whole life."""

    def __init__(
        self,
        room: Surroundings,
        link: Link,
        name: str,
        *,
        connect: Connect,
        grace: float,
        voices: int,
        grant: Grant = OPEN,
        encrypted: bool = False,
        replaces: str = "",
    ) -> None:
        """``voices``: how many microphones it hears at most. ``grant``: what it may do.

        ``encrypted``: its client says that it encrypts end to end. ``replaces``: the resume
        token of the peer in whose place it has come.
        """
        self.id = new_peer_id()
        self.resume_token = new_resume_token()
        self.replaces = replaces
        self.name = name
        self.grant = grant
        self.encrypted = encrypted
        self.rights_changed = False
        """Whether its rights are others than it was told when it joined."""
        self.room = room
        self.timeline = Timeline(self.id, room.id)
        self.link = RecordedLink(link, self.timeline)
        self.view = View(voices=voices)
        self.pace = Pace()
        self.presence = Presence()
        self.grace = grace
        self.joined_at = trio.current_time()
        self.gone = trio.Event()
        self.nursery: trio.Nursery | None = None
        self.resumed = trio.Event()
        """Set when another session took the place of the one that ``serve_requests`` serves."""
        self.screening = Screening(lambda message: self.link.send(message), lambda: self._pc)
        self._connect = connect
        self._pc: PeerConnection | None = None
        self._last: PeerConnection | None = None
        self._failure: Failure | None = None
        self._reason: LeaveReason | None = None
        self._scope = trio.CancelScope()
        self._leaving_since: float | None = None

    @property
    def path(self) -> str:
        """The peer's place in the tree."""
        return f"{self.room.id}/{self.id}"

    @property
    def leaving(self) -> bool:
        """Whether the peer is on its way out."""
        return self._leaving_since is not None

    @property
    def put_out(self) -> bool:
        """Whether somebody has removed it."""
        return self._reason == "removed"

    def leave(
        self, reason: LeaveReason, code: str | None = None, *, failure: str | None = None
    ) -> None:
        """End the peer; its client is told ``code``. Only the first call counts.

        ``failure`` is the id of the failure elsewhere that is the reason, if one is.
        """
        if self._reason is None:
            self._reason = reason
            self._note_leaving()
            self.link.end(code, failure=failure)
            self._scope.cancel()

    def resume(self, link: Link) -> bool:
        """Go on with another session, if the peer is there and not about to leave."""
        if self._pc is None or self._reason is not None or self._scope.cancel_called:
            return False
        former, self.link = self.link, RecordedLink(link, self.timeline)
        # Its socket may be dead without our knowledge.
        former.end("replaced")
        self.room.journal.note(events.SessionResumed(self.room.id, self.id))
        self.presence.departure = None
        self.room.welcome_back(self)
        self.screening.repeat()
        self.resumed.set()
        return True

    async def hold_to_rights(self) -> None:
        """Have its connection hold to the rights that it has now.

        It is to be called whenever they have changed; it waits for an offer that is being
        answered.
        """
        pc = self._pc
        if pc is None:
            return
        # Half of it would be worse than either, and nobody else repeats it.
        with trio.move_on_after(_HOLD_S, shield=True):
            await pc.allow(self.grant.rights)
        self.room.negotiated(self.id, pc.decodes, pc.encodes)

    def up_track(self, source: Source) -> UpTrack | None:
        """Return the up-track of a negotiated source."""
        return self._pc.up_track(source) if self._pc is not None else None

    def stats(self) -> dict[str, Any]:
        """Return the engine's numbers of what the peer sends and is sent."""
        return self._pc.stats() if self._pc is not None else {}

    @property
    def planned(self) -> Planned:
        """What it is to be shown."""
        return self.screening.planned

    @property
    def loss(self) -> float:
        """The share of packets to it that get lost. Raises EngineError when the engine is lost."""
        return self._pc.loss if self._pc is not None else 0.0

    async def run(self) -> None:
        """Live until something ends the peer. An error ends it and goes no further."""
        self.room.journal.timelines.begin(self.timeline)
        self.timeline.note("client", "join")
        try:
            with self._scope:
                await self._live()
            if not self._scope.cancel_called:
                raise StrayCancelError
        except* Exception as error:
            self._failed(error)
        finally:
            self.room.farewell(self, self._reason or "failed")
            self._note_torn_down()
            self.note_ending()
            self.gone.set()

    async def _live(self) -> None:
        async with self._connect(self.grant.rights, self.room.id) as pc:
            self._pc = self._last = pc
            self.room.welcome(self)
            try:
                await self._work(pc)
            except Exception as error:
                # Before the media ends: a client would believe that only that is lost.
                self._failed(error)
                raise
            finally:
                self._note_leaving()
                # Before the engine's handles go: nobody may be shown them any more.
                self.room.farewell(self, self._reason or "failed")
                self._pc = None

    async def _work(self, pc: PeerConnection) -> None:
        async with trio.open_nursery() as self.nursery:
            self._start("requests", lambda: serve_requests(self, pc))
            self._start("media", lambda: follow_media(self, pc))
            self._start("screening", lambda: self.screening.run(self.room.find_track))
        if not self._scope.cancel_called:
            raise StrayCancelError

    def _failed(self, error: BaseException) -> None:
        """Note an error and tell the client; again only for what else has come of it."""
        if self._failure is None:
            if self._last is None and (refusal := sole(error, MediaError)):
                # The engine has no room for another transport: no defect, nothing to trace.
                self.link.end(refusal.code)
                return
            if lost := engine_lost(error, self._last.lost if self._last is not None else None):
                self.link.end(lost.code, failure=lost.failure)
                return
        # One name may be in another's error: all of the room are left out.
        own = [self.name, self.resume_token, *filter(None, [self.grant.identity])]
        names = [*own, *self.room.state.names()]
        failure = Failure.of(error, code="peer-failed", path=self.path, conceal=names)
        if self._failure is None or failure.causes != self._failure.causes:
            self._failure = failure
            self.room.journal.note(events.PeerCrashed(failure, self.room.id, self.id))
            self.link.end(failure.code, failure=failure.id)

    def note_ending(self) -> None:
        """Say in the timeline who ended the peer; again when its room has told it more."""
        reason = self._reason or (None if self.room.ending else "failed")
        self.room.journal.timelines.end(self.timeline, ending_of(reason, self.link))

    def _note_leaving(self) -> None:
        if self._leaving_since is None:
            self._leaving_since = trio.current_time()

    def _note_torn_down(self) -> None:
        if self._leaving_since is not None:
            seconds = trio.current_time() - self._leaving_since
            self.room.journal.note(events.PeerTornDown(self.room.id, self.id, seconds))

    def _start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        assert self.nursery is not None  # noqa: S101  (only called inside the nursery)
        start_traced(self.nursery, work, f"{self.path}/{name}")

    def connection_changed(self) -> None:
        """Tell the others when the connection they see has changed."""
        connection: Connection = self.presence.connection
        if self.room.state.connect(self.id, connection):
            self.room.update(self.id)
