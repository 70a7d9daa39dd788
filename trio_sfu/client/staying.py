"""Being in a room for long: sessions one after the other, as the browser client has them."""

import random
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

import trio

from trio_sfu.client.backoff import Backoff
from trio_sfu.client.client import Client, connect
from trio_sfu.client.errors import ClientError, RefusedError
from trio_sfu.client.single import single_error
from trio_sfu.signaling.carried import Source
from trio_sfu.webrtc.sources import AudioSource, VideoSource


@dataclass(frozen=True, slots=True)
class _Place:
    url: str
    room: str
    name: str
    token: str | None
    pairs: int
    loopback: bool | None
    tls: ssl.SSLContext | None


@dataclass(slots=True)
class _Published:
    video: dict[Source, VideoSource] = field(default_factory=dict)
    audio: dict[Source, AudioSource] = field(default_factory=dict)

    def forget_screen(self) -> None:
        """Share no more: somebody else does."""
        self.video.pop("screen", None)
        self.audio.pop("screen-audio", None)

    async def publish_on(self, client: Client, *, again: bool = False) -> None:
        """Publish all of it."""
        await client.publish(
            again=again,
            camera=self.video.get("camera"),
            screen=self.video.get("screen"),
            microphone=self.audio.get("microphone"),
            screen_audio=self.audio.get("screen-audio"),
        )


class Stay:
    """Somebody who stays in a room. Made by ``stay``."""

    def __init__(self, place: _Place, giving_up_after: float) -> None:
        self.rejoins = 0
        """How often it has come back."""
        self.client: Client | None = None
        """The client of the present session; None while away."""
        self.away_because: Exception | None = None
        """Why it was away the last time."""
        self._place = place
        self._giving_up_after = giving_up_after
        self._published = _Published()
        self._changed = trio.Event()

    async def present(self) -> Client:
        """Return the client of the present session; wait for it while away."""
        while self.client is None or self.client.ended is not None:
            await self._changed.wait()
        return self.client

    async def publish(
        self,
        *,
        camera: VideoSource | None = None,
        microphone: AudioSource | None = None,
        screen: VideoSource | None = None,
        screen_audio: AudioSource | None = None,
    ) -> None:
        """Publish what is given, now and in every later session."""
        videos: Mapping[Source, VideoSource | None] = {"camera": camera, "screen": screen}
        sounds: Mapping[Source, AudioSource | None] = {
            "microphone": microphone,
            "screen-audio": screen_audio,
        }
        if self.client is not None and self.client.displaced:
            self._published.forget_screen()
        self._published.video |= {name: each for name, each in videos.items() if each is not None}
        self._published.audio |= {name: each for name, each in sounds.items() if each is not None}
        if self.client is not None:
            await self._published.publish_on(self.client)

    async def unpublish(self, source: Source) -> None:
        """End a track, for good."""
        self._published.video.pop(source, None)
        self._published.audio.pop(source, None)
        if self.client is not None:
            await self.client.unpublish(source)

    def _is(self, client: Client | None) -> None:
        self.client = client
        self._changed.set()
        self._changed = trio.Event()

    async def _run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        backoff = Backoff()
        token: str | None = None
        away_since = trio.current_time()
        first = True
        while True:
            joined: float | None = None
            try:
                async with self._connect(token) as client:
                    joined, token = trio.current_time(), client.resume_token
                    await self._published.publish_on(client, again=True)
                    self._is(client)
                    self.rejoins += not first
                    if first:
                        task_status.started()
                    first = False
                    over = await client.wait_over()
                    if client.displaced:
                        self._published.forget_screen()
                    if client.state.moved_to is not None:
                        self._place = replace(self._place, room=client.state.moved_to)
                    raise over
            except (ClientError, OSError, trio.TooSlowError) as error:
                self._is(None)
                now = trio.current_time()
                if joined is not None:
                    away_since = now
                    backoff.ended(now - joined)
                if first or _is_final(error) or now - away_since > self._giving_up_after:
                    raise
                self.away_because = error
            # Not for a secret: for not coming all at once.
            asked = _asked_to_wait(self.away_because)
            await trio.sleep(backoff.next(random.random(), asked))  # noqa: S311

    def _connect(self, replaces: str | None) -> AbstractAsyncContextManager[Client]:
        place = self._place
        return connect(
            place.url,
            room=place.room,
            name=place.name,
            token=place.token,
            replaces=replaces,
            pairs=place.pairs,
            loopback=place.loopback,
            tls=place.tls,
        )


def _is_final(error: Exception) -> bool:
    return isinstance(error, RefusedError) and not error.rejoin and error.retry_after is None


def _asked_to_wait(error: Exception | None) -> float:
    return (error.retry_after or 0.0) if isinstance(error, RefusedError) else 0.0


@asynccontextmanager
async def stay(
    url: str,
    *,
    room: str,
    name: str,
    token: str | None = None,
    pairs: int = 4,
    loopback: bool | None = None,
    tls: ssl.SSLContext | None = None,
    giving_up_after: float = 120.0,
) -> AsyncIterator[Stay]:
    """Be in a room until the end of the block, joining anew whenever the session is lost.

    The first join is not repeated; it raises what ``connect`` does. Later a refusal for
    good, or ``giving_up_after`` seconds without a session, end the block with the error.
    """
    staying = Stay(_Place(url, room, name, token, pairs, loopback, tls), giving_up_after)
    with single_error():
        async with trio.open_nursery() as nursery:
            await nursery.start(staying._run, name=f"client {name}/stay")
            try:
                yield staying
            finally:
                nursery.cancel_scope.cancel()
