"""What happened to one peer, step by step, while it is there and for a while after.

Bounded in every way: so many steps of a peer, so many peers that are gone, so long after
they went. A step that says the same again only counts. No step has a name; addresses stand
by themselves, so that whoever shows a timeline can leave them out.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Literal, TypeAlias

import trio

from trio_sfu.events.fact import Crash, Fact
from trio_sfu.ids import PeerId, RoomId

FIRST: Final = 50
LAST: Final = 100
"""Steps that are kept of a peer: the first and the newest; what was between is counted."""
DETAIL: Final = 120
"""Characters of a step's detail."""
GONE: Final = 256
KEEP_S: Final = 600.0
"""How many peers that are gone are kept, and for how long."""

Side: TypeAlias = Literal["client", "server", "media", "daemon"]
"""Whose step it is: what the client has said, what it was told, what its connection did, what
the daemon noted."""


@dataclass(slots=True)
class Step:
    """One step, ``at`` seconds after the beginning; ``times`` it was so until ``until``."""

    at: float
    side: Side
    what: str
    detail: str = ""
    address: str = ""
    times: int = 1
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ended it and why: the reason the others were told, the code its client was told."""

    by: str
    reason: str
    code: str = ""
    failure: str = ""


@dataclass(slots=True, eq=False)
class Timeline:
    """The steps of one peer. Begins when it is made."""

    peer: PeerId
    room: RoomId
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ending: Ending | None = None
    ended_at: float | None = None
    left_out: int = 0
    _zero: float = field(default_factory=trio.current_time)
    _first: list[Step] = field(default_factory=list)
    _last: deque[Step] = field(default_factory=lambda: deque(maxlen=LAST))
    _newest: dict[tuple[str, str], Step] = field(default_factory=dict)
    _end: Step | None = None

    def note(self, side: Side, what: str, detail: str = "", address: str = "") -> None:
        """Add a step, or count it where the same stands already.

        A message that says what the one before it of its type has said is counted there; what
        the media does, and the daemon notes, only when nothing was between.
        """
        now = round(trio.current_time() - self._zero, 3)
        detail = detail if len(detail) <= DETAIL else f"{detail[: DETAIL - 1]}…"
        same = self._newest.get((side, what))
        if side in ("media", "daemon") and same is not self._end:
            same = None
        if same is not None and (same.detail, same.address) == (detail, address):
            same.times += 1
            same.until = now
            return
        step = Step(now, side, what, detail, address, until=now)
        self._newest[side, what] = self._end = step
        if len(self._first) < FIRST:
            self._first.append(step)
            return
        if len(self._last) == LAST:
            self._forget(self._last[0])
        self._last.append(step)

    def steps(self) -> Iterator[Step]:
        """Yield what is kept, in order."""
        yield from self._first
        yield from self._last

    @property
    def seconds(self) -> float:
        """How long it was there, or has been."""
        until = trio.current_time() if self.ended_at is None else self.ended_at
        return round(until - self._zero, 3)

    def end(self, ending: Ending) -> None:
        """Note the end."""
        self.ending = ending
        self.ended_at = trio.current_time()

    def _forget(self, step: Step) -> None:
        self.left_out += 1
        if self._newest.get((step.side, step.what)) is step:
            del self._newest[step.side, step.what]


class Timelines:
    """Those of the peers that are there, and of the last that went."""

    def __init__(self) -> None:
        self._here: dict[PeerId, Timeline] = {}
        self._gone: dict[PeerId, Timeline] = {}

    def begin(self, timeline: Timeline) -> None:
        """Keep a timeline from now on."""
        self._here[timeline.peer] = timeline

    def end(self, timeline: Timeline, ending: Ending) -> None:
        """Keep it for a while only. The last ending counts."""
        timeline.end(ending)
        if self._here.pop(timeline.peer, None) is not None:
            self._gone[timeline.peer] = timeline
        self._tidy()

    def find(self, peer: str) -> Timeline | None:
        """Return a peer's timeline."""
        self._tidy()
        return self._here.get(PeerId(peer)) or self._gone.get(PeerId(peer))

    def all(self) -> Iterator[Timeline]:
        """Yield all, those that went first."""
        self._tidy()
        yield from self._gone.values()
        yield from self._here.values()

    def note(self, fact: Fact) -> None:
        """Add what the daemon noted to the timeline of the peer it is about, if it is of one."""
        timeline = self._here.get(PeerId(str(getattr(fact, "peer", ""))))
        if timeline is not None and (said := _said(fact)) is not None:
            timeline.note("daemon", fact.kind(), said)

    def _tidy(self) -> None:
        now = trio.current_time()
        over = len(self._gone) - GONE
        for peer, timeline in list(islice(self._gone.items(), max(over, 0) + 16)):
            if over > 0 or now - (timeline.ended_at or 0.0) > KEEP_S:
                del self._gone[peer]
                over -= 1


def _said(fact: Fact) -> str | None:
    """Return what a fact adds to a timeline; None when messages say it already."""
    match fact.kind():
        case "peer-left":
            return str(getattr(fact, "reason", ""))
        case "peer-torn-down":
            return f"after {getattr(fact, 'seconds', 0.0):.3f} s"
        case "moderation":
            words = [getattr(fact, name) for name in ("action", "source")]
            return " ".join(filter(None, [*words, f"by {getattr(fact, 'by', '')}"]))
        case "session-resumed":
            return ""
        case _:
            return f"{fact.failure.code} {fact.failure.id}" if isinstance(fact, Crash) else None
