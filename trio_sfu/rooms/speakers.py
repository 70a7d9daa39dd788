"""Who speaks in a room, who did lately, and who is to be heard. Pure.

Dominance passes as Volfin and Cohen have it: to whoever is more active than the dominant
speaker on all three scales of time (see ``voice``), and the most active of those. Added to
it: half a second of speech comes first, so that a cough into a silence is not a speaker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.voice import Activity, Voice

SPEAKS: Final = 5
"""Active windows of the last ten with which somebody begins to speak."""
SPEAKS_NO_MORE: Final = 1
"""With so many, or fewer, they have stopped."""
IMMEDIATELY: Final = 3.0
AT_MEDIUM: Final = 2.0
IN_LONG: Final = 0.7
"""Logs of how many times the dominant one's score its successor's must be.

With 0 on the long scale, as in the paper, two who speak at once take dominance from each
other at every breath.
"""
MAKES_ITSELF_HEARD: Final = 6
"""Active frames of the last 15 with which somebody becomes a voice; a key click has 1 to 3."""

HELD: Final = 2.5
"""Seconds that somebody stays a voice after their last sound, and two voices in their order."""
PAUSES: Final = 1.5
"""Seconds of silence after which a voice gives way to one that was heard just now."""
JUST_NOW: Final = 0.3
LOUDER: Final = 6.0
"""dB by which a voice is louder than the one it overtakes."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Who speaks and who is heard."""

    recent: tuple[PeerId, ...] = ()
    """Those who have spoken: the dominant speaker, others who speak, then the latest first."""
    speaking: frozenset[PeerId] = frozenset()
    """Those of them who speak now."""
    voices: tuple[PeerId, ...] = ()
    """Those who make themselves heard, if only for a moment, in the order in which they are
    to be: those who speak before those whose chair creaks, and then the loudest. Who has
    room for three voices takes the first three."""

    @property
    def dominant(self) -> PeerId | None:
        """The dominant speaker: they stay it until somebody else is."""
        return self.recent[0] if self.recent else None

    def heard(self, who: Callable[[PeerId], bool], most: int) -> list[PeerId]:
        """Return the first voices for whom ``who`` holds."""
        return [voice for voice in self.voices if who(voice)][:most]


class Speakers:
    """What is known of the microphones of a room.

    Call ``step`` ten times a second while somebody is a voice (``busy``); more or less
    often does no harm.
    """

    def __init__(self) -> None:
        self.speech = Speech()
        self._voices: dict[PeerId, Voice] = {}
        self._recent: list[PeerId] = []
        self._speaking: set[PeerId] = set()
        self._order: list[PeerId] = []
        self._overtook: dict[PeerId, float] = {}

    @property
    def busy(self) -> bool:
        """Whether time alone may change something."""
        return bool(self._order)

    def hear(self, now: float, peer: PeerId, level: int, levels: bytes) -> bool:
        """Note 100 ms of a peer's microphone; return whether a voice is new.

        ``level`` and ``levels`` are those of ``_native.AudioLevel``.
        """
        voice = self._voices.get(peer)
        if voice is None:
            voice = self._voices[peer] = Voice()
        active = voice.hear(now, level, levels)
        if not active or peer in self._order or voice.frames(now) < MAKES_ITSELF_HEARD:
            return False
        self._order.append(peer)
        self._publish()
        return True

    def forget(self, peer: PeerId) -> None:
        """Forget a peer that has left."""
        self._voices.pop(peer, None)
        self._overtook.pop(peer, None)
        self._speaking.discard(peer)
        for each in (self._recent, self._order):
            if peer in each:
                each.remove(peer)
        self._publish()

    def step(self, now: float) -> bool:
        """Look at what was heard until ``now``; return whether ``speech`` has changed."""
        before = self.speech
        activities = {peer: self._voices[peer].activity(now) for peer in self._order}
        self._note_speaking(activities)
        self._pass_dominance(activities)
        self._fall_silent(now)
        self._overtake(now)
        self._publish()
        return self.speech != before

    def _note_speaking(self, activities: dict[PeerId, Activity]) -> None:
        for peer, activity in activities.items():
            if peer not in self._speaking and activity.windows >= SPEAKS:
                self._speaking.add(peer)
                self._move(peer, 1)
            elif peer in self._speaking and activity.windows <= SPEAKS_NO_MORE:
                self._speaking.discard(peer)
                # Behind those who go on, before those who had stopped before.
                if peer != self._recent[0]:
                    others = sum(each in self._speaking for each in self._recent[1:])
                    self._move(peer, 1 + others)

    def _move(self, peer: PeerId, place: int) -> None:
        if peer in self._recent:
            self._recent.remove(peer)
        self._recent.insert(place, peer)

    def _pass_dominance(self, activities: dict[PeerId, Activity]) -> None:
        if not self._recent:
            return
        now = activities.get(self._recent[0], Activity())
        rivals = [
            (activities[peer].medium, peer)
            for peer in self._recent[1:]
            if peer in self._speaking and _outdoes(activities[peer], now)
        ]
        if rivals:
            self._move(max(rivals, key=lambda rival: rival[0])[1], 0)

    def _fall_silent(self, now: float) -> None:
        self._order = [peer for peer in self._order if now - self._voices[peer].heard_at < HELD]
        for peer in self._overtook.keys() - set(self._order):
            del self._overtook[peer]

    def _overtake(self, now: float) -> None:
        """Let voices before others that are no match for them."""
        order = self._order
        for place in range(len(order) - 1, 0, -1):
            ahead, behind = order[place - 1], order[place]
            if self._goes_first(now, behind, ahead):
                order[place - 1], order[place] = behind, ahead
            elif self._drowns(now, behind, ahead):
                order[place - 1], order[place] = behind, ahead
                self._overtook[ahead] = self._overtook[behind] = now

    def _goes_first(self, now: float, one: PeerId, other: PeerId) -> bool:
        dominant = self._recent[0] if self._recent else None
        if dominant in (one, other):
            return one == dominant
        if (one in self._speaking) != (other in self._speaking):
            return one in self._speaking
        return self._speaks_up(now, one) and self._voices[other].heard_at <= now - PAUSES

    def _drowns(self, now: float, one: PeerId, other: PeerId) -> bool:
        dominant = self._recent[0] if self._recent else None
        if other == dominant or (other in self._speaking) != (one in self._speaking):
            return False
        if not self._speaks_up(now, one):
            return False
        settled = max(self._overtook.get(each, -HELD) for each in (one, other)) <= now - HELD
        return settled and self._voices[one].level <= self._voices[other].level - LOUDER

    def _speaks_up(self, now: float, one: PeerId) -> bool:
        return self._voices[one].heard_at > now - JUST_NOW

    def _publish(self) -> None:
        self.speech = Speech(tuple(self._recent), frozenset(self._speaking), tuple(self._order))


def _outdoes(one: Activity, other: Activity) -> bool:
    return (
        log(one.immediate / other.immediate) > IMMEDIATELY
        and log(one.medium / other.medium) > AT_MEDIUM
        and log(one.long / other.long) > IN_LONG
    )
