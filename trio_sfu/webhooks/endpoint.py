"""One receiver: its queue, and how often something is tried.

Messages go out one at a time, in order. The queue is bounded: when it is full, the oldest that
is not under way goes (``dropped``), for what is newest says most about what is. Who puts one in
never waits.
"""

import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec
import trio

from trio_sfu.events import Journal, WebhookFailing
from trio_sfu.webhooks.messages import Message
from trio_sfu.webhooks.post import Answer, DeliveryError
from trio_sfu.webhooks.signing import signed_headers

Outcome: TypeAlias = Literal["delivered", "refused", "given-up", "dropped"]
Post: TypeAlias = Callable[[Mapping[str, str], bytes], Awaitable[Answer]]

FIRST_DELAY: Final = 1.0
LONGEST_DELAY: Final = 60.0
_TRY_AGAIN: Final = frozenset({408, 425, 429})
"""Statuses below 500 that may be others later."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    since: float


class Endpoint:
    """A receiver; ``number`` is which of the configured ones. ``run`` delivers to it."""

    def __init__(
        self,
        number: int,
        post: Post,
        secret: Callable[[], bytes],
        journal: Journal,
        *,
        most: int,
        give_up_after: float,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``chance`` gives numbers from 0 to 1, ``clock`` the Unix time."""
        self.number = number
        self.outcomes: Counter[Outcome] = Counter()
        self._post = post
        self._secret = secret
        self._journal = journal
        self._most = most
        self._give_up_after = give_up_after
        self._chance = chance
        self._clock = clock
        self._queue: deque[_Waiting] = deque()
        self._more = trio.Event()
        self._failing = False

    @property
    def waiting(self) -> int:
        """How many messages are not delivered yet."""
        return len(self._queue)

    def put(self, message: Message) -> None:
        """Have a message delivered."""
        if len(self._queue) >= self._most:
            # The first is under way: it may have arrived already.
            del self._queue[min(1, len(self._queue) - 1)]
            self.outcomes["dropped"] += 1
        self._queue.append(_Waiting(message, trio.current_time()))
        self._more.set()

    async def run(self) -> None:
        """Deliver what is put in, until cancelled. What is under way then comes again later."""
        while True:
            while not self._queue:
                self._more = trio.Event()
                await self._more.wait()
            first = self._queue[0]
            outcome = await self._deliver(first)
            self.outcomes[outcome] += 1
            # It may have been the only one, and have been dropped meanwhile.
            if self._queue and self._queue[0] is first:
                self._queue.popleft()

    async def _deliver(self, waiting: _Waiting) -> Outcome:
        body = msgspec.json.encode(waiting.message)
        end = waiting.since + self._give_up_after
        delay = FIRST_DELAY
        while True:
            if trio.current_time() >= end:
                return "given-up"
            answer, reason = await self._try(waiting.message.id, body)
            if reason is None:
                self._failing = False
                return "delivered"
            self._note_failing(reason)
            if answer is not None and not _may_change(answer.status):
                return "refused"
            wait = delay * (0.5 + self._chance())
            if answer is not None and answer.retry_after is not None:
                wait = max(wait, min(answer.retry_after, LONGEST_DELAY))
            await trio.sleep_until(min(trio.current_time() + wait, end))
            delay = min(2 * delay, LONGEST_DELAY)

    async def _try(self, message: str, body: bytes) -> tuple[Answer | None, str | None]:
        """Return the answer, if there is one, and what is wrong, if something is."""
        headers = signed_headers(self._secret(), message, body, self._clock())
        try:
            answer = await self._post(headers, body)
        except DeliveryError as error:
            return None, error.reason
        good = 200 <= answer.status < 300
        return answer, None if good else f"status-{answer.status // 100}xx"

    def _note_failing(self, reason: str) -> None:
        # Once, not each time: a receiver that is away is away for a while.
        if not self._failing:
            self._failing = True
            self._journal.note(WebhookFailing(self.number, reason))


def _may_change(status: int) -> bool:
    return status >= 500 or status in _TRY_AGAIN
