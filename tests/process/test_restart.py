"""The daemon is killed in mid-call and started again: its clients are back by themselves."""

import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, free_ports, running_daemon
from trio_sfu.client import Client, Stay, SyntheticVideo, Tone, stay

ROOM = "comes-back"
BACK_WITHIN = 5.0
VIEWERS = 3
CAMERA = SyntheticVideo(width=160, height=120, fps=10)
SCREEN = SyntheticVideo(width=320, height=180, fps=5)


def same_ports() -> dict[str, str]:
    http, media = free_ports()
    return {"TRIO_SFU_HTTP_PORT": str(http), "TRIO_SFU_MEDIA_PORT": str(media)}


async def pictures(viewer: Client, peer: str) -> None:
    """Wait for some new pictures of a peer."""
    seen = 0
    async for _ in viewer.video(peer):
        seen += 1
        if seen == 3:
            return
    raise AssertionError(f"{peer} has left")


async def all_see(people: Sequence[Stay], presenter: Stay) -> None:
    peer = (await presenter.present()).id
    async with trio.open_nursery() as nursery:
        for one in people:
            nursery.start_soon(pictures, await one.present(), peer)


@pytest.mark.parametrize("seconds_down", [1.0, 15.0])
async def test_clients_are_back_after_a_kill(
    artifacts: Path, measure: Callable[[str, str], None], seconds_down: float
) -> None:
    environment = same_ports()
    first, second = (
        partial(running_daemon, artifacts, environment=environment, log=log)
        for log in ("first.log", "second.log")
    )
    async with AsyncExitStack() as stack:
        async with in_thread(first) as daemon:
            presenter = await stack.enter_async_context(stay(daemon.url, room=ROOM, name="shares"))
            await presenter.publish(camera=CAMERA, microphone=Tone(), screen=SCREEN)
            viewers = [
                await stack.enter_async_context(stay(daemon.url, room=ROOM, name=f"guest {n}"))
                for n in range(VIEWERS)
            ]
            with trio.fail_after(30):
                await all_see(viewers, presenter)
            daemon.kill()
        await trio.sleep(seconds_down)  # Not for luck: it is the test's matter.
        async with in_thread(second) as daemon:
            up = trio.current_time()
            with trio.fail_after(30):
                for one in (presenter, *viewers):
                    await one.present()
                back = trio.current_time() - up
                await all_see(viewers, presenter)
                seen = trio.current_time() - up
            assert shared(daemon) == 1
            await stack.aclose()
    measure(
        f"{VIEWERS + 1} Python clients back after kill -9 and {seconds_down:.0f} s",
        f"{back:.1f} s, picture after {seen:.1f} s",
    )
    assert back < BACK_WITHIN


@asynccontextmanager
async def in_thread(opening: Callable[[], AbstractContextManager[Daemon]]) -> AsyncIterator[Daemon]:
    """Enter and leave what waits for a daemon, while this loop's clients go on."""
    manager = opening()
    daemon = await trio.to_thread.run_sync(manager.__enter__)
    try:
        yield daemon
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(manager.__exit__, *sys.exc_info())


def shared(daemon: Daemon) -> int:
    """Return how many screens are in the room."""
    status, body = daemon.get(f"/api/v1/rooms/{ROOM}")
    assert status == HTTPStatus.OK
    peers = json.loads(body)["peers"]
    return sum(track["source"] == "screen" for peer in peers for track in peer["tracks"])
