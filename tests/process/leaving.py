"""The ways in which people come and go: most of them are not said."""

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import trio

from tests.webrtc.offering import browser
from trio_sfu.client import SyntheticVideo, Tone, connect
from trio_sfu.client.socket import Server, open_socket
from trio_sfu.signaling.messages import Answer, Join, Joined

Way: TypeAlias = Callable[[str, int], Awaitable[None]]
"""Comes to the daemon at a URL as the so-manieth person, and goes."""

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


def ways_to_leave(chance: random.Random) -> list[Way]:
    """Return the ways to go; one of them takes 15 s, so it is rare."""
    common: list[Way] = [
        clean,
        killed,
        mid_share,
        media_first,
        partial(mid_join, chance=chance),
        partial(mid_handshake, chance=chance),
    ]
    return [*common * 3, silent]
