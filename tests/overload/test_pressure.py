from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.config.model import Overload
from trio_sfu.overload.levels import Level
from trio_sfu.overload.pressure import FALL, LONGEST_FALL, RISE, Pressure
from trio_sfu.overload.strain import Readings, strains

STEP = 0.5
CALM = Readings()
BUSY = Readings(workers=(0.9,))
SATURATED = Readings(workers=(1.0,))


class Clock:
    """Looks at a pressure every half second, as the daemon does."""

    def __init__(self, settings: Overload | None = None) -> None:
        self.now = 0.0
        self.pressure = Pressure()
        self.settings = settings or Overload()
        self.steps: list[tuple[float, Level]] = []

    def run(self, seconds: float, readings: Readings) -> Level:
        until = self.now + seconds
        while self.now < until:
            self.now += STEP
            change = self.pressure.update(self.now, strains(readings, self.settings))
            if change is not None:
                assert abs(change.level - change.before) == 1
                self.steps.append((self.now, change.level))
        return self.pressure.level


def test_a_hiccup_changes_nothing() -> None:
    clock = Clock()
    for _ in range(50):
        clock.run(RISE - STEP, SATURATED)
        clock.run(STEP, CALM)
    assert clock.steps == []


def test_admission_stops_before_quality_does() -> None:
    clock = Clock()
    assert clock.run(60, BUSY) is Level.FULL
    assert len(clock.steps) == 1


def test_shedding_goes_step_by_step_and_ends_before_sound() -> None:
    clock = Clock()
    clock.run(60, SATURATED)
    assert [level for _, level in clock.steps] == [
        Level.FULL,
        Level.MEDIUM,
        Level.LOW,
        Level.SCREENS,
        Level.AUDIO,
    ]
    times = [at for at, _ in clock.steps]
    assert all(later - earlier >= RISE for earlier, later in pairwise(times))


def test_it_goes_back_the_same_way_when_it_is_calm_for_long_enough() -> None:
    clock = Clock()
    clock.run(60, SATURATED)
    clock.steps.clear()
    assert clock.run(FALL - STEP, CALM) is Level.AUDIO
    assert clock.run(6 * (FALL + STEP), CALM) is Level.NORMAL
    assert [level for _, level in clock.steps] == [4, 3, 2, 1, 0]


def test_between_ease_and_limit_nothing_moves() -> None:
    clock = Clock()
    clock.run(3, BUSY)
    assert clock.run(600, Readings(workers=(0.75,))) is Level.FULL
    assert clock.run(FALL + 1, Readings(workers=(0.6,))) is Level.NORMAL


def test_a_step_back_that_does_not_hold_is_tried_less_and_less_often() -> None:
    clock = Clock()
    waits = []
    for _ in range(8):
        clock.run(RISE + STEP, BUSY)
        calm_since = clock.now
        while clock.run(STEP, CALM) is Level.FULL:
            pass
        waits.append(clock.now - calm_since)
    assert waits == sorted(waits)
    assert waits[0] <= FALL + STEP
    assert waits[1] >= 2 * FALL
    assert waits[-1] <= LONGEST_FALL + STEP
    # After a good while it is trusted again.
    clock.run(4 * LONGEST_FALL, CALM)
    clock.run(RISE + STEP, BUSY)
    assert clock.run(FALL + STEP, CALM) is Level.NORMAL


def test_memory_and_descriptors_only_stop_admission() -> None:
    for readings in (Readings(memory=1.0), Readings(descriptors=1.0)):
        assert Clock().run(60, readings) is Level.FULL


def test_a_late_loop_sheds_only_when_it_is_very_late() -> None:
    assert Clock().run(60, Readings(lag=0.2)) is Level.NORMAL
    assert Clock().run(60, Readings(lag=0.5)) is Level.FULL
    assert Clock().run(60, Readings(lag=1.5)) is Level.AUDIO


def test_a_worker_that_has_time_is_room_for_newcomers() -> None:
    assert Clock().run(60, Readings(workers=(0.9, 0.2))) is Level.NORMAL
    assert Clock().run(60, Readings(workers=(0.9, 0.88))) is Level.FULL
    assert Clock().run(60, Readings(workers=(1.0, 0.2))) is Level.AUDIO, "one that has none sheds"


def test_nothing_is_shed_where_that_is_not_wanted() -> None:
    assert Clock(Overload(shed=False)).run(60, SATURATED) is Level.FULL


READINGS = st.builds(
    Readings,
    lag=st.floats(0, 5),
    workers=st.lists(st.floats(0, 1), max_size=4),
    memory=st.floats(0, 1),
    descriptors=st.floats(0, 1),
)


@given(st.lists(st.tuples(READINGS, st.floats(0.5, 30)), max_size=40))
def test_whatever_happens_calm_ends_it(history: list[tuple[Readings, float]]) -> None:
    clock = Clock()
    for readings, seconds in history:
        clock.run(seconds, readings)
    assert clock.run(6 * (LONGEST_FALL + 1), CALM) is Level.NORMAL
