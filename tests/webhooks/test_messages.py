"""What receivers are told, from what is noted."""

from datetime import UTC, datetime
from typing import get_args

from trio_sfu import events
from trio_sfu.config.model import WebhookEvent
from trio_sfu.events import Fact, Failure
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.webhooks.messages import Message, Teller

NOW = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
ROOM, ANN, BOB = RoomId("standup"), PeerId("p-ann"), PeerId("p-bob")
ALL: tuple[WebhookEvent, ...] = get_args(WebhookEvent)
FAILURE = Failure.of(ValueError("x"), code="room-failed", path="standup")


def told(*facts: Fact, wanted: tuple[WebhookEvent, ...] = ALL) -> list[Message]:
    teller = Teller("run1", wanted, lambda peer: f"identity of {peer}" if peer == ANN else None)
    return [message for fact in facts for message in teller.tell(fact, NOW)]


def test_a_call_from_its_beginning_to_its_end() -> None:
    messages = told(
        events.RoomOpened(ROOM),
        events.PeerJoined(ROOM, ANN),
        events.PeerConnected(ROOM, ANN, 0.1),
        events.TrackPublished(ROOM, ANN, "camera"),
        events.TrackUnpublished(ROOM, ANN, "camera"),
        events.PeerLeft(ROOM, ANN, "timeout"),
        events.RoomClosed(ROOM),
    )
    assert [each.event for each in messages] == [
        "room-started",
        "peer-joined",
        "track-published",
        "track-unpublished",
        "peer-left",
        "room-ended",
    ]
    assert [each.number for each in messages] == [1, 2, 3, 4, 5, 6]
    assert len({each.id for each in messages}) == 6
    assert {each.identity for each in messages if each.peer} == {"identity of p-ann"}
    assert (messages[2].source, messages[4].reason, messages[5].reason) == (
        "camera",
        "timeout",
        "closed",
    )
    assert {each.time for each in messages} == {NOW}


def test_everybody_has_left_a_room_that_ends() -> None:
    messages = told(
        events.RoomOpened(ROOM),
        events.PeerJoined(ROOM, ANN),
        events.PeerJoined(ROOM, BOB),
        events.PeerLeft(ROOM, BOB, "left"),
        events.RoomCrashed(FAILURE, ROOM),
    )
    assert [(each.event, each.peer, each.reason) for each in messages[-2:]] == [
        ("peer-left", ANN, "room-failed"),
        ("room-ended", None, "failed"),
    ]
    assert messages[-1].failure == FAILURE.id


def test_only_what_is_wanted_is_told_and_counted() -> None:
    facts = [
        events.RoomOpened(ROOM),
        events.PeerJoined(ROOM, ANN),
        events.PeerLeft(ROOM, ANN, "left"),
    ]
    [message] = told(*facts, wanted=("peer-left",))
    assert (message.number, message.identity) == (1, "identity of p-ann")


def test_nothing_of_a_room_that_has_ended_is_remembered() -> None:
    teller = Teller("run1", ALL)
    for _ in range(3):
        for fact in (
            events.RoomOpened(ROOM),
            events.PeerJoined(ROOM, ANN),
            events.RoomClosed(ROOM),
        ):
            list(teller.tell(fact, NOW))
    assert not teller._here
