"""What is due is done in the order of time, and what is much too late is left out."""

import time
from itertools import islice

from trio_sfu.trial.playing import at_intervals, merged, play


class Waiting:
    """Receives nothing, and notes until when it was asked to."""

    def __init__(self) -> None:
        self.until: list[float] = []

    def receive(self, until: float) -> None:
        self.until.append(until)
        time.sleep(max(0.0, until - time.monotonic()))


def test_streams_are_merged_in_the_order_of_time() -> None:
    done: list[str] = []
    slow = at_intervals(0.5, lambda: done.append("slow"))
    quick = at_intervals(0.2, lambda: done.append("quick"), after=0.1)
    at, times = 0.0, []
    for pause, do in islice(merged(slow, quick), 10):
        before = len(done)
        do()
        if len(done) > before:
            times.append((round(at, 3), done[-1]))
        at += pause
    assert times == [
        (0.0, "slow"),
        (0.1, "quick"),
        (0.3, "quick"),
        (0.5, "slow"),
        (0.5, "quick"),
        (0.7, "quick"),
        (0.9, "quick"),
        (1.0, "slow"),
    ]


def test_it_plays_as_long_as_it_is_asked_to() -> None:
    done: list[float] = []
    receiver, began = Waiting(), time.monotonic()
    play(receiver, at_intervals(0.01, lambda: done.append(time.monotonic())), 0.1)
    assert 2 <= len(done) <= 11
    assert done == sorted(done)
    assert time.monotonic() - began >= 0.1
    assert receiver.until[-1] >= began + 0.1


def test_who_is_held_up_does_not_make_up_for_all_of_it() -> None:
    done: list[float] = []

    def do() -> None:
        done.append(time.monotonic())
        if len(done) == 1:
            time.sleep(0.4)

    play(Waiting(), at_intervals(0.01, do), 0.8)
    assert 2 <= len(done) <= 42
