"""A viewer's allocation over time: down at once, up with care.

Pure: time is an argument. What is sent never costs more than the budget, with one
exception: a slot's lowest step is kept for ``GRACE`` seconds before the slot is paused,
because a pause costs a keyframe to undo and an estimate may be a moment's. Where the budget
carries nothing of what is wanted, the weightiest slot has this grace from its beginning: at
first neither what the path carries nor what the source costs is more than a guess.

A step up has to fit into the smallest budget of a while, at its peak, and with headroom over
what it costs as a rule; one to more pictures of the same size without the headroom, for it
costs no keyframe and can be taken back at once. A slot that had to step down waits before the
next step up, and twice as long each time a step up did not last: so a link whose estimate is
noisy comes to rest on what it always carries. And a budget that is a guess, for nothing has
been heard of the path yet, is good for a beginning alone: a step up that has to be taken back
costs two keyframes, which everybody else who watches the source gets as well.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.budget import HEADROOM
from trio_sfu.rooms.allocation.ladder import Ladder, Step
from trio_sfu.rooms.allocation.share import NOTHING, share
from trio_sfu.rooms.allocation.wants import Want
from trio_sfu.signaling.carried import Source

GRACE: Final = 1.0
"""Seconds that a slot keeps its lowest step without budget."""
FIRST_HOLD: Final = 5.0
LONGEST_HOLD: Final = 60.0
_LASTS: Final = 12.0
"""Seconds after which a step up has proved right."""
_OTHER_LINK: Final = 1.5
"""So many times the budget that a step up failed with, it is not the same link any more."""
_WINDOW: Final = 1.5
"""Seconds whose smallest budget counts for a step up, once something had to step down."""
_FIRST_WINDOW: Final = 0.3
"""The same before that: the first measurements of a path go up in bounds."""
_GUESSED: Final = 4.0
"""Seconds after which a budget that was a guess has carried what was sent."""
_SAMPLES: Final = 64
_APART: Final = 0.5
"""Seconds between two steps up of one slot: each waits for a keyframe."""
_LOOK: Final = 0.5
"""Seconds until the next look while somebody waits for more."""

Allotted: TypeAlias = dict[str, Step | None]


@dataclass(slots=True)
class _Slot:
    track: tuple[PeerId, Source]
    step: Step | None = None
    hold: float = FIRST_HOLD
    held_until: float = -inf
    raised_at: float = -inf
    raised_with: float = inf
    """The budget that its last step up was taken with."""
    short_since: float | None = None
    """Since when the budget has had nothing for it."""

    def is_new(self) -> bool:
        """Return whether it has been shown nothing so far."""
        return self.step is None and self.held_until == -inf


class Allocator:
    """What each slot of one viewer is allotted."""

    def __init__(self) -> None:
        self.due = inf
        """When to run again though nothing has happened."""
        self._slots: dict[str, _Slot] = {}
        self._budget = inf
        self._budgets: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)
        self._lowered = False
        self._situation: object = None
        self._only_begins = False
        self._proved_at: float | None = None
        """When a budget that is still a guess counts as any other."""

    def run(
        self, now: float, budget: float | None, wants: Sequence[Want], *, guess: bool = False
    ) -> Allotted:
        """Return the step of each of ``wants`` by mid; None is a pause for want of bits.

        ``budget`` is in bits/s for them together; None: nobody knows, all get their best.
        ``guess``: the path has not said anything about it so far.
        """
        if self._proved_at is None and wants:
            self._proved_at = now + _GUESSED
        self._only_begins = guess and self._proved_at is not None and now < self._proved_at
        slots = [self._slot(want) for want in wants]
        self._slots = {want.mid: slot for want, slot in zip(wants, slots, strict=True)}
        self.due = inf
        if budget is None:
            for want, slot in zip(wants, slots, strict=True):
                slot.step = want.ladder[-1]
        else:
            self._steer(now, budget, wants, slots)
        return {want.mid: slot.step for want, slot in zip(wants, slots, strict=True)}

    def _slot(self, want: Want) -> _Slot:
        slot = self._slots.get(want.mid)
        return slot if slot is not None and slot.track == want.track else _Slot(want.track)

    def _steer(
        self, now: float, budget: float, wants: Sequence[Want], slots: Sequence[_Slot]
    ) -> None:
        situation = [(want.mid, want.track, _rank(want), want.ladder[-1].key) for want in wants]
        changed, self._situation = situation != self._situation, situation
        most = share(budget, wants)
        secure = self._secure(now, budget)
        safe = share(secure, wants, _with_headroom)
        smoother = share(secure, wants, _at_its_peak)
        had = [_level(slot.step, want.ladder) for want, slot in zip(wants, slots, strict=True)]
        if wants and all(level == NOTHING for level in (*had, *most)):
            foremost = min(range(len(wants)), key=lambda each: _rank(wants[each]))
            if slots[foremost].is_new():
                had[foremost] = 0
        levels = list(had)
        over = _cost(levels, wants) > budget
        for number, slot in enumerate(slots):
            # What is spare holds nothing that somebody else waits for.
            if over or changed or wants[number].spare:
                levels[number] = self._lower(now, slot, had[number], most[number], over=over)
            else:
                slot.short_since = None
        for number, want in enumerate(wants):
            same = _same_size(want.ladder, levels[number], smoother[number])
            safe[number] = max(safe[number], same)
        self._raise(now, budget, secure, wants, slots, levels, most, safe)
        for number, (want, slot) in enumerate(zip(wants, slots, strict=True)):
            slot.step = want.ladder[levels[number]] if levels[number] != NOTHING else None
            if levels[number] < most[number]:
                self.due = min(self.due, now + _LOOK)
            if slot.short_since is not None and levels[number] != NOTHING:
                self.due = min(self.due, slot.short_since + GRACE)

    def _secure(self, now: float, budget: float) -> float:
        """Return the smallest budget of a while."""
        # The one before was true until now.
        for each in (self._budget, budget):
            while self._budgets and self._budgets[-1][1] >= each:
                self._budgets.pop()
            self._budgets.append((now, each))
        self._budget = budget
        window = _WINDOW if self._lowered else _FIRST_WINDOW
        while self._budgets[0][0] < now - window:
            self._budgets.popleft()
        return self._budgets[0][1]

    def _lower(self, now: float, slot: _Slot, had: int, most: int, *, over: bool) -> int:
        level = min(had, most)
        if level == NOTHING and had != NOTHING:
            slot.short_since = now if slot.short_since is None else slot.short_since
            level = 0 if now < slot.short_since + GRACE else NOTHING
        else:
            slot.short_since = None
        if level < had and over:
            self._lowered = True
            # A pause is no step that was too high: it ends as soon as there are bits.
            if now - slot.raised_at < _LASTS and level != NOTHING:
                slot.hold = min(slot.hold * 2, LONGEST_HOLD)
                # It has failed once, however many steps it goes down.
                slot.raised_at = -inf
            elif now >= slot.held_until:
                slot.hold = FIRST_HOLD
            slot.held_until = now + (slot.hold if level != NOTHING else GRACE)
        return level

    def _raise(
        self,
        now: float,
        budget: float,
        secure: float,
        wants: Sequence[Want],
        slots: Sequence[_Slot],
        levels: list[int],
        most: Sequence[int],
        safe: Sequence[int],
    ) -> None:
        spent = _cost(levels, wants)
        for number in sorted(range(len(wants)), key=lambda each: _rank(wants[each])):
            slot, ladder, level = slots[number], wants[number].ladder, levels[number]
            first = slot.is_new()
            wanted = min(most[number], max(safe[number], 0 if first else NOTHING))
            if wanted <= level or not _may_rise(now, budget, slot):
                continue
            if self._only_begins and not first:
                continue
            more = ladder[wanted].bitrate - (ladder[level].bitrate if level >= 0 else 0.0)
            # ``safe`` may leave out what is shown for it was there before: together they must fit.
            if spent + more <= (budget if first else secure):
                spent += more
                levels[number] = wanted
                if not first:
                    slot.raised_at, slot.raised_with = now, budget


def _rank(want: Want) -> tuple[bool, float]:
    return want.spare, -want.weight


def _at_its_peak(step: Step) -> float:
    return step.peak


def _with_headroom(step: Step) -> float:
    return max(step.peak, step.bitrate * HEADROOM)


def _may_rise(now: float, budget: float, slot: _Slot) -> bool:
    if now < slot.raised_at + _APART:
        return False
    if slot.hold > FIRST_HOLD and budget > slot.raised_with * _OTHER_LINK:
        slot.hold, slot.held_until = FIRST_HOLD, now
    return now >= slot.held_until


def _level(step: Step | None, ladder: Ladder) -> int:
    """Return where a step chosen before is in the ladder of now."""
    if step is None:
        return NOTHING
    for level, each in enumerate(ladder):
        if each.key == step.key:
            return level
    # Its encoding is gone, or a smaller one is enough, or its layers are counted anew.
    below = [level for level, each in enumerate(ladder) if each.bitrate <= step.bitrate]
    return below[-1] if below else 0


def _same_size(ladder: Ladder, level: int, most: int) -> int:
    """Return the highest level up to ``most`` that has the size of ``level``."""
    while level != NOTHING and level < most and ladder[level + 1].size == ladder[level].size:
        level += 1
    return level


def _cost(levels: Sequence[int], wants: Sequence[Want]) -> float:
    return sum(
        want.ladder[level].bitrate
        for level, want in zip(levels, wants, strict=True)
        if level != NOTHING
    )
