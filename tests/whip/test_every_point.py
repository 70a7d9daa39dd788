"""A session is begun and something fails at each point of it in turn: nothing is left."""

from collections.abc import Callable
from typing import Final

import pytest
import trio
import trio.testing
from trio.lowlevel import Task

from tests.rooms.scripted import settle
from tests.whip.staging import RESTART, TRICKLED, Stage, Told, stage
from trio_sfu.census import take_census
from trio_sfu.events import ConnectionCrashed, RequestCrashed
from trio_sfu.testing.checkpoints import Checkpoints, cancel, place, raise_at
from trio_sfu.testing.faults import InjectedFault

REQUEST: Final = "request"


def watched(task: Task) -> str | None:
    if task.name == REQUEST:
        return REQUEST
    return "session" if task.name.startswith(("whip s-", "whep s-")) else None


async def story(staged: Stage, told: list[Told]) -> None:
    """Publish, trickle, restart ICE, and leave."""
    begun = await staged.publish()
    told.append(begun)
    if begun.status == 201:
        path = begun.headers["location"]
        told.append(await staged.patch(path, TRICKLED, if_match=begun.headers["etag"]))
        told.append(await staged.patch(path, RESTART, if_match="*"))
        told.append(await staged.ask("DELETE", path))


async def in_a_scope(staged: Stage, told: list[Told]) -> None:
    # As a handler is: its connection's nursery is cancelled when the client goes.
    with trio.CancelScope():
        await story(staged, told)


async def played(fault: Callable[[Task], object] | None, number: int) -> tuple[int, str]:
    """Play the story with a fault at a checkpoint; return how many there were, and which."""
    async with stage() as staged:
        ann = await staged.scene.join()
        baseline = take_census()
        told: list[Told] = []
        checkpoints = Checkpoints(watched)
        if fault is not None:
            checkpoints.at(number, fault)
        with checkpoints.counting():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(in_a_scope, staged, told, name=REQUEST)
                await settle()
        if told and told[0].status == 201:
            # The client was told of its session, and ends it, unless it has ended.
            path = told[0].headers["location"]
            assert (await staged.ask("DELETE", path)).status in (200, 404)
        await trio.sleep(30)
        struck = str(checkpoints.struck[0]) if checkpoints.struck else ""
        assert not staged.sessions, struck
        assert list(staged.scene.rooms.rooms["r"].peers) == [ann.id], struck  # type: ignore[index]
        assert ann.link.ended == [], struck
        assert all(each.closed for each in staged.connections[1:]), struck
        assert take_census() == baseline, struck
        crashes = [*staged.scene.noted(ConnectionCrashed), *staged.scene.noted(RequestCrashed)]
        assert len(crashes) <= 1, struck
        if fault is None:
            assert [each.status for each in told] == [201, 204, 200, 200]
            assert not crashes
        # Whatever has failed, the next one is served.
        assert (await staged.publish()).status == 201, struck
        return checkpoints.count, struck


async def test_the_story_itself(autojump_clock: trio.testing.MockClock) -> None:
    count, _ = await played(None, 0)
    assert count >= 9


def broken(task: Task) -> None:
    # Nothing but a cancellation comes out of a lock; an error put there leaves it locked.
    if not place(task).endswith("_sync.__aenter__"):
        raise_at(task, InjectedFault("here"))


@pytest.mark.parametrize("fault", [cancel, broken], ids=["cancel", "raise"])
async def test_a_fault_at_each_point_leaves_nothing(
    fault: Callable[[Task], object], autojump_clock: trio.testing.MockClock
) -> None:
    count, _ = await played(None, 0)
    struck = [(await played(fault, number))[1] for number in range(count)]
    assert {each.split(": ")[1].split(" at ")[0] for each in struck if each} == {
        REQUEST,
        "session",
    }
