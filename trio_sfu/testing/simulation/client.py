"""A simulated client: it wants to be in a room, and comes back until it is."""

from collections.abc import Callable
from random import Random
from typing import Final

import trio

from trio_sfu.media.simulated import Address
from trio_sfu.rooms.state import SHARED
from trio_sfu.signaling.carried import Source
from trio_sfu.testing.simulation.description import Layout
from trio_sfu.testing.simulation.ending import Ending, Former
from trio_sfu.testing.simulation.network import Host, Network
from trio_sfu.testing.simulation.session import ClientSession, OnMedia, Tell
from trio_sfu.testing.simulation.story import Story
from trio_sfu.testing.simulation.viewing import Viewing
from trio_sfu.testing.simulation.wire import WireEnd

DEADLINE: Final = 30.0
"""Seconds after the last trouble within which a client is back and connected.

A lost answer costs a wait of 12 s before the client tries anew, and that may be lost, too.
"""
CLOSED_ROOM: Final = 60.0
"""Seconds a room that failed too often is refused (``rooms.restarts``)."""

_REMEMBERED: Final = 64  # sessions that are over

Dial = Callable[[Host], WireEnd]
"""Opens a connection to the server; returns the client's end."""


class SimulatedClient:
    """Somebody with a browser. ``goal`` is the room they want to be in."""

    def __init__(
        self,
        name: str,
        network: Network,
        random: Random,
        *,
        dial: Dial,
        story: Story,
        on_media: OnMedia,
        wrong: Tell,
    ) -> None:
        self.name = name
        self.goal: str | None = None
        self.session: ClientSession | None = None
        self.layout = Layout()
        self.viewing = Viewing()
        self.wishes: dict[Source, bool] = {"microphone": False, "camera": False}
        self.ended: dict[str, tuple[float, Ending, bool]] = {}
        """Sessions that are over, by label: when, how, and whether the server could know."""
        self.troubled = trio.current_time()
        """When something last happened that it has to get over."""
        self._number = int(name[1:])
        self._ports = 0
        self.host = Host(name, self._address())
        self._network = network
        self._random = random
        self._dial = dial
        self._story = story
        self._on_media = on_media
        self._wrong = wrong
        self._former: Former | None = None
        self._sessions = 0
        self._changed = trio.Event()

    def _address(self) -> Address:
        return f"198.51.100.{self._number}", 40_000 + self._ports

    def trouble(self, *, for_more: float = 0.0) -> None:
        """Note that it has to get over something."""
        self.troubled = max(self.troubled, trio.current_time() + for_more)

    def want(self, room: str | None) -> None:
        """Want to be in a room, or nowhere."""
        self.goal = room
        self.trouble()
        self._changed.set()

    def end_session(self, ending: Ending) -> None:
        """End the session, if there is one."""
        if self.session is not None:
            self.trouble()
            if ending in ("left", "closed"):
                self._former = None
            self.session.end(ending)

    def forget(self) -> None:
        """Forget the resume token, as a reloaded page does."""
        self._former = None

    def move(self) -> None:
        """Come from another address without knowing it, as when a NAT forgets a mapping."""
        self._renew_address()
        if self.session is not None and not self.session.over:
            self.session.transport.move()

    def change_network(self, *, keep: bool, works_after: float = 0.0) -> None:
        """Come from another address and know it, as when Wi-Fi gives way to a mobile network.

        ``keep``: what came from the address before still does; ``works_after`` seconds
        nothing gets through from the new one.
        """
        self._renew_address()
        if works_after:
            self._network.block(self.host.address, works_after)
        if self.session is not None and not self.session.over:
            self.session.restart_ice(keep=keep)
        self.trouble(for_more=works_after)

    def _renew_address(self) -> None:
        self._ports += 1
        self.host.address = self._address()
        self.trouble()

    async def live(self) -> None:
        """Be where it wants to be, for ever."""
        while True:
            if self.goal is None:
                self._changed = trio.Event()
                await self._changed.wait()
                continue
            session = self._begin(self.goal)
            await session.run()
            self._finish(session)
            await trio.sleep(0.2 + self._random.random())

    def _begin(self, room: str) -> ClientSession:
        self._sessions += 1
        # A new peer connection has a new port.
        self._ports += 1
        self.host.address = self._address()
        self.session = ClientSession(
            label=f"{self.name}.{self._sessions}",
            room=room,
            replaces=self._former,
            network=self._network,
            host=self.host,
            random=self._random,
            dial=lambda: self._dial(self.host),
            on_media=self._on_media,
            tell=lambda what: self._story.tell(self.name, what),
            wrong=self._wrong,
            displaced=self._displaced,
            published=dict(self.wishes),
            layout=self.layout,
            viewing=self.viewing,
        )
        self.trouble()
        return self.session

    def _displaced(self) -> None:
        """Share no more: somebody else does."""
        for source in SHARED:
            self.wishes.pop(source, None)
        self._story.tell(self.name, "gives way to another's screen")
        self.trouble()

    def _finish(self, session: ClientSession) -> None:
        if session.joined is not None and session.ending not in ("left", "closed"):
            self._former = Former(session.label, session.joined.resume_token)
        why = f" ({session.error})" if session.error else ""
        self._story.tell(self.name, f"session {session.label} is over: {session.ending}{why}")
        reachable = session.reachable and not self.host.partitioned
        self.ended[session.label] = (trio.current_time(), session.ending, reachable)
        if len(self.ended) > _REMEMBERED:
            del self.ended[next(iter(self.ended))]
        self.session = None
        self.trouble(for_more=CLOSED_ROOM if session.error == "room-unavailable" else 0.0)

    @property
    def must_be_connected(self) -> bool:
        """Whether it has had the time to get over everything."""
        return (
            self.goal is not None
            and not self.host.partitioned
            and trio.current_time() - self.troubled > DEADLINE
        )
