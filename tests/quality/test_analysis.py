"""The figures of the quality benchmark, from recordings made by hand."""

import math

import pytest

from benchmarks.quality.analysis import (
    Freeze,
    first,
    freezes,
    per_second,
    queueing,
    settled,
    share_of_time,
    used,
)
from benchmarks.quality.netem import options
from benchmarks.quality.profile import Bursts, Profile
from benchmarks.quality.reading import likeness
from benchmarks.quality.recording import UDP, Frame, Packet
from benchmarks.quality.uplink import apart


def film(*spans: tuple[float, float, int], rate: int = 30) -> list[Frame]:
    return [
        Frame(start + number / rate, height * 16 // 9, height)
        for start, end, height in spans
        for number in range(round((end - start) * rate))
    ]


def packet(
    entered: float, waited: float = 0.0, size: int = 1250, fate: str = "delivered"
) -> Packet:
    return Packet(entered, entered + waited, entered + waited + 0.04, size, fate, UDP)


def test_a_gap_is_a_freeze_by_the_measure_of_the_usual_interval() -> None:
    frames = film((0, 5, 720), (5.5, 10, 720))
    (frozen,) = freezes(frames, 0, 10)
    assert frozen == pytest.approx(Freeze(5 - 1 / 30, 0.5 + 1 / 30))
    # 0.17 s are no more than 150 ms above the usual.
    assert freezes(film((0, 5, 720), (5.1, 10, 720)), 0, 10) == []
    # At two frames a second nobody calls half a second a freeze.
    assert freezes(film((0, 20, 720), rate=2), 0, 20) == []


def test_a_picture_that_does_not_come_back_is_frozen_until_the_end() -> None:
    (frozen,) = freezes(film((0, 5, 720)), 0, 30)
    assert frozen.seconds == pytest.approx(25, abs=0.1)


def test_what_was_offered_and_what_came_through() -> None:
    packets = [packet(number / 100) for number in range(500)]
    packets += [packet(2 + number / 100, fate="tail") for number in range(100)]
    packets.sort()
    assert max(bits for _, bits in per_second(packets, 0, 5)) == 2_000_000
    assert used(packets, 1, 4) == pytest.approx(1_000_000, rel=0.01)


def test_the_queue_has_settled_when_it_stays_below() -> None:
    packets = [packet(number / 100, 0.5 if number < 300 else 0.05) for number in range(600)]
    assert settled(queueing(packets, 0, 6), lambda wait: wait < 0.2) == pytest.approx(3.5)
    assert settled([(1, 0.1), (2, 0.4)], lambda wait: wait < 0.2) == math.inf


def test_when_a_size_was_shown() -> None:
    frames = film((0, 5, 720), (5, 8, 360), (8, 10, 720))
    assert first(frames, 0, lambda frame: frame.height < 720) == 5
    assert share_of_time(frames, 0, 10) == pytest.approx({360: 0.3, 720: 0.7})


def test_viewers_that_change_at_about_the_same_time_are_together() -> None:
    one = film((0, 5, 720), (5, 10, 360))
    assert apart(one, film((0, 5.6, 720), (5.6, 10, 360)), 0, 10) == 0
    assert apart(one, film((0, 10, 720)), 0, 10) == pytest.approx(4, abs=0.1)


def test_a_text_is_read_whatever_its_white_space() -> None:
    assert likeness("the quick\n brown  fox", "the quick brown fox") == 1
    assert likeness("the qu1ck brown", "the quick brown") == pytest.approx(14 / 15)


def test_both_back_ends_are_told_the_same() -> None:
    profile = Profile(
        rates=((0.0, 5_000_000), (10.0, 800_000)),
        delay=40,
        queue=65_536,
        bursts=Bursts(begin=1, end=25),
    )
    assert "rate=5000k@0,800k@10" in profile.words()
    assert profile.rate_at(9) == 5_000_000
    words = " ".join(options(profile, profile.rate_at(12)))
    assert "rate 800000bit" in words
    assert "loss gemodel 1% 25%" in words
