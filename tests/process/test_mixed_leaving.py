"""However people come and go, nothing of them stays (issue 3, "must be seen" 1)."""

import os
import random
from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median

import pytest
import trio

from tests.process.daemon import Daemon
from tests.webrtc.offering import browser
from trio_sfu.client import SyntheticVideo, Tone, connect
from trio_sfu.client.socket import Server, open_socket
from trio_sfu.signaling.messages import Answer, Join, Joined

pytestmark = pytest.mark.alone

JOINS = int(os.environ.get("SOAK_MIXED_JOINS", "100"))
AT_ONCE = 6
SEED = 3
GROWTH = (2 if JOINS >= 1_000 else 6) * 1024 * 1024
"""Bytes of memory that the second half of the joins may cost. It takes some 250 joins until the
allocator has what it needs for the busiest moment; fifty peers that stayed would be 14 MB."""
TEARDOWN = 0.1
"""Seconds a peer's end may take, after it was noticed."""
IN_TIME = 0.99 if JOINS >= 1_000 else 0.8
"""The share of ends that keep to it; less in the short form, for a machine that is busy."""
GONE_WITHIN = 25.0
"""Seconds: the consent of who fell silent runs out after 15."""

CAMERA = SyntheticVideo(width=160, height=120, fps=10)
SCREEN = SyntheticVideo(width=320, height=180, fps=5)


def one_room(number: int) -> str:
    return f"mixed-{number % 3}"


async def clean(url: str, number: int) -> None:
    async with connect(url, room=one_room(number), name="clean", pairs=1) as client:
        await client.publish(camera=CAMERA, microphone=Tone())


async def killed(url: str, number: int) -> None:
    async with connect(url, room=one_room(number), name="killed", pairs=1) as client:
        await client.publish(microphone=Tone())
        await client.abort()


async def silent(url: str, number: int) -> None:
    """The host is gone: nothing comes from it, and nothing says so."""
    async with connect(url, room=one_room(number), name="silent", pairs=1) as client:
        client.fall_silent()
        with trio.fail_after(GONE_WITHIN):
            assert (await client.wait_over()).code == "consent-expired"


async def mid_share(url: str, number: int) -> None:
    async with connect(url, room=one_room(number), name="presenter", pairs=1) as client:
        await client.publish(camera=CAMERA, screen=SCREEN)
        await trio.sleep(0.2)  # Not for luck: some of the screen is on its way.
        await client.abort()


async def media_first(url: str, number: int) -> None:
    async with connect(url, room=one_room(number), name="closes", pairs=1) as client:
        await client.close_media()


async def mid_join(url: str, number: int, chance: random.Random) -> None:
    """Cancelled somewhere on the way, goodbyes and all."""
    with trio.move_on_after(chance.uniform(0.01, 0.3)):
        async with connect(url, room=one_room(number), name="hesitates", pairs=1):
            pass


async def mid_handshake(url: str, number: int, chance: random.Random) -> None:
    """Killed after joining, or after offering: no ICE check ever comes."""
    async with open_socket(Server.parse(url)) as socket:
        await socket.send(Join(room=one_room(number), name="stops"))
        while not isinstance(await socket.receive(), Joined):
            pass
        if chance.random() < 0.7:
            await socket.send(browser("chromium-156-page"))
            if chance.random() < 0.5:
                while not isinstance(await socket.receive(), Answer):
                    pass
        await socket.abort()


def ways(chance: random.Random) -> list[tuple[str, Callable[[str, int], Awaitable[None]]]]:
    """Return the ways to go; one of them takes 15 s, so it is rare."""
    common: list[tuple[str, Callable[[str, int], Awaitable[None]]]] = [
        ("clean", clean),
        ("killed", killed),
        ("mid-share", mid_share),
        ("media first", media_first),
        ("mid-join", partial(mid_join, chance=chance)),
        ("mid-handshake", partial(mid_handshake, chance=chance)),
    ]
    return common * 3 + [("silent", silent)]


async def all_come_and_go(url: str, numbers: range, chance: random.Random) -> None:
    limit = trio.CapacityLimiter(AT_ONCE)
    choices = ways(chance)

    async def one(number: int) -> None:
        async with limit:
            await choices[number % len(choices)][1](url, number)

    async with trio.open_nursery() as nursery:
        for number in numbers:
            nursery.start_soon(one, number)


async def settle(daemon: Daemon, census: dict[str, int]) -> int:
    """Wait for the census; return the memory that the daemon then has."""
    await trio.to_thread.run_sync(partial(daemon.returns_to, census, within=GONE_WITHIN))
    readings = []
    for _ in range(5):
        readings.append(daemon.resident())
        await trio.sleep(0.1)
    return int(median(readings))


async def test_mixed_joins_and_leaves(daemon: Daemon, measure: Callable[[str, str], None]) -> None:
    chance = random.Random(SEED)
    empty = await trio.to_thread.run_sync(daemon.settled_census)
    # What is made once, at the first of each kind, is no growth.
    await all_come_and_go(daemon.url, range(19), chance)
    await settle(daemon, empty)
    started = trio.current_time()
    await all_come_and_go(daemon.url, range(JOINS // 2), chance)
    halfway = await settle(daemon, empty)
    await all_come_and_go(daemon.url, range(JOINS // 2, JOINS), chance)
    grown = await settle(daemon, empty) - halfway
    seconds = trio.current_time() - started

    metrics = await trio.to_thread.run_sync(daemon.metrics)
    name = "trio_sfu_peer_teardown_seconds"
    ends, quick = metrics[f"{name}_count"], metrics[f'{name}_bucket{{le="{TEARDOWN}"}}']
    measure(f"{JOINS} mixed joins and leaves", f"{seconds:.0f} s")
    measure(f"memory grown in the second half of {JOINS} mixed joins", f"{grown / 1024:.0f} KiB")
    measure(f"teardowns within {TEARDOWN * 1000:.0f} ms", f"{quick:.0f} of {ends:.0f}")
    assert ends >= JOINS // 2
    assert quick >= IN_TIME * ends
    assert grown < GROWTH
    assert not daemon.log("error")
