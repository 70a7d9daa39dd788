"""The service: from what is noted in the daemon to those who are told of it.

It follows the journal's ring as anybody does who looks at events, so no room ever waits for it,
and a ring that went round without it is counted (``lost``). What it has not delivered survives
its restart by its supervisor, not that of the daemon.
"""

from collections.abc import Callable
from functools import partial
from typing import get_args

import trio

from trio_sfu.config.model import Webhooks as Settings
from trio_sfu.config.webhooks import Target, targets, webhook_secret
from trio_sfu.events import Journal
from trio_sfu.events.recent import Follower
from trio_sfu.ids import PeerId
from trio_sfu.webhooks.endpoint import Endpoint, Outcome, Post
from trio_sfu.webhooks.messages import Teller
from trio_sfu.webhooks.post import post


class Webhooks:
    """Tells each configured receiver what it wants to know. ``run`` is the service."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        identify: Callable[[PeerId], str | None] = lambda _peer: None,
        post_to: Callable[[Target], Post] | None = None,
    ) -> None:
        """``identify`` gives a peer's identity. ``post_to`` is another way than the network.

        Raises ConfigError when a URL or the secret cannot be used.
        """
        self.lost = 0
        """Facts that went by unseen: the ring was too short for them."""
        self._secret = webhook_secret(settings)
        self._teller = Teller(journal.recent.run, settings.events, identify)
        self._follower = Follower(journal.recent, 0)
        posts = post_to or partial(_network, settings)
        self.endpoints = [
            Endpoint(
                number,
                posts(target),
                lambda: self._secret,
                journal,
                most=settings.queue,
                give_up_after=settings.give_up_after,
            )
            for number, target in enumerate(targets(settings), 1)
        ]

    def use(self, secret: bytes) -> None:
        """Sign with another secret from now on."""
        self._secret = secret

    def outcomes(self) -> dict[str, int]:
        """Return how many messages came to which end, of all receivers; ``lost`` are facts."""
        total = dict.fromkeys(get_args(Outcome), 0)
        for each in self.endpoints:
            for outcome, count in each.outcomes.items():
                total[outcome] += count
        return total | {"lost": self.lost}

    @property
    def waiting(self) -> int:
        """How many messages are not delivered yet."""
        return sum(each.waiting for each in self.endpoints)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Follow and deliver, until cancelled."""
        async with trio.open_nursery() as nursery:
            for each in self.endpoints:
                nursery.start_soon(each.run, name=f"webhooks/{each.number}")
            task_status.started()
            while (news := await self._follower.next()) is not None:
                lost, entries = news
                self.lost += lost
                for entry in entries:
                    for message in self._teller.tell(entry.fact, entry.time):
                        for each in self.endpoints:
                            each.put(message)
            # The daemon stops; what there is goes out until the service is ended.


def _network(settings: Settings, target: Target) -> Post:
    return partial(post, target, timeout=settings.timeout, private=settings.private)
