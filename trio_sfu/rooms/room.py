"""A room: one crash group around its peers and its own tasks."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import trio

from trio_sfu import events
from trio_sfu._native import Codec
from trio_sfu.config.model import Video
from trio_sfu.errors import RequestError, StrayCancelError
from trio_sfu.events import Failure, Journal
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.media.track import UpTrack
from trio_sfu.rooms import presenters
from trio_sfu.rooms.absent import AbsentScreens
from trio_sfu.rooms.codecs import CodecChoice, Preference
from trio_sfu.rooms.commons import Commons
from trio_sfu.rooms.listening import Listening
from trio_sfu.rooms.news import News
from trio_sfu.rooms.options import RoomOptions
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.planning import Planning
from trio_sfu.rooms.quality import Quality
from trio_sfu.rooms.state import RoomState
from trio_sfu.rooms.tracing import start_traced
from trio_sfu.signaling.carried import IceServer, LeaveReason, Source, VideoLimit
from trio_sfu.signaling.messages import (
    Draining,
    Joined,
    Resumed,
    RightsChanged,
    ServerMessage,
    VideoLimited,
)

_SOURCES: tuple[Source, ...] = ("camera", "microphone", "screen", "screen-audio")


class Room:
    """Peers in one place. ``run`` is its whole life; it ends when the last peer leaves.

    One that was created with options ends when it has been empty for as long as they say.

    Arrivals are bounded by ``max_peers``; the registry refuses a join beyond it.
    """

    def __init__(
        self,
        room: RoomId,
        journal: Journal,
        *,
        max_peers: int,
        forget: Callable[["Room"], None],
        peer_gone: Callable[[Peer], None] = lambda _peer: None,
        bar: Callable[[Peer], None] = lambda _peer: None,
        video_limit: VideoLimit = "high",
        relays: Callable[[PeerId], list[IceServer]] = lambda _peer: [],
        preference: Preference | None = None,
        quality: Quality | None = None,
        options: RoomOptions | None = None,
        emptied: Callable[[], None] = lambda: None,
        commons: Commons | None = None,
        absent: AbsentScreens | None = None,
    ) -> None:
        """``options``: an operator has created it, so it exists without anybody in it, too.

        ``emptied`` is called when the last peer has left and the room stays. ``commons`` is what a
        room has left that failed and whose place this one takes.
        """
        self.id = room
        self.journal = journal
        self.quality = quality or Quality()
        self.state = RoomState()
        self.commons = commons or Commons()
        self.absent = absent if absent is not None else AbsentScreens()
        self.peers: dict[PeerId, Peer] = {}
        self.max_peers = max_peers
        self.failure: Failure | None = None
        """Why the room has ended, if an error is the reason."""
        self.gone = trio.Event()
        self.nursery: trio.Nursery | None = None
        self.draining_until: float | None = None
        """When the server ends the room, on trio's clock, if it intends to."""
        self.listening = Listening(lambda: self.planning.speech_changed(), self._tell_all)
        self.news = News(self.state, self.peers)
        speech = lambda: self.listening.speech  # noqa: E731
        self.planning = Planning(self.state, self.peers, speech, self.news.introduce)
        self.planning.limit = video_limit
        self.options = options
        if options is not None:
            self.planning.by_room = options.video
        self.opened_at = trio.current_time()
        self._emptied = emptied
        self._occupied = trio.Event()
        self._vacated = trio.Event()
        self._forget = forget
        self._peer_gone = peer_gone
        self.bar = bar
        self._relays = relays
        self._codecs = CodecChoice(preference or Preference(Video().codecs))
        self._scope = trio.CancelScope()
        self._end_code = "room-failed"
        self._hosted = 0
        self._arrivals_in, self._arrivals = trio.open_memory_channel[Peer](max_peers)

    def admit(self, peer: Peer) -> None:
        """Take a peer in; its task starts as soon as the room runs.

        Raises RequestError (too-many-joins) when more wait than there might be at first.
        """
        try:
            self._arrivals_in.send_nowait(peer)
        except trio.WouldBlock:
            raise RequestError("too many arrive at once", code="too-many-joins") from None
        self.peers[peer.id] = peer
        self._occupied.set()
        self._vacated = trio.Event()

    def end(self, code: str) -> None:
        """End the room and every peer in it; their clients are told ``code``."""
        self._end_code = code
        # At once: when their media ends first, clients believe that only that is lost.
        for peer in self.peers.values():
            peer.link.end(code)
        self._scope.cancel()

    async def run(self) -> None:
        """Live until the room is empty. An error ends the room and goes no further."""
        self.journal.note(events.RoomOpened(self.id))
        try:
            with self._scope:
                async with trio.open_nursery() as self.nursery:
                    start_traced(self.nursery, self._receive, f"{self.id}/door")
                    start_traced(self.nursery, self.planning.run, f"{self.id}/allocator")
                    start_traced(self.nursery, self.listening.run, f"{self.id}/speakers")
                    gestures = partial(self.commons.run, self._tell_all)
                    start_traced(self.nursery, gestures, f"{self.id}/gestures")
                    start_traced(self.nursery, self.news.run, f"{self.id}/news")
                    if self.options is not None:
                        keep = partial(self._keep, self.options.empty_timeout)
                        start_traced(self.nursery, keep, f"{self.id}/keeper")
            if not self._scope.cancel_called:
                raise StrayCancelError
        except* Exception as error:
            self._failed(error)
        else:
            self.journal.note(events.RoomClosed(self.id))
        finally:
            self._forget(self)
            reference = self.failure.id if self.failure is not None else None
            for peer in self.peers.values():
                self._peer_gone(peer)
                peer.link.end(self._end_code, failure=reference)
                peer.note_ending()
                peer.gone.set()
            self._arrivals.close()
            self._arrivals_in.close()
            self.gone.set()

    def _failed(self, error: BaseException) -> None:
        self.failure = Failure.of(
            error,
            code="room-failed",
            path=self.id,
            conceal=[*(peer.name for peer in self.peers.values()), *self.state.names()],
        )
        self.journal.note(events.RoomCrashed(self.failure, self.id))

    async def _receive(self) -> None:
        assert self.nursery is not None  # noqa: S101  (the task runs in it)
        async for peer in self._arrivals:
            self._hosted += 1
            self.nursery.start_soon(self._host, peer, name=peer.path)

    async def _host(self, peer: Peer) -> None:
        await peer.run()
        # Not at the last farewell: what is still to be said of a peer's end would be cut off.
        self._hosted -= 1
        if self.peers or self._hosted:
            return
        if self.options is None:
            self._scope.cancel()
        else:
            self._occupied = trio.Event()
            self._vacated.set()
            self.commons.vacate()
            self._emptied()

    async def _keep(self, seconds: float) -> None:
        """End the room when nobody has been in it for so long."""
        while True:
            with trio.move_on_after(seconds):
                await self._occupied.wait()
            if not self.peers and not self._hosted:
                self._forget(self)
                self._scope.cancel()
                return
            await self._vacated.wait()

    # ---- what its peers call (rooms.surroundings.Surroundings) ---------------------------------

    def welcome(self, peer: Peer) -> None:
        """Let the peer in: it is told who is there, the others that it came."""
        members = self.state.members.values()
        others = [member.info() for member in members] if peer.link.follows else []
        grant = peer.grant
        member = self.state.enter(peer.id, peer.name, grant.identity, grant.metadata)
        member.encrypted = peer.encrypted
        peer.link.send(
            Joined(
                peer=peer.id,
                room=self.id,
                resume_token=peer.resume_token,
                peers=others,
                ice_servers=self._relays(peer.id),
                name=peer.name,
                rights=grant.rights,
            )
        )
        self.news.knows_all(peer.id)
        self._say_what_is(peer)
        self.journal.note(events.PeerJoined(self.id, peer.id))
        self.news.came(peer.id)

    def welcome_back(self, peer: Peer) -> None:
        """Tell the peer, and nobody else, who is there."""
        others = [member.info() for member in self.state.others(peer.id)]
        peer.link.send(Resumed(peer=peer.id, room=self.id, peers=others))
        self.news.knows_all(peer.id)
        self._say_what_is(peer)
        self._review_codecs(again=peer.id)
        self.planning.tell_again(peer.id)
        presenters.tell_again(peer)

    def farewell(self, peer: Peer, reason: LeaveReason) -> None:
        """Forget the peer and tell the others. Does nothing the second time."""
        presenters.leave(peer)
        if self.ending:
            # The room tells everybody itself, and why.
            self.state.leave(peer.id)
            return
        if self.peers.pop(peer.id, None) is None:
            return
        self._peer_gone(peer)
        self.listening.forget(peer.id)
        self.commons.forget(peer.id)
        self._codecs.forget(peer.id)
        if self.state.leave(peer.id):
            self._review_codecs()
            self.journal.note(events.PeerLeft(self.id, peer.id, reason))
            for other in self.peers.values():
                other.view.attention.forget(peer.id)
            self.news.left(peer.id, reason)
        if self.peers or self.options is not None:
            self.planning.left(peer.id)
        else:
            self._forget(self)

    def silence(self, peer: PeerId, source: Source) -> None:
        """Forward nothing more of one of a peer's sources until it unmutes it."""
        if self.state.silence(peer, source):
            if source == "microphone":
                self.listening.forget(peer)
            self.update(peer)

    def negotiated(
        self, peer: PeerId, decodes: frozenset[Codec], encodes: Mapping[Source, Sequence[Codec]]
    ) -> None:
        """Note which video codecs a peer receives, and may send its sources with."""
        self.state.negotiate(peer, decodes, encodes)
        self._review_codecs()

    def _review_codecs(self, again: PeerId | None = None) -> None:
        members = self.state.members.values()
        for peer, message in self._codecs.review(members, trio.current_time(), again=again):
            if peer in self.peers:
                self.peers[peer].link.send(message)

    def update(self, peer: PeerId) -> None:
        """Tell the others what is new about a peer, and plan anew what is shown."""
        self.news.changed(peer)
        self.planning.member(peer)

    def _tell_all(self, message: ServerMessage) -> None:
        self.news.tell()
        for peer in self.peers.values():
            if peer.id in self.state.members:
                peer.link.send(message)

    def limit_video(self, most: VideoLimit) -> None:
        """Send nobody more video than that, and tell everybody."""
        self.planning.limit = most
        for peer in self.peers.values():
            if peer.id in self.state.members:
                peer.link.send(VideoLimited(most=most))
        self.planning.all()

    def drain(self, until: float | None) -> None:
        """Tell everybody when the server ends the room; None: it does not intend to any more."""
        self.draining_until = until
        self._tell_all(self._draining())

    def _draining(self) -> Draining:
        until = self.draining_until
        left = None if until is None else round(max(0.0, until - trio.current_time()), 1)
        return Draining(seconds=left)

    def _say_what_is(self, peer: Peer) -> None:
        if peer.rights_changed:
            peer.link.send(RightsChanged(rights=peer.grant.rights))
        if self.draining_until is not None:
            peer.link.send(self._draining())
        if self.planning.limit != "high":
            peer.link.send(VideoLimited(most=self.planning.limit))
        if self.listening.speech.recent:
            peer.link.send(self.listening.message)
        for message in self.commons.snapshot(peer.grant.rights):
            peer.link.send(message)

    def find_track(self, peer: PeerId, source: Source) -> UpTrack | None:
        """Return a peer's up-track."""
        found = self.peers.get(peer)
        return found.up_track(source) if found is not None else None

    def find_source(self, up_track: int) -> tuple[PeerId, Source] | None:
        """Return whose up-track it is, and of what."""
        for peer in self.peers.values():
            for source in _SOURCES:
                track = peer.up_track(source)
                if track is not None and track.id == up_track:
                    return peer.id, source
        return None

    @property
    def ending(self) -> bool:
        """Whether the room is on its way out."""
        return self._scope.cancel_called or (
            self.nursery is not None and self.nursery.cancel_scope.cancel_called
        )
