"""Faults in the TCP port and in the daemon's stop, with real sockets.

A simulation hands sessions to the rooms without a port. Here each place where a task of the
port, of a connection or of its session waits has its fault once, as in
``test_real_handshake.py``: by its place, because time is real and numbers do not repeat.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, get_args

import pytest
import trio

from tests.checkpoints.port_stage import OTHER, PORT, Caller, Stage, ask, ended
from tests.checkpoints.port_trials import (
    BOUND,
    Act,
    Fault,
    Kind,
    Life,
    Spot,
    config,
    crashes,
    library_errors,
    spots,
)
from tests.conftest import Measure
from trio_sfu.census import take_census
from trio_sfu.daemon import open_daemon
from trio_sfu.events import Journal
from trio_sfu.testing.checkpoints import Checkpoints

AT_ONCE: Final = 8
"""Daemons that live beside each other."""
REHEARSALS: Final = 3
QUICK: Final = 2.0
"""Seconds a stop takes when nothing is wrong; half a request does not hold it up for 3 s."""
SETTLED: Final = 6.0
"""Seconds within which nothing is left of a connection, or of a daemon: the HTTP server's 5 s
of keep-alive after its reading was cancelled, and a machine that has others to serve."""
_LAST: Final = "_highlevel_serve_listeners._run_handler"
"""Trio closes the socket once more, after our crash group: nothing there can raise an error."""
Census = dict[str, int]


async def request(stage: Stage) -> None:
    """Ask once, and go."""
    stream = await stage.connect()
    await ask(stream)
    await stream.aclose()


async def session(stage: Stage) -> None:
    """Join a room, and leave it."""
    await Caller(await stage.connect(), "birch", stays=False).run()


async def more_than(baseline: Census, census: Callable[[], Census]) -> Census:
    """Wait for the census to be the baseline; return what is more than it."""
    with trio.move_on_after(SETTLED):
        while census() != baseline:  # noqa: ASYNC110 - the census has no event
            await trio.sleep(0.01)
    return {name: n - baseline[name] for name, n in census().items() if n != baseline[name]}


async def rested(census: Callable[[], Census]) -> Census:
    """Return a census that two readings agree on."""
    seen = [census()]
    while len(seen) < 2 or seen[-1] != seen[-2]:
        await trio.sleep(0.1)
        seen.append(census())
    return seen[-1]


class Bystanders:
    """One in another room, and one who follows the daemon's events."""

    def __init__(self) -> None:
        self._gone = trio.Event()

    async def come(self, stage: Stage, nursery: trio.Nursery) -> None:
        """Connect, and stay until the nursery is cancelled."""
        follower = await stage.enter(OTHER)
        await follower.send_all(b"GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert b" 200 " in await follower.receive_some()
        self._caller = Caller(await stage.enter(OTHER), "amber", stays=True)
        nursery.start_soon(self._caller.run)
        nursery.start_soon(self._follow, follower)
        with trio.fail_after(BOUND):
            await self._caller.joined.wait()

    async def are_served(self) -> bool:
        """Return whether nobody has noticed anything."""
        return await self._caller.is_served() and not self._gone.is_set()

    async def _follow(self, stream: trio.SocketStream) -> None:
        async with stream:
            await ended(stream)
            self._gone.set()


@pytest.mark.parametrize("act", [request, session])
@pytest.mark.parametrize("kind", get_args(Kind))
async def test_a_fault_in_a_connection_is_that_connections_alone(
    kind: Kind, act: Act, measure: Measure
) -> None:
    journal, wrong, slowest = Journal(), list[str](), 0.0
    async with open_daemon(config(), journal=journal) as daemon, trio.open_nursery() as nursery:
        stage, bystanders = Stage(daemon), Bystanders()
        await bystanders.come(stage, nursery)
        await act(stage)  # What is made once and kept is made here.
        baseline = await rested(daemon.census)

        async def play(counted: Checkpoints) -> Census:
            with counted.counting():
                with trio.fail_after(BOUND):
                    await act(stage)
                return await more_than(baseline, daemon.census)

        places: Counter[Spot] = Counter()
        for _ in range(REHEARSALS):
            counted = Checkpoints(stage.role, record=True)
            assert not await play(counted)
            places.update(each for each in spots(counted) if each[0].startswith("connection"))
        reached = 0
        for spot in places:
            if kind == "raise" and spot[1] == _LAST:
                continue
            fault, before, begun = Fault(kind, spot), crashes(journal), trio.current_time()
            with library_errors() as logged:
                more = await play(fault.counted(stage))
            reached += fault.done
            slowest = max(slowest, trio.current_time() - begun)
            records = crashes(journal) - before + len(logged)
            if more:
                wrong.append(f"left behind after {kind} at {spot}: {more}")
            if records not in fault.records():
                wrong.append(f"{records} records after {kind} at {spot}, {logged}")
            if not await bystanders.are_served():
                wrong.append(f"the others noticed {kind} at {spot}")
        nursery.cancel_scope.cancel()
    what = f"{kind} in a {act.__name__} by the port"
    measure(what, f"{reached} places of {len(places)}, over in {slowest:.2f} s")
    assert not wrong, "\n".join(wrong)
    assert reached > len(places) // 2


@pytest.mark.parametrize("kind", get_args(Kind))
async def test_a_daemon_ends_in_time_whatever_happens_in_its_stop(
    kind: Kind, measure: Measure
) -> None:
    await ends_well(kind, None, "stop", measure)


@pytest.mark.parametrize("kind", get_args(Kind))
async def test_a_port_that_fails_ends_the_daemon(kind: Kind, measure: Measure) -> None:
    """It does not go on deaf."""
    await ends_well(kind, request, "port", measure)


async def ends_well(kind: Kind, during: Act | None, what: str, measure: Measure) -> None:
    await Life().run()  # What is made once and kept is made here.
    baseline = take_census()
    rehearsals = await live([Life(during=during) for _ in range(REHEARSALS)], baseline)
    assert min(each.seconds for each in rehearsals) < QUICK
    places = list(dict.fromkeys(spot for each in rehearsals for spot in each.seen))
    if during is not None:
        places = [(role, place) for role, place in places if role.startswith(PORT)]
    lives = [Life(Fault(kind, spot), during) for spot in places]
    for first in range(0, len(lives), AT_ONCE):
        await live(lives[first : first + AT_ONCE], baseline)
    faults = [each.fault for each in lives if each.fault is not None]
    reached, slowest = sum(each.done for each in faults), max(each.seconds for each in lives)
    measure(f"{kind} in the {what}", f"{reached} places of {len(places)}, over in {slowest:.2f} s")
    wrong = [f"{each.fault}: {each.wrong}" for each in [*rehearsals, *lives] if each.wrong]
    assert not wrong, "\n".join(wrong)
    assert reached > len(places) // 2


async def live(lives: list[Life], baseline: Census) -> list[Life]:
    """Have daemons live beside each other; nothing is left of them."""
    async with trio.open_nursery() as nursery:
        for each in lives:
            nursery.start_soon(each.run)
    more = await more_than(baseline, lambda: dict(take_census()))
    assert not more, f"left behind: {more} by one of {[each.fault for each in lives]}"
    return lives
