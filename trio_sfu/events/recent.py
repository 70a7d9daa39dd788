"""The newest facts, for those who follow them.

Followers have no queue of their own: each knows the last fact it took, and all read the
same ring. Who is slower than the ring is long is told how many facts it has lost.
"""

import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import trio

from trio_sfu.events.fact import Fact

KEPT = 1_024
FOLLOWERS = 16


class TooManyFollowersError(Exception):
    """There are ``FOLLOWERS`` already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact with its number, counted from 1, and the time it was noted at."""

    number: int
    time: datetime
    fact: Fact


class Recent:
    """A ring of the last ``KEPT`` facts."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(3)
        """Tells the numbers of this journal from those of another daemon's."""
        self.followers = 0
        self.ended = False
        self._ring: deque[Entry] = deque(maxlen=KEPT)
        self._number = 0
        self._more = trio.Event()

    def keep(self, fact: Fact) -> None:
        """Add a fact; the oldest goes when there are too many."""
        self._number += 1
        self._ring.append(Entry(self._number, datetime.now(UTC), fact))
        self._wake()

    def end(self) -> None:
        """Let every follower's ``next`` return None, once it has had what there is."""
        self.ended = True
        self._wake()

    @contextmanager
    def follow(self, after: int | None = None) -> Iterator["Follower"]:
        """Follow the facts noted after number ``after``; None: from now on.

        Raises TooManyFollowersError.
        """
        if self.followers >= FOLLOWERS:
            raise TooManyFollowersError
        self.followers += 1
        try:
            yield Follower(self, self._number if after is None else min(after, self._number))
        finally:
            self.followers -= 1

    def after(self, number: int) -> list[Entry]:
        """Return the facts kept that were noted after ``number``."""
        missing = max(0, self._number - number)
        return list(self._ring)[-missing:] if missing else []

    async def more(self) -> None:
        """Wait for the next fact, or the end."""
        await self._more.wait()

    def _wake(self) -> None:
        self._more.set()
        self._more = trio.Event()


class Follower:
    """One who follows. Made by ``Recent.follow``."""

    def __init__(self, recent: Recent, number: int) -> None:
        self._recent = recent
        self._number = number

    async def next(self) -> tuple[int, list[Entry]] | None:
        """Wait for facts; return how many were lost before them, and them. None: the end."""
        while not (entries := self._recent.after(self._number)):
            if self._recent.ended:
                return None
            await self._recent.more()
        lost = entries[0].number - self._number - 1
        self._number = entries[-1].number
        return lost, entries
