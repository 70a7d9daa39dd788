"""A room's ears: they follow who speaks, and say so when it changes."""

from collections.abc import Callable
from functools import partial
from typing import Final

import trio

from trio_sfu._native import AudioLevel
from trio_sfu.ids import PeerId
from trio_sfu.media.track import UpTrack
from trio_sfu.rooms.speakers import Speakers, Speech
from trio_sfu.signaling import messages
from trio_sfu.signaling.carried import Speaker

STEP: Final = 0.1
"""Seconds between two looks at who speaks, while anybody does."""
TOLD: Final = 8
"""Speakers a client is told of."""
TELL_EVERY: Final = 0.25
"""Seconds between two messages, at least."""


class Listening:
    """Who speaks in one room.

    ``changed`` is called when somebody else speaks or is to be heard, and ``tell`` with the
    message for the clients. Neither may wait.
    """

    def __init__(
        self, changed: Callable[[], None], tell: Callable[[messages.Speakers], None]
    ) -> None:
        self._speakers = Speakers()
        self._peers: set[PeerId] = set()
        self._changed = changed
        self._tell = tell
        self._told: list[Speaker] = []
        self._told_at = float("-inf")
        self._heard = trio.Event()

    @property
    def speech(self) -> Speech:
        """Who speaks and who is heard."""
        return self._speakers.speech

    @property
    def message(self) -> messages.Speakers:
        """What a client is told that has just come."""
        return messages.Speakers(speakers=self._told)

    def listen(self, peer: PeerId, track: UpTrack) -> None:
        """Listen to a peer's microphone, as long as the track is there."""
        self._peers.add(peer)
        track.listener = partial(self._hear, peer)

    def forget(self, peer: PeerId) -> None:
        """Forget a peer that has left."""
        self._peers.discard(peer)
        self._speakers.forget(peer)
        self._told = [each for each in self._told if each.peer != peer]

    def _hear(self, peer: PeerId, event: AudioLevel) -> None:
        if peer not in self._peers:
            return  # Its track goes a little later than it.
        now = trio.current_time()
        if self._speakers.hear(now, peer, event.level, event.levels):
            self._changed()
            self._heard.set()

    async def run(self) -> None:
        """Follow who speaks, for ever."""
        while True:
            await self._heard.wait()
            while self._speakers.busy or self._unsaid:
                if self._speakers.step(trio.current_time()):
                    self._changed()
                self._say()
                await trio.sleep(STEP)
            self._heard = trio.Event()

    @property
    def _unsaid(self) -> bool:
        return self._told != self._state()

    def _state(self) -> list[Speaker]:
        speech = self.speech
        return [
            Speaker(peer=peer, speaking=peer in speech.speaking) for peer in speech.recent[:TOLD]
        ]

    def _say(self) -> None:
        now = trio.current_time()
        if self._unsaid and now - self._told_at >= TELL_EVERY:
            self._told = self._state()
            self._told_at = now
            self._tell(self.message)
