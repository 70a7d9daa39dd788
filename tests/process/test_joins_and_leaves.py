"""Whoever goes leaves nothing behind, however they go and however often (point 4)."""

import os
from collections.abc import Callable
from functools import partial

import trio

from tests.process.daemon import Daemon
from trio_sfu.client import Client, SyntheticVideo, Tone, connect

ROOM = "churn"
JOINS = int(os.environ.get("SOAK_JOINS", "200"))


def absent(client: Client, peer: str) -> bool:
    """Whether a client does not know the peer any more."""
    return peer not in client.peers


async def baseline(daemon: Daemon) -> dict[str, int]:
    """Return the census of the daemon at rest."""
    return await trio.to_thread.run_sync(daemon.settled_census)


async def returns_to(daemon: Daemon, census: dict[str, int], within: float = 10) -> None:
    """Wait for the census, without stopping this loop's clients."""
    await trio.to_thread.run_sync(lambda: daemon.returns_to(census, within=within))


async def frames_from(client: Client, peer: str, wanted: int) -> None:
    """Wait for so many decoded pictures of a peer."""
    seen = 0
    with trio.fail_after(20):
        async for _ in client.video(peer):
            seen += 1
            if seen == wanted:
                return


async def test_two_hundred_joins_and_leaves(
    daemon: Daemon, measure: Callable[[str, str], None]
) -> None:
    empty = await baseline(daemon)
    halfway: dict[str, int] | None = None
    started = trio.current_time()
    for number in range(JOINS):
        async with connect(daemon.url, room=ROOM, name=f"guest {number}") as client:
            assert client.media_state == "connected"
        if number == JOINS // 2:
            halfway = await baseline(daemon)
    seconds = (trio.current_time() - started) / JOINS
    measure("aiortc client: join, connect and leave", f"{1000 * seconds:.0f} ms")
    assert halfway == empty
    await returns_to(daemon, empty)
    assert not daemon.log("error")


async def test_joins_and_leaves_beside_others(daemon: Daemon) -> None:
    empty = await baseline(daemon)
    async with (
        connect(daemon.url, room=ROOM, name="stays") as stays,
        connect(daemon.url, room=ROOM, name="shows") as shows,
    ):
        await shows.publish(camera=SyntheticVideo(), microphone=Tone(440))
        await frames_from(stays, shows.id, 5)
        here = await baseline(daemon)
        for number in range(20):
            async with connect(daemon.url, room=ROOM, name=f"guest {number}") as guest:
                await guest.publish(camera=SyntheticVideo(), microphone=Tone(880))
                await frames_from(guest, shows.id, 1)
                await frames_from(stays, guest.id, 1)
        await returns_to(daemon, here)
        await frames_from(stays, shows.id, 5)
    await returns_to(daemon, empty)
    assert not daemon.log("error")


async def test_vanishing_without_a_goodbye(daemon: Daemon) -> None:
    empty = await baseline(daemon)
    async with connect(daemon.url, room=ROOM, name="stays") as stays:
        for number in range(3):
            async with connect(daemon.url, room=ROOM, name=f"guest {number}") as guest:
                await guest.publish(camera=SyntheticVideo())
                await frames_from(stays, guest.id, 2)
                vanished = trio.current_time()
                await guest.abort()
                with trio.fail_after(10):
                    await stays.until(partial(absent, stays, guest.id))
                assert trio.current_time() - vanished <= 4.0
    await returns_to(daemon, empty)


async def test_many_at_once(daemon: Daemon) -> None:
    empty = await baseline(daemon)

    async def guest(number: int, here: trio.Event) -> None:
        async with connect(daemon.url, room=ROOM, name=f"guest {number}", pairs=1):
            here.set()
            await leave.wait()

    leave = trio.Event()
    async with trio.open_nursery() as nursery:
        for number in range(20):
            here = trio.Event()
            nursery.start_soon(guest, number, here)
            with trio.fail_after(30):
                await here.wait()
        counts = await trio.to_thread.run_sync(daemon.census)
        assert counts["peers"] == counts["transports"] == 20
        leave.set()
    await returns_to(daemon, empty)
