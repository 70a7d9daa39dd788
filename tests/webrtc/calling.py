"""A client and the server's peer connection with a real engine between them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import trio

from trio_sfu.media.engine import MediaEngine, open_engine
from trio_sfu.media.settings import EngineSettings
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.signaling.carried import Source
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.events import PeerConnectionEvent
from trio_sfu.webrtc.peer_connection import PeerConnection, open_peer_connection
from trio_sfu.webrtc.user_agent import UserAgent, UserOffer, open_user_agent

Event = TypeVar("Event")
CERTIFICATE = Certificate.generate()
WAIT = 10.0


def as_message(offer: UserOffer, number: int = 1) -> Offer:
    return Offer(id=number, sdp=offer.sdp, sending=list(offer.sending), slots=list(offer.slots))


@dataclass
class Side:
    """One peer: its client's media and the server's end of it."""

    agent: UserAgent
    pc: PeerConnection
    events: list[PeerConnectionEvent] = field(default_factory=list)
    _came: trio.Event = field(default_factory=trio.Event)

    async def collect(self) -> None:
        async for event in self.pc.events:
            self.events.append(event)
            self._came.set()
            self._came = trio.Event()

    async def event(self, kind: type[Event], *, within: float = WAIT) -> Event:
        """Return the first event of a kind, past or to come."""
        with trio.fail_after(within):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        return event
                await self._came.wait()

    def slot(self, kind: str, pair: int = 0) -> Slot:
        return next(
            each for each in self.pc.slots.values() if (each.kind, each.pair) == (kind, pair)
        )

    def up_track(self, source: Source) -> UpTrack:
        track = self.pc.up_track(source)
        assert track is not None
        return track


@asynccontextmanager
async def running_engine(**settings: float) -> AsyncIterator[MediaEngine]:
    async with open_engine(EngineSettings(**settings)) as engine:  # type: ignore[arg-type]
        yield engine


@asynccontextmanager
async def joined(
    engine: MediaEngine, *, pairs: int = 1, spoil: Callable[[str], str] = str, timeout: float = 10.0
) -> AsyncIterator[Side]:
    """Let a client negotiate; ``spoil`` changes its offer on the way."""
    async with (
        open_peer_connection(engine, CERTIFICATE, handshake_timeout=timeout) as pc,
        open_user_agent(loopback=True) as agent,
        trio.open_nursery() as nursery,
    ):
        side = Side(agent, pc)
        nursery.start_soon(side.collect)
        message = as_message(await agent.offer(pairs))
        answer = await pc.negotiate(
            Offer(id=1, sdp=spoil(message.sdp), sending=message.sending, slots=message.slots)
        )
        await agent.accept(answer)
        yield side
        nursery.cancel_scope.cancel()


async def eventually(condition: Callable[[], object], within: float = WAIT) -> None:
    """Look at something again and again: for what has no event of its own."""
    with trio.fail_after(within):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await trio.sleep(0.01)
