"""A client in a room."""

import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from types import MappingProxyType
from typing import Any, Final

import trio

from trio_sfu.client.errors import ClientError, JoinError, NotNegotiatedError, SessionEndedError
from trio_sfu.client.single import single_error
from trio_sfu.client.socket import Server, SignalingSocket, open_socket
from trio_sfu.client.state import RoomState
from trio_sfu.client.watching import Watching
from trio_sfu.signaling.carried import (
    PeerInfo,
    Quality,
    Reaction,
    Rights,
    SlotState,
    Source,
    Tile,
)
from trio_sfu.signaling.messages import (
    Answer,
    Error,
    Join,
    Leave,
    LockRoom,
    LowerHand,
    Moderated,
    MutePeer,
    Offer,
    Prefer,
    Publish,
    RaiseHand,
    React,
    RemovePeer,
    SendChat,
    View,
)
from trio_sfu.webrtc.reception import Reception
from trio_sfu.webrtc.sources import AudioSource, VideoSource
from trio_sfu.webrtc.user_agent import UserAgent, open_user_agent

_ANSWER: Final = 10.0
"""Seconds the server has for an answer, and the media for connecting."""


class Client:
    """A client in a room. Made by ``connect``."""

    def __init__(self, socket: SignalingSocket, agent: UserAgent) -> None:
        self._socket = socket
        self._agent = agent
        self._changed = trio.Event()
        self._numbers = count(1)
        self.offers = 0
        """How many offers the client has made."""
        self.state = RoomState()
        self.ended: SessionEndedError | None = None
        """Why the session is over, if it is."""
        self.aborted = False
        self.displaced = False
        """Whether another peer has shared a screen in place of the client's since it published."""

    # ---- what it knows -----------------------------------------------------------------

    @property
    def id(self) -> str:
        """The client's own peer id."""
        return self.state.joined.peer if self.state.joined is not None else ""

    @property
    def resume_token(self) -> str:
        """What a later session of the same client joins with (``replaces``)."""
        return self.state.joined.resume_token if self.state.joined is not None else ""

    @property
    def rights(self) -> Rights:
        """What the client may do in the room. An operator may change it.

        What it may now and might not before needs another offer (``negotiate``).
        """
        return self.state.joined.rights if self.state.joined is not None else Rights()

    @property
    def peers(self) -> Mapping[str, PeerInfo]:
        """The others in the room, by id."""
        return MappingProxyType(self.state.peers)

    @property
    def slots(self) -> Mapping[str, SlotState]:
        """What each slot is mapped to, by mid."""
        return MappingProxyType(self.state.slots)

    @property
    def receptions(self) -> Mapping[str, Reception]:
        """What has come in on each slot, by mid."""
        return self._agent.receptions

    @property
    def media_state(self) -> str:
        """The media connection's state: new, connecting, connected, failed or closed."""
        return self._agent.state

    def reception(self, peer: str, source: Source) -> Reception | None:
        """Return what comes in of a peer's ``source``, while a slot is mapped to it."""
        mid = self.state.slot_of(peer, source)
        return self.receptions.get(mid) if mid is not None else None

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition`` holds; it is looked at after each message of the server.

        Raises SessionEndedError when the session is over before.
        """
        while not condition():
            await self.next_change()

    async def next_change(self) -> None:
        """Wait for the next message of the server. Raises SessionEndedError."""
        if self.ended is not None:
            raise self.ended
        await self._changed.wait()

    async def stats(self) -> dict[str, Any]:
        """Return the media connection's statistics by id (W3C webrtc-stats)."""
        return await self._agent.stats()

    # ---- what it does ------------------------------------------------------------------

    async def publish(
        self,
        *,
        camera: VideoSource | None = None,
        microphone: AudioSource | None = None,
        screen: VideoSource | None = None,
        screen_audio: AudioSource | None = None,
        again: bool = False,
    ) -> None:
        """Publish what is given; what is not given stays as it is.

        A screen takes the place of another peer's; ``again``: as in a session before, so it does
        not, and is over when another peer shares one (``state.moderated`` has it then).
        """
        given: dict[Source, VideoSource | AudioSource | None] = {
            "camera": camera,
            "microphone": microphone,
            "screen": screen,
            "screen-audio": screen_audio,
        }
        for source, media in given.items():
            if media is not None:
                await self._agent.send(source, media)
                await self._socket.send(Publish(source=source, live=True, again=again))
        if screen is not None:
            self.displaced = False

    async def unpublish(self, source: Source) -> None:
        """End a track; of ``screen``: the others see the camera again."""
        await self._socket.send(Publish(source=source, live=False))
        await self._agent.send(source, None)

    async def mute(self, source: Source, *, muted: bool = True) -> None:
        """Tell the others that a live track is muted, or not any more."""
        await self._socket.send(Publish(source=source, live=True, muted=muted))

    async def mute_peer(self, peer: str, source: Source, reason: str = "") -> None:
        """Mute somebody's track, as a moderator; nobody but they can unmute it.

        A refusal (moderate-denied, unknown-peer) is in ``state.errors``.
        """
        await self._socket.send(MutePeer(peer=peer, source=source, reason=reason))

    async def remove_peer(self, peer: str, reason: str = "") -> None:
        """Remove somebody from the room, as a moderator."""
        await self._socket.send(RemovePeer(peer=peer, reason=reason))

    async def write(self, text: str) -> None:
        """Write to the people in the room, 2,000 characters at most.

        It is in ``state.chat`` when the room has it; a refusal (data-denied, chat-empty,
        chat-too-fast) is in ``state.errors``.
        """
        await self._socket.send(SendChat(text=text))

    async def raise_hand(self, *, raised: bool = True) -> None:
        """Raise the client's hand, or lower it."""
        await self._socket.send(RaiseHand(raised=raised))

    async def react(self, reaction: Reaction) -> None:
        """Show the others what one thinks. Refusals are as of ``write``."""
        await self._socket.send(React(reaction=reaction))

    async def lower_hand(self, peer: str) -> None:
        """Lower somebody's hand, as a moderator."""
        await self._socket.send(LowerHand(peer=peer))

    async def lock_room(self, *, locked: bool = True) -> None:
        """Let nobody new in, or everybody again, as a moderator."""
        await self._socket.send(LockRoom(locked=locked))

    async def prefer(self, peer: str, quality: Quality) -> None:
        """Say the best quality that can be used of a peer's video."""
        await self._socket.send(Prefer(peer=peer, quality=quality))

    async def view(
        self, tiles: Iterable[Tile], *, hidden: bool = False, statistics: bool = False
    ) -> None:
        """Say what is on the screen, in place of what was said before."""
        await self._socket.send(View(tiles=list(tiles), hidden=hidden, statistics=statistics))

    def video(self, peer: str) -> Watching:
        """Watch a peer's stage video: ``async for picture in client.video(peer)``."""
        return Watching(self, peer)

    async def negotiate(self, pairs: int, audio_only: int = 1) -> None:
        """Have that many pairs of slots, and slots for audio alone. Never fewer than before.

        Raises NotNegotiatedError, SessionEndedError; trio.TooSlowError without an answer
        within 10 s.
        """
        offer = await self._agent.offer(pairs, audio_only)
        number = next(self._numbers)
        self.offers += 1
        await self._socket.send(
            Offer(id=number, sdp=offer.sdp, sending=list(offer.sending), slots=list(offer.slots))
        )
        with trio.fail_after(_ANSWER):
            await self.until(lambda: number in self.state.answers)
        match self.state.answers.pop(number):
            case Answer(sdp=sdp):
                await self._agent.accept(sdp)
            case Error(code=code, message=message):
                raise NotNegotiatedError(code, message)

    async def wait_connected(self) -> None:
        """Wait until media can flow.

        Raises ClientError (media-failed); trio.TooSlowError when that takes over 10 s.
        """
        with trio.fail_after(_ANSWER):
            if await self._agent.wait_state("connected", "failed", "closed") != "connected":
                raise ClientError("media-failed", "no connection for media")

    async def wait_over(self) -> ClientError:
        """Wait until the session or its media connection is over; return why."""
        over: ClientError = ClientError("media-failed", "the media connection was lost")
        async with trio.open_nursery() as nursery:

            async def session() -> None:
                nonlocal over
                try:
                    await self.until(lambda: False)
                except SessionEndedError as error:
                    over = error
                nursery.cancel_scope.cancel()

            nursery.start_soon(session)
            await self._agent.wait_state("failed", "closed")
            nursery.cancel_scope.cancel()
        return over

    async def close_media(self) -> None:
        """Close the media connection, with its goodbyes; the session goes on without."""
        await self._agent.close()

    def fall_silent(self) -> None:
        """Send no media and no ICE checks from now on; the socket stays open."""
        self._agent.vanish()

    async def abort(self) -> None:
        """Vanish, without a goodbye on the socket or in the media, as a killed program."""
        self.aborted = True
        self._agent.vanish()
        await self._socket.abort()

    # ---- its life ----------------------------------------------------------------------

    async def _join(self, message: Join) -> None:
        await self._socket.send(message)
        try:
            with trio.fail_after(_ANSWER):
                await self.until(lambda: self.state.joined)
        except SessionEndedError as error:
            raise JoinError(
                error.code,
                str(error),
                rejoin=error.rejoin,
                retry_after=error.retry_after,
                failure=error.failure,
            ) from error

    async def _leave(self) -> None:
        if self.ended is None and not self.aborted:
            await self._socket.send(Leave())

    async def _read(self) -> None:
        try:
            while True:
                message = await self._socket.receive()
                self.state.take(message)
                if isinstance(message, Moderated):
                    await self._obey(message)
                self._note_change()
        except trio.EndOfChannel:
            fatal = next((each for each in self.state.errors if each.fatal), None)
            if fatal is not None:
                self.ended = SessionEndedError(
                    fatal.code,
                    fatal.message,
                    rejoin=fatal.rejoin,
                    retry_after=fatal.retry_after,
                    failure=fatal.failure,
                )
            else:
                self.ended = SessionEndedError(
                    "closed", "the signaling socket was closed", rejoin=True
                )
            self._note_change()

    async def _obey(self, message: Moderated) -> None:
        """Do what has been done to a source; the server forwards nothing of it until then."""
        if message.code == "screen-taken-over":
            self.displaced = True
            for source in ("screen", "screen-audio"):
                await self.unpublish(source)
        elif message.source is not None:
            await self.mute(message.source)

    def _note_change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


