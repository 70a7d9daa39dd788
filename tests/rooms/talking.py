"""What microphones hear: levels (RFC 6464) of 20 ms each, from a seed."""

from collections.abc import Iterator, Mapping
from random import Random

from trio_sfu.ids import PeerId
from trio_sfu.rooms.speakers import Speakers, Speech

FRAME = 0.02
WINDOW = 5
AUDIBLE = 60
"""What the engine tells of: ``native/crates/core/src/receive/levels.rs``."""


class Sound:
    """Somebody's sound: a level for each 20 ms, for ever."""

    def __init__(self, seed: object) -> None:
        self.random = Random(str(seed))

    def levels(self) -> Iterator[int]:
        raise NotImplementedError


class Silence(Sound):
    """A quiet room."""

    def levels(self) -> Iterator[int]:
        while True:
            yield self.random.randint(68, 80)


class Noise(Sound):
    """A fan: so loud, and no more than that."""

    def __init__(self, seed: object, level: int) -> None:
        super().__init__(seed)
        self.level = level

    def levels(self) -> Iterator[int]:
        while True:
            yield self.level + self.random.randint(-2, 2)


class Keyboard(Sound):
    """Typing, close to the microphone: clicks of 20 to 60 ms."""

    def levels(self) -> Iterator[int]:
        while True:
            yield from [self.random.randint(28, 40)] * self.random.randint(1, 3)
            for _ in range(self.random.randint(4, 12)):
                yield self.random.randint(66, 78)


class Speaking(Sound):
    """Speech: syllables of 100 to 260 ms, gaps between words, a breath now and then."""

    def __init__(self, seed: object, level: int = 32) -> None:
        super().__init__(seed)
        self.level = level

    def levels(self) -> Iterator[int]:
        while True:
            for _ in range(self.random.randint(5, 14)):
                yield from self.syllable()
                for _ in range(self.random.choice([0, 0, 1, 1, 2, 3])):
                    yield self.level + self.random.randint(18, 30)
            for _ in range(self.random.randint(10, 25)):
                yield self.random.randint(66, 78)

    def syllable(self) -> Iterator[int]:
        length = self.random.randint(5, 13)
        peak = self.level + self.random.randint(-4, 5)
        for at in range(length):
            off = abs(at - length * 0.4) / length
            yield round(peak + 14 * off) + self.random.randint(-1, 1)


class Over(Sound):
    """One sound in a place with another."""

    def __init__(self, front: Sound, back: Sound) -> None:
        super().__init__("")
        self.both = front, back

    def levels(self) -> Iterator[int]:
        front, back = self.both
        return map(min, front.levels(), back.levels())


class Turns(Sound):
    """One sound after another, each for so many seconds; the last goes on."""

    def __init__(self, *turns: tuple[float, Sound]) -> None:
        super().__init__("")
        self.turns = turns

    def levels(self) -> Iterator[int]:
        for seconds, sound in self.turns:
            levels = sound.levels()
            for _ in range(round(seconds / FRAME)):
                yield next(levels)
        yield from Silence("after").levels()


def burst(seed: object, seconds: float, level: int = 18) -> Turns:
    """A cough, a door: loud, with a sharp beginning and an end."""
    sound = Sound(seed)
    count = round(seconds / FRAME)
    levels = [level + round(12 * at / count) + sound.random.randint(-2, 2) for at in range(count)]

    class Burst(Sound):
        def levels(self) -> Iterator[int]:
            yield from levels
            yield from Silence(seed).levels()

    return Turns((seconds, Burst(seed)))


class Talk:
    """A room in which sounds are heard, and who was taken for a speaker when."""

    def __init__(self, sounds: Mapping[str, Sound], phase: float = 0.0) -> None:
        self.speakers = Speakers()
        self.now = phase
        self.begun = phase
        self.history: list[tuple[float, Speech]] = []
        self._levels = {PeerId(name): sound.levels() for name, sound in sounds.items()}
        self._audible: dict[PeerId, bool] = {}

    def go_on(self, seconds: float) -> "Talk":
        """Let time pass."""
        for _ in range(round(seconds / FRAME / WINDOW)):
            self.now += FRAME * WINDOW
            for peer, levels in self._levels.items():
                self._tell(peer, bytes(min(127, max(0, next(levels))) for _ in range(WINDOW)))
            self.speakers.step(self.now)
            speech = self.speakers.speech
            if not self.history or self.history[-1][1] != speech:
                self.history.append((self.now - self.begun, speech))
        return self

    def _tell(self, peer: PeerId, levels: bytes) -> None:
        level = loudness(levels)
        if level <= AUDIBLE or self._audible.get(peer):
            self.speakers.hear(self.now, peer, level, levels)
        self._audible[peer] = level <= AUDIBLE

    @property
    def dominant(self) -> list[tuple[float, str]]:
        """Who became the dominant speaker, and when."""
        found: list[tuple[float, str]] = []
        for when, speech in self.history:
            if speech.dominant and (not found or found[-1][1] != speech.dominant):
                found.append((round(when, 1), speech.dominant))
        return found


def loudness(levels: bytes) -> int:
    """Return the level of the mean power."""
    from math import log10

    power = sum(10 ** (-level / 10) for level in levels) / len(levels)
    return min(127, round(-10 * log10(power)))
