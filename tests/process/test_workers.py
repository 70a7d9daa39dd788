"""A daemon whose engine has two workers: people on both share a call, each outlives the other."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.process.daemon import OF_PEERS, Daemon, running_daemon
from tests.process.in_a_call import Watcher
from tests.process.threads import stopped, thread_named
from trio_sfu.client import Stay, SyntheticVideo, Tone, stay

pytestmark = pytest.mark.alone

CAMERA = SyntheticVideo(width=160, height=120, fps=15)
TWO = {"TRIO_SFU_MEDIA_WORKERS": "2"}
SPREAD = {**TWO, "TRIO_SFU_MEDIA_SPREAD_ABOVE": "1"}
FREEZE = 2.0
HUNG = 4.0
GAP = 2.0


@contextmanager
def daemon_with(artifacts: Path, environment: dict[str, str]) -> Iterator[Daemon]:
    with running_daemon(artifacts, environment=environment, faulty=True) as daemon:
        yield daemon


async def come(person: Stay, nursery: trio.Nursery) -> Watcher:
    """Publish, and look at who else is there."""
    await person.publish(camera=CAMERA, microphone=Tone(440))
    watcher = Watcher(person)
    nursery.start_soon(watcher.watch)
    return watcher


@asynccontextmanager
async def two_in(daemon: Daemon, room: str) -> AsyncIterator[tuple[Stay, Stay]]:
    async with (
        stay(daemon.url, room=room, name="ann") as ann,
        stay(daemon.url, room=room, name="bob") as bob,
    ):
        yield ann, bob


async def content(*watchers: Watcher) -> None:
    """Wait until each has seen and heard the other."""
    with trio.fail_after(30):
        for watcher in watchers:
            await watcher.content.wait()


async def anew(person: Stay, before: str) -> None:
    """Wait until somebody has joined anew."""
    with trio.fail_after(20):
        while before == (await person.present()).id:  # noqa: ASYNC110 - nobody can tell us
            await trio.sleep(0.05)


def relayed(daemon: Daemon) -> float:
    return daemon.metrics()["trio_sfu_engine_relay_received_total"]


async def ask(daemon: Daemon, fault: str) -> None:
    await trio.to_thread.run_sync(partial(daemon.fault, fault))


async def test_people_on_two_workers_see_and_hear_each_other(artifacts: Path) -> None:
    with daemon_with(artifacts, SPREAD) as daemon:
        media = daemon.find(lambda entry: entry.get("event") == "media")
        assert media is not None
        assert len({place.rpartition(":")[2] for place in media["udp"]}) == 2
        before = daemon.settled_census()
        async with two_in(daemon, "both") as people, trio.open_nursery() as nursery:
            watchers = [await come(each, nursery) for each in people]
            await content(*watchers)
            assert daemon.census()["relays"] == 4, "a camera and a microphone each way"
            assert relayed(daemon) > 0
            nursery.cancel_scope.cancel()
        counts = (*OF_PEERS, "relays")
        await trio.to_thread.run_sync(partial(daemon.returns_to, before, only=counts))


async def test_a_small_room_is_on_one_worker(artifacts: Path) -> None:
    with daemon_with(artifacts, TWO) as daemon:
        async with two_in(daemon, "one") as people, trio.open_nursery() as nursery:
            watchers = [await come(each, nursery) for each in people]
            await content(*watchers)
            assert daemon.census()["relays"] == 0
            nursery.cancel_scope.cancel()


async def test_who_is_on_the_worker_that_panics_is_back_and_the_other_stays(
    artifacts: Path,
) -> None:
    with daemon_with(artifacts, SPREAD) as daemon:
        async with two_in(daemon, "both") as people, trio.open_nursery() as nursery:
            watchers = [await come(each, nursery) for each in people]
            await content(*watchers)
            ids = [(await each.present()).id for each in people]
            await ask(daemon, "panic 0")
            await anew(people[0], ids[0])
            assert (await people[1].present()).id == ids[1], "nothing has happened to the other"
            async with trio.open_nursery() as again:
                again_content = [Watcher(each) for each in people]
                for watcher in again_content:
                    again.start_soon(watcher.watch)
                await content(*again_content)
                again.cancel_scope.cancel()
            assert daemon.metrics()["trio_sfu_engine_restarts_total"] == 1
            nursery.cancel_scope.cancel()


async def test_a_worker_that_hangs_takes_nothing_from_who_is_on_the_other(
    artifacts: Path, measure: Callable[[str, str], None]
) -> None:
    with daemon_with(artifacts, SPREAD) as daemon:
        async with (
            stay(daemon.url, room="r", name="ann") as ann,
            stay(daemon.url, room="r", name="bob") as bob,
            stay(daemon.url, room="r", name="cem") as cem,
            trio.open_nursery() as nursery,
        ):
            stays = {"ann": ann, "bob": bob, "cem": cem}
            everybody = [await come(each, nursery) for each in stays.values()]
            await content(*everybody)
            homes = {name: await home(daemon, each) for name, each in stays.items()}
            [alone] = [name for name in homes if [*homes.values()].count(homes[name]) == 1]
            ids = {name: (await each.present()).id for name, each in stays.items()}
            first, second = homes.keys() - {alone}
            pair = [Watcher(stays[first], of=second), Watcher(stays[second], of=first)]
            for watcher in pair:
                nursery.start_soon(watcher.watch)
            await content(*pair)
            thread = thread_named(daemon.process.pid, f"sfu-worker-{homes[alone]}")
            with stopped(thread):
                await trio.sleep(HUNG)
                longest = max(watcher.gap() for watcher in pair)
            measure("a worker hangs: longest without a picture on the other", f"{longest:.2f} s")
            assert longest < GAP
            back = Watcher(stays[alone], of=first)
            nursery.start_soon(back.watch)
            await content(back)
            assert {name: (await each.present()).id for name, each in stays.items()} == ids
            assert daemon.metrics()["trio_sfu_engine_restarts_total"] == 0
            nursery.cancel_scope.cancel()


async def home(daemon: Daemon, person: Stay) -> int:
    """Return the worker that somebody is on."""
    tree = json.loads((await trio.to_thread.run_sync(daemon.get, "/api/v1/tree"))[1])
    mine = (await person.present()).id
    [peer] = [each for each in below(tree) if (each["kind"], each["name"]) == ("peer", mine)]
    [transport] = [each for each in below(peer) if each["kind"] == "transport"]
    return int(transport["detail"].rpartition("on worker ")[2])


def below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return all that is in a node of the tree."""
    for child in node.get("children", ()):
        yield child
        yield from below(child)


async def test_a_room_on_the_other_worker_notices_nothing(artifacts: Path) -> None:
    with daemon_with(artifacts, TWO) as daemon:
        async with (
            two_in(daemon, "hit") as hit,
            two_in(daemon, "spared") as spared,
            trio.open_nursery() as nursery,
        ):
            watchers = [await come(each, nursery) for each in (*hit, *spared)]
            await content(*watchers)
            ids = [(await each.present()).id for each in (*hit, *spared)]
            for watcher in watchers:
                watcher.longest = 0.0
            await ask(daemon, "panic 0")
            for person, before in zip(hit, ids, strict=False):
                await anew(person, before)
            again = [Watcher(each) for each in hit]
            for watcher in again:
                nursery.start_soon(watcher.watch)
            await content(*again)
            assert [(await each.present()).id for each in spared] == ids[2:]
            assert max(watcher.longest for watcher in watchers[2:]) < FREEZE
            nursery.cancel_scope.cancel()
