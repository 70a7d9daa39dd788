"""Which addresses clients are told to send media to, where a STUN server has to say it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import trio

from trio_sfu.config.model import Media
from trio_sfu.config.rules import is_loopback
from trio_sfu.events import AddressesLearned, Journal, StunFailed
from trio_sfu.liveness.health import Trouble
from trio_sfu.stun.ask import mapped_address
from trio_sfu.stun.message import StunError
from trio_sfu.stun.place import Place, stun_place

AGAIN: Final = 300.0
"""Seconds between two askings."""
SOON: Final = 30.0
"""Seconds until the next one after one without an answer."""


class Ask(Protocol):
    """Asks a server how it sees a local address."""

    def __call__(self, server: Place, local: str) -> Awaitable[tuple[str, int]]:
        """Return address and port. Raises StunError."""
        ...


class Announcing:
    """What is learned, and what is announced by it.

    ``settings`` are those of now. ``own`` are the addresses that clients would be told else.
    What was learned is kept while there is no answer: that the server is gone says nothing of the
    address.
    """

    def __init__(
        self,
        settings: Callable[[], Media],
        own: Callable[[], Sequence[str]],
        journal: Journal,
        ask: Ask = mapped_address,
    ) -> None:
        self._settings = settings
        self._own = own
        self._journal = journal
        self._ask = ask
        self._learned: dict[str, str] = {}
        self._server = ""
        """Whom it was learned from."""
        self._failed: StunError | None = None
        self._changed = trio.Event()

    def addresses(self) -> Sequence[str]:
        """Return what to announce in place of the bound addresses; nothing: those themselves."""
        settings = self._settings()
        if not settings.stun_server or not self._learned:
            return settings.announced
        return list(dict.fromkeys(self._learned.get(each, each) for each in self._own()))

    def trouble(self) -> Trouble | None:
        """Return what keeps the addresses from being known."""
        if self._failed is None or not self._settings().stun_server:
            return None
        message = f"unknown to media.stun_server: {self._failed} ({self._failed.code})"
        return Trouble(what="announced addresses", message=message)

    async def learn(self) -> None:
        """Ask for each address of this machine that others might reach; takes 4 s at most.

        Notes what has changed, or that none was answered. Raises nothing.
        """
        server = self._settings().stun_server
        if not server:
            self._server, self._learned, self._failed = "", {}, None
            return
        found: dict[str, str] = {}
        errors: list[StunError] = []

        async def one(local: str) -> None:
            try:
                found[local], _ = await self._ask(stun_place(server), local)
            except StunError as error:
                errors.append(error)

        async with trio.open_nursery() as nursery:
            for each in self._own():
                if not is_loopback(each):
                    nursery.start_soon(one, each, name=f"stun/{each}")
        if found:
            self._take(server, found)
        else:
            no_address = StunError("media.addresses has none beyond loopback")
            # That its name has no address of a family says less than that nothing came back.
            errors.sort(key=lambda error: error.code == "stun-name")
            self._failed = errors[0] if errors else no_address
            self._journal.note(StunFailed(self._failed.code, str(self._failed)))

    def _take(self, server: str, found: dict[str, str]) -> None:
        before, self._failed = self.addresses(), None
        self._learned = self._learned | found if server == self._server else found
        self._server = server
        if self.addresses() != before:
            self._journal.note(AddressesLearned(tuple(self.addresses())))

    def reschedule(self) -> None:
        """Ask now: the settings are others."""
        self._changed.set()

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """Be the service: ask once in a while, beginning with the second time."""
        task_status.started()
        while True:
            with trio.move_on_after(SOON if self._failed else AGAIN):
                await self._changed.wait()
            self._changed = trio.Event()
            await self.learn()
