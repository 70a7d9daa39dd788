"""Emptying the daemon: no new rooms, everybody told until when, and then the end."""

from math import inf
from typing import Protocol

import trio
from msgspec import Struct

from trio_sfu import events
from trio_sfu.config import model
from trio_sfu.errors import SfuError
from trio_sfu.events import Journal


class DrainFinalError(SfuError):
    """A drain that a signal began is not taken back: who sent it waits for the end."""

    default_code = "drain-final"


class DrainState(Struct, frozen=True, kw_only=True):
    """A drain as operators see it.

    ``seconds`` are left until the stop, None while there is none. ``final``: a signal began
    it, so it ends with the last peer and cannot be taken back.
    """

    draining: bool
    seconds: float | None
    final: bool
    rooms: int
    peers: int


class Emptied(Protocol):
    """What is emptied: the registry of rooms."""

    @property
    def changed(self) -> trio.Event:
        """Set when a room has ended or is empty; another one takes its place then."""
        ...

    def drain(self, until: float | None) -> None:
        """Open no room until then (trio's clock) and tell everybody; None: all is as before."""

    def count(self) -> tuple[int, int]:
        """Return how many rooms and peers there are."""
        ...


class Drain:
    """Whether the daemon is being emptied, by whom, and until when.

    Who joins a room that exists is let in, for else a call would be torn apart: who reloads
    the page could not come back to the others. Only new rooms are refused.
    """

    def __init__(self, settings: model.Drain, rooms: Emptied, journal: Journal) -> None:
        self.settings = settings
        self.until: float | None = None
        """When the daemon stops, on trio's clock; None while nobody has asked for it."""
        self.final = False
        self._rooms = rooms
        self._journal = journal
        self._changed = trio.Event()

    @property
    def active(self) -> bool:
        """Whether the daemon is being emptied."""
        return self.until is not None

    def state(self) -> DrainState:
        """Return how it stands."""
        rooms, peers = self._rooms.count()
        return DrainState(
            draining=self.active,
            seconds=self.seconds(),
            final=self.final,
            rooms=rooms,
            peers=peers,
        )

    def seconds(self) -> float | None:
        """Return the seconds that are left; None while there is no drain."""
        if self.until is None:
            return None
        return round(max(0.0, self.until - trio.current_time()), 1)

    def begin(self, seconds: float | None = None) -> None:
        """Empty the daemon within ``seconds``; None: as the settings have it.

        Again: with another deadline. After a signal, only with a nearer one.
        """
        until = trio.current_time() + (self.settings.deadline if seconds is None else seconds)
        if self.final and self.until is not None:
            until = min(until, self.until)
        self._set(until)

    def cancel(self) -> None:
        """Take it back. Raises DrainFinalError when a signal has begun it."""
        if self.final:
            raise DrainFinalError("a signal has begun the drain: whoever sent it waits for the end")
        if self.until is not None:
            self._set(None)
            self._journal.note(events.DrainCancelled())

    def terminate(self) -> None:
        """Do as a signal asks: drain, stop with the last peer; the second time, stop now."""
        if self.final:
            self.hurry()
            return
        self.final = True
        until = trio.current_time() + self.settings.deadline
        # Who sent the signal counts from now; who was told a nearer end keeps it.
        self._set(until if self.until is None else min(until, self.until))

    def hurry(self) -> None:
        """Stop now."""
        self.final = True
        self._set(trio.current_time())

    async def over(self) -> None:
        """Return when the daemon is to stop: at the deadline, or with the last peer."""
        while not self._is_over():
            either = self._changed, self._rooms.changed
            with trio.move_on_at(inf if self.until is None else self.until):
                async with trio.open_nursery() as nursery:
                    for event in either:
                        nursery.start_soon(_first, event, nursery.cancel_scope)

    def _is_over(self) -> bool:
        if self.until is None:
            return False
        _, peers = self._rooms.count()
        # A room that was created and is empty is nothing to wait for.
        return trio.current_time() >= self.until or (self.final and peers == 0)

    def _set(self, until: float | None) -> None:
        if until is not None and until != self.until:
            seconds = round(max(0.0, until - trio.current_time()), 1)
            self._journal.note(events.DrainBegun(seconds, self.final))
        if until != self.until:
            self.until = until
            self._rooms.drain(until)
        self._changed.set()
        self._changed = trio.Event()


async def _first(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
