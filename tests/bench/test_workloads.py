"""The loads, for any number of subscribers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.bench.workloads import (
    A_CALL,
    ALL,
    JOINS,
    LEN,
    NAMES,
    PROFILES,
    Workload,
    chosen,
    load,
)
from trio_sfu.trial.client import CM, GCM

EVERY = chosen(())
PACED = [each for each in EVERY if each.forwarded is not None]


def named(name: str) -> Workload:
    return next(each for each in EVERY if each.name == name)


@given(st.sampled_from(PACED), st.integers(1, 500))
def test_as_much_is_forwarded_whatever_the_number(workload: Workload, subscribers: int) -> None:
    there = load(workload, subscribers)
    assert there.forwarded == pytest.approx(workload.forwarded)
    assert (there.people, there.subscribers) == (subscribers + 1, subscribers)
    assert 1 <= there.packets <= A_CALL
    assert there.packets * (LEN + 16) < 1 << 16


def test_bursts_are_five_milliseconds_apart() -> None:
    for subscribers, slow, quick in ((50, 2, 5), (100, 1, 2), (10, 10, 25)):
        those = [load(each, subscribers) for each in chosen(("video-paced",))]
        assert [each.packets for each in those] == [slow, quick]
        assert those[0].frames_a_second == pytest.approx(200)


@pytest.mark.parametrize(("subscribers", "people"), [(1, 3), (5, 3), (6, 6), (50, 48)])
def test_rooms_are_of_three(subscribers: int, people: int) -> None:
    there = load(named("many-rooms"), subscribers)
    assert (there.people, there.subscribers, there.fan_out) == (people, people, 2)
    assert there.publishers == range(people)
    assert there.forwarded == people * 2 * 6 * 30


def test_names_choose_and_none_are_all() -> None:
    assert [each.name for each in EVERY] == [
        "video-bursts",
        "video-paced-20k",
        "video-paced-50k",
        "even",
        "audio",
        "many-rooms",
    ]
    assert [each.name for each in chosen(("audio", "video-bursts"))] == ["video-bursts", "audio"]
    assert chosen((JOINS,)) == []
    assert {*ALL, JOINS} == set(NAMES)


def test_profiles_are_those_of_the_clients() -> None:
    assert PROFILES == {"gcm": GCM, "cm": CM}
