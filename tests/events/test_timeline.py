"""A peer's timeline is bounded, counts what repeats, and is kept for a while only."""

import pytest
import trio
from trio.testing import MockClock

from trio_sfu.events import Failure, Journal, Moderation, PeerCrashed, PeerLeft, TrackPublished
from trio_sfu.events.timeline import DETAIL, FIRST, GONE, KEEP_S, LAST, Ending, Timeline, Timelines
from trio_sfu.ids import PeerId, RoomId

ROOM, PEER = RoomId("r"), PeerId("p-0123456789")


def steps(timeline: Timeline) -> list[tuple[str, str, str, int]]:
    return [(each.side, each.what, each.detail, each.times) for each in timeline.steps()]


async def test_steps_have_their_times(autojump_clock: MockClock) -> None:
    timeline = Timeline(PEER, ROOM)
    timeline.note("client", "offer", "2 slots")
    await trio.sleep(1.5)
    timeline.note("server", "answer")
    assert [each.at for each in timeline.steps()] == [0, 1.5]
    assert timeline.seconds == 1.5


async def test_a_message_that_says_the_same_again_is_counted(autojump_clock: MockClock) -> None:
    timeline = Timeline(PEER, ROOM)
    for _ in range(3):
        timeline.note("server", "slot-state", "v0 h")
        timeline.note("server", "speakers")
        await trio.sleep(1)
    timeline.note("server", "slot-state", "v0 q")
    timeline.note("server", "slot-state", "v0 h")
    assert steps(timeline) == [
        ("server", "slot-state", "v0 h", 3),
        ("server", "speakers", "", 3),
        ("server", "slot-state", "v0 q", 1),
        ("server", "slot-state", "v0 h", 1),
    ]
    assert [each.until for each in timeline.steps()][:2] == [2, 2]


async def test_what_media_does_stays_in_its_order() -> None:
    timeline = Timeline(PEER, ROOM)
    for what in ("silent", "silent", "heard again", "silent"):
        timeline.note("media", what)
    assert [(what, times) for _, what, _, times in steps(timeline)] == [
        ("silent", 2),
        ("heard again", 1),
        ("silent", 1),
    ]


async def test_the_first_and_the_newest_steps_are_kept() -> None:
    timeline = Timeline(PEER, ROOM)
    for number in range(1_000):
        timeline.note("client", "prefer", str(number))
    kept = [int(detail) for _, _, detail, _ in steps(timeline)]
    assert kept == [*range(FIRST), *range(1_000 - LAST, 1_000)]
    assert timeline.left_out == 1_000 - FIRST - LAST


async def test_types_are_not_remembered_beyond_their_steps() -> None:
    timeline = Timeline(PEER, ROOM)
    for number in range(1_000):
        timeline.note("client", f"type {number}", "x" * 10_000)
    assert len(timeline._newest) == FIRST + LAST
    assert max(len(detail) for _, _, detail, _ in steps(timeline)) == DETAIL


async def test_who_is_gone_is_kept_for_a_while(autojump_clock: MockClock) -> None:
    timelines = Timelines()
    for number in range(3):
        timeline = Timeline(PeerId(f"p-{number}"), ROOM)
        timelines.begin(timeline)
        timelines.end(timeline, Ending("client", "left"))
        await trio.sleep(KEEP_S / 2)
    assert timelines.find("p-0") is None
    assert [each.peer for each in timelines.all()] == ["p-1", "p-2"]
    await trio.sleep(KEEP_S)
    assert list(timelines.all()) == []
    assert timelines._gone == {}


async def test_no_more_than_so_many_are_kept() -> None:
    timelines = Timelines()
    here = Timeline(PEER, ROOM)
    timelines.begin(here)
    for number in range(2 * GONE):
        timeline = Timeline(PeerId(f"p-{number}"), ROOM)
        timelines.begin(timeline)
        timelines.end(timeline, Ending("client", "left"))
        assert len(timelines._gone) <= GONE
    assert timelines.find(f"p-{2 * GONE - 1}") is not None
    assert timelines.find("p-0") is None
    assert timelines.find(PEER) is here, "who is there is kept in any case"


async def test_facts_that_no_message_tells_are_steps() -> None:
    journal = Journal()
    timeline = Timeline(PEER, ROOM)
    journal.timelines.begin(timeline)
    failure = Failure.of(ValueError("x"), code="peer-failed", path="r/p/media")
    journal.note(PeerCrashed(failure, ROOM, PEER))
    journal.note(TrackPublished(ROOM, PEER, "camera"))
    journal.note(Moderation("mute", "moderator", ROOM, PEER, "camera", "ann@example.org"))
    journal.note(PeerLeft(ROOM, PeerId("p-other"), "left"))
    journal.note(PeerLeft(ROOM, PEER, "failed"))
    assert steps(timeline) == [
        ("daemon", "peer-crashed", f"peer-failed {failure.id}", 1),
        ("daemon", "moderation", "mute camera by moderator", 1),
        ("daemon", "peer-left", "failed", 1),
    ]


def test_a_journal_needs_no_clock_for_who_has_no_timeline() -> None:
    Journal().note(PeerLeft(ROOM, PEER, "left"))
    with pytest.raises(RuntimeError):
        Timeline(PEER, ROOM)
