"""Faults in what a simulation replaces: the asyncio loop, DTLS and the engine's threads.

A real client of aiortc joins over loopback. The order of things is not the same twice, so it
is not the number of a checkpoint that is chosen but its place: each place where the server's
side of a connection waits has its fault once. Time is real; runs are few.
"""

import gc
from collections.abc import Callable
from typing import Final, Literal, get_args

import pytest
import trio
from trio.lowlevel import Task

from tests.webrtc.calling import CERTIFICATE, as_message, running_engine
from trio_sfu.census import take_census
from trio_sfu.media.engine import MediaEngine
from trio_sfu.signaling.messages import Offer
from trio_sfu.testing.checkpoints import Checkpoints, cancel, raise_at
from trio_sfu.testing.faults import InjectedFault
from trio_sfu.webrtc.bridge import live_loops
from trio_sfu.webrtc.events import Connected, Failed
from trio_sfu.webrtc.peer_connection import open_peer_connection
from trio_sfu.webrtc.user_agent import open_user_agent

SERVER: Final = "server"
TIMEOUT: Final = 2.0
BOUND: Final = 8.0
"""Seconds within which a connection has ended, whatever was done to it: a handshake's
timeout, a goodbye, and a machine that has others to serve."""
Census = dict[str, int]
Kind = Literal["raise", "cancel", "end"]
"""``end`` cancels the nursery the task is in, as the end of the peer does."""
_OPENING: Final = "open_bridge"
"""trio-asyncio's own nurseries: an error or a cancellation put inside them is not one that can
come there, and it waits for ever (a comment in its ``open_loop`` says so). Only the end of what
is around them can."""


def server(task: Task) -> str | None:
    """Watch the server's tasks, those of its asyncio loop too."""
    up: Task | None = task
    while up is not None:
        if up.name == SERVER:
            return SERVER
        up = up.parent_nursery.parent_task if up.parent_nursery is not None else None
    return None


class Connection:
    """A client and the server's side of its connection, until that is connected or fails."""

    def __init__(self, engine: MediaEngine) -> None:
        self.ends: list[str] = []
        self.faults = 0
        self._over = trio.Event()
        self._engine = engine

    async def run(self) -> None:
        """Connect, and close."""
        async with open_user_agent(loopback=True) as agent, trio.open_nursery() as nursery:
            offer = as_message(await agent.offer(1))
            answers_in, answers = trio.open_memory_channel[str](1)
            nursery.start_soon(self._accept, answers, agent.accept)
            nursery.start_soon(self._serve, offer, answers_in, name=SERVER)
            with trio.fail_after(BOUND):
                await self._over.wait()
            nursery.cancel_scope.cancel()

    async def _accept(
        self, answers: trio.MemoryReceiveChannel[str], accept: Callable[[str], object]
    ) -> None:
        async for answer in answers:
            await accept(answer)  # type: ignore[misc]

    async def _serve(self, offer: Offer, answers: trio.MemorySendChannel[str]) -> None:
        try:
            async with open_peer_connection(
                self._engine, CERTIFICATE, handshake_timeout=TIMEOUT
            ) as pc:
                answers.send_nowait(await pc.negotiate(offer))
                async for event in pc.events:
                    if isinstance(event, Connected | Failed):
                        self.ends.append(type(event).__name__)
                        break
        except* InjectedFault as fault:
            self.faults += len(list(leaves(fault)))
        finally:
            self._over.set()


def leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in leaves(each)]
    return [error]


def census(engine: MediaEngine) -> Census:
    return take_census() | {"loops": live_loops()} | engine.census()


async def returns_to(engine: MediaEngine, baseline: Census) -> Census:
    """Wait for the census to be the baseline; return what is more than it."""
    with trio.move_on_after(3):
        while census(engine) != baseline:  # noqa: ASYNC110 - the census has no event
            await trio.sleep(0.01)
    return {name: n - baseline[name] for name, n in census(engine).items() if n != baseline[name]}


async def rehearse(engine: MediaEngine) -> list[str]:
    """Return the places where our code waits on the server's side."""
    counted = Checkpoints(server, record=True)
    connection = Connection(engine)
    with counted.counting():
        await connection.run()
    assert connection.ends == ["Connected"]
    ours = [each.place for each in counted.seen if ":" in each.place]
    return list(dict.fromkeys(ours))


@pytest.mark.parametrize("kind", get_args(Kind))
async def test_a_fault_where_a_simulation_does_not_reach(
    kind: Kind,
    measure: Callable[[str, str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_engine() as engine:
        await rehearse(engine)  # What is made once and kept is made here.
        gc.collect()  # An earlier engine of this process keeps its descriptors until then.
        baseline = census(engine)
        places = list(dict.fromkeys([*await rehearse(engine), *await rehearse(engine)]))
        assert {"handshake", "wait_closed", "_associate", "negotiate"} <= {
            name.partition(":")[0] for each in places for name in each.split(" > ")
        }
        reached = 0
        for place in places:
            if kind != "end" and _OPENING in place:
                continue
            reached += await suffers(engine, kind, place, baseline)
        measure(f"{kind} in a real handshake", f"{reached} places of {len(places)}")
        assert reached > len(places) // 2
        # It is as good as new.
        assert await rehearse(engine)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def suffers(engine: MediaEngine, kind: Kind, place: str, baseline: Census) -> bool:
    """Have a fault at a place; return whether a task came there."""
    done: list[bool] = []

    def strike(task: Task) -> None:
        if kind == "raise":
            done.append(raise_at(task))
        elif kind == "cancel":
            done.append(True)
            cancel(task)
        elif task.parent_nursery is not None:
            done.append(True)
            task.parent_nursery.cancel_scope.cancel()

    connection = Connection(engine)
    counted = Checkpoints(server)
    counted.at_place(place, strike)
    with counted.counting():
        await connection.run()
    more = await returns_to(engine, baseline)
    assert not more, f"left behind after {kind} at {place}: {more}"
    expected = 1 if kind == "raise" and any(done) else 0
    assert connection.faults == expected, f"{connection.faults} faults after {kind} at {place}"
    return any(done)
