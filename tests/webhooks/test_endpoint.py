"""One receiver: order, attempts, limits. On a virtual clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_sfu.events import Journal, WebhookFailing
from trio_sfu.webhooks.endpoint import LONGEST_DELAY, Endpoint
from trio_sfu.webhooks.messages import Message
from trio_sfu.webhooks.post import Answer, DeliveryError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def message(number: int) -> Message:
    return Message(
        id=f"run-{number}", run="run", number=number, time=NOW, event="room-started", room="r"
    )


@dataclass
class Receiver:
    """Answers as the test says, the last answer for ever."""

    answers: list[int | str | Answer]
    seen: list[tuple[float, int]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    takes: float = 0.0

    async def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        number: int = msgspec.json.decode(body)["number"]
        self.seen.append((round(trio.current_time() - self.begun, 1), number))
        self.headers.append(headers)
        await trio.sleep(self.takes)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise DeliveryError(answer)
        return Answer(answer) if isinstance(answer, int) else answer

    def __post_init__(self) -> None:
        self.begun = trio.current_time()


@asynccontextmanager
async def endpoint(receiver: Receiver, **settings: Any) -> AsyncIterator[tuple[Endpoint, Journal]]:
    journal = Journal()
    given: dict[str, Any] = {"most": 100, "give_up_after": 600.0, "chance": lambda: 0.5} | settings
    made = Endpoint(1, receiver.post, lambda: b"secret", journal, **given)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.run)
        yield made, journal
        nursery.cancel_scope.cancel()


async def test_what_is_put_in_comes_out_in_order(autojump_clock: MockClock) -> None:
    receiver = Receiver([200], takes=1)
    async with endpoint(receiver) as (one, journal):
        for number in range(3):
            one.put(message(number))
        await trio.sleep(10)
        assert [number for _, number in receiver.seen] == [0, 1, 2]
        assert (one.outcomes["delivered"], one.waiting) == (3, 0)
        assert journal.count(WebhookFailing) == 0


async def test_it_is_tried_again_later_each_time_and_noted_once(autojump_clock: MockClock) -> None:
    receiver = Receiver([503, "unreachable", 429, 204])
    async with endpoint(receiver) as (one, journal):
        one.put(message(0))
        one.put(message(1))
        await trio.sleep(60)
        assert receiver.seen == [(0, 0), (1, 0), (3, 0), (7, 0), (7, 1)]
        assert one.outcomes["delivered"] == 2
        assert journal.by_label(WebhookFailing) == {"status-5xx": 1}
        # The same message, signed anew.
        first, second, *_ = receiver.headers
        assert first["webhook-id"] == second["webhook-id"] == "run-0"


@pytest.mark.parametrize(("chance", "second"), [(0.0, 0.5), (1.0, 1.5)])
async def test_the_delays_are_spread(
    chance: float, second: float, autojump_clock: MockClock
) -> None:
    receiver = Receiver([500, 200])
    async with endpoint(receiver, chance=lambda: chance) as (one, _):
        one.put(message(0))
        await trio.sleep(10)
        assert receiver.seen[1][0] == second


async def test_it_waits_as_long_as_it_is_asked_to_within_reason(autojump_clock: MockClock) -> None:
    receiver = Receiver([Answer(503, 20), Answer(429, 86_400), 200])
    async with endpoint(receiver) as (one, _):
        one.put(message(0))
        await trio.sleep(600)
        assert [when for when, _ in receiver.seen] == [0, 20, 20 + LONGEST_DELAY]


async def test_it_is_given_up_in_the_end(autojump_clock: MockClock) -> None:
    receiver = Receiver(["timeout"])
    async with endpoint(receiver, give_up_after=100) as (one, _):
        one.put(message(0))
        await trio.sleep(50)
        one.put(message(1))
        await trio.sleep(51)
        assert (one.outcomes["given-up"], one.waiting) == (1, 1)
        await trio.sleep(50)
        assert (one.outcomes["given-up"], one.waiting) == (2, 0)
        tried = len(receiver.seen)
        await trio.sleep(1_000)
        assert len(receiver.seen) == tried
        receiver.answers = [200]
        one.put(message(2))
        await trio.sleep(1)
        assert one.outcomes["delivered"] == 1


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410])
async def test_what_will_not_change_is_not_tried_again(
    status: int, autojump_clock: MockClock
) -> None:
    receiver = Receiver([status, 200])
    async with endpoint(receiver) as (one, _):
        one.put(message(0))
        one.put(message(1))
        await trio.sleep(60)
        assert [number for _, number in receiver.seen] == [0, 1]
        assert one.outcomes == {"refused": 1, "delivered": 1}


async def test_of_too_many_the_oldest_that_wait_are_dropped(autojump_clock: MockClock) -> None:
    receiver = Receiver([200], takes=5)
    async with endpoint(receiver, most=3) as (one, _):
        one.put(message(0))
        await wait_all_tasks_blocked()
        for number in range(1, 6):
            one.put(message(number))
            assert one.waiting <= 3
        await trio.sleep(60)
        assert [number for _, number in receiver.seen] == [0, 4, 5]
        assert one.outcomes == {"dropped": 3, "delivered": 3}


async def test_a_queue_for_one(autojump_clock: MockClock) -> None:
    receiver = Receiver([200], takes=5)
    async with endpoint(receiver, most=1) as (one, _):
        for number in range(3):
            one.put(message(number))
            await wait_all_tasks_blocked()
        await trio.sleep(60)
        assert [number for _, number in receiver.seen] == [0, 2]
        assert one.waiting == 0