@asynccontextmanager
async def connect(
    url: str,
    *,
    room: str,
    name: str,
    token: str | None = None,
    replaces: str | None = None,
    pairs: int = 4,
    loopback: bool | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Client]:
    """Join a room and leave it at the end of the block.

    ``url`` is that of the daemon's page. ``pairs`` is how many others can be seen and
    heard at once; 0: the client only sends. ``token`` is a join token, where the server asks
    for one (``docs/secure.md``). ``loopback`` gathers ICE candidates on the
    loopback interface only, which is the default when the URL's host is there.

    Raises OSError when nobody answers, JoinError, NotNegotiatedError, ClientError
    (not-a-daemon, media-failed), trio.TooSlowError.
    """
    server = Server.parse(url)
    if loopback is None:
        loopback = _is_loopback(server.host)
    with single_error():
        async with (
            open_socket(server, tls) as socket,
            _open_agent(loopback) as agent,
            trio.open_nursery() as nursery,
        ):
            client = Client(socket, agent)
            nursery.start_soon(client._read, name=f"client {name}/reader")
            await client._join(Join(room=room, name=name, token=token, replaces=replaces))
            await client.negotiate(pairs)
            await client.wait_connected()
            try:
                yield client
            finally:
                with trio.move_on_after(1, shield=True):
                    await client._leave()
                nursery.cancel_scope.cancel()


@asynccontextmanager
async def _open_agent(loopback: bool) -> AsyncIterator[UserAgent]:  # noqa: FBT001
    """Open a user agent in a task of its own, so that the caller is not in its loop."""
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        yield await nursery.start(_run_agent, loopback, done)
        done.set()


async def _run_agent(  # noqa: ASYNC114
    loopback: bool,  # noqa: FBT001  (start_soon takes no keywords)
    done: trio.Event,
    task_status: trio.TaskStatus[UserAgent],
) -> None:
    async with open_user_agent(loopback=loopback) as agent:
        task_status.started(agent)
        await done.wait()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
