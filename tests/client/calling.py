"""A daemon in the test's own process, and what its clients see."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from trio_sfu.client import Client, Picture
from trio_sfu.config.load import load
from trio_sfu.daemon import Daemon, open_daemon
from trio_sfu.signaling.carried import Source
from trio_sfu.webrtc.sources import Colour

WAIT = 10.0


@asynccontextmanager
async def running_daemon(**flags: str) -> AsyncIterator[Daemon]:
    """Start a daemon on ports of its own; ``flags`` are keys with ``__`` for the dot."""
    chosen = {"http.port": "0", "media.port": "0", "liveness.self_test_interval": "0"}
    chosen |= {name.replace("__", "."): text for name, text in flags.items()}
    async with open_daemon(load(flags=chosen)) as daemon:
        await trio.testing.wait_all_tasks_blocked()
        yield daemon


async def see(client: Client, peer: str, wanted: Callable[[Picture], object]) -> Picture:
    """Watch a peer until a picture is as wanted."""
    with trio.fail_after(WAIT):
        async for picture in client.video(peer):
            if wanted(picture):
                return picture
    raise AssertionError("the peer left")


def is_colour(colour: Colour) -> Callable[[Picture], bool]:
    """Return whether a whole picture has one colour, up to what a codec does to it."""

    def check(picture: Picture) -> bool:
        return all(
            abs(seen - there) < 24
            for corner in picture.corners()
            for seen, there in zip(corner, colour, strict=True)
        )

    return check


async def hear(client: Client, peer: str, source: Source = "microphone") -> float:
    """Wait until a peer is heard; return the energy."""
    with trio.fail_after(WAIT):
        await client.until(lambda: client.reception(peer, source))
        reception = client.reception(peer, source)
        assert reception is not None
        while reception.energy < 0.005:
            await reception.wait()
    return reception.energy


async def settled(daemon: Daemon, wanted: dict[str, int], within: float = 3.0) -> None:
    """Wait until the census is what it was; fail with the difference, now and wanted."""
    with trio.move_on_after(within):
        while daemon.census() != wanted:  # noqa: ASYNC110 - the census has no event
            await trio.sleep(0.02)
    found = daemon.census()
    more = {what: (count, wanted[what]) for what, count in found.items() if count != wanted[what]}
    assert not more, f"{more} {tree()}"


def tree() -> list[str]:
    """Return the names of all tasks."""
    names, waiting = [], [trio.lowlevel.current_root_task()]
    while waiting:
        task = waiting.pop()
        if task is not None:
            names.append(task.name)
            for nursery in task.child_nurseries:
                waiting.extend(nursery.child_tasks)
    return names
