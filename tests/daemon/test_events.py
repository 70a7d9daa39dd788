"""The stream of events over the daemon's real port."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.daemon.test_daemon import joined, returns_to
from trio_sfu.client import SyntheticVideo
from trio_sfu.daemon import Daemon
from trio_sfu.rooms.registry import Registry
from trio_sfu.testing import open_test_daemon


class Stream:
    """An HTTP/1.1 connection on which events come."""

    def __init__(self, tcp: trio.SocketStream) -> None:
        self._tcp = tcp
        self._text = ""

    async def until(self, kind: str) -> list[str]:
        """Return the kinds told up to and with ``kind``."""
        with trio.fail_after(10):
            while kind not in self.kinds:
                data = await self._tcp.receive_some()
                assert data, f"ended after {self.kinds}"
                self._text += data.decode()
        return self.kinds

    async def end(self) -> None:
        with trio.fail_after(10):
            while await self._tcp.receive_some():
                pass

    @property
    def kinds(self) -> list[str]:
        lines = self._text.splitlines()
        told = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
        return [each["kind"] for each in told]


@asynccontextmanager
async def listening(daemon: Daemon) -> AsyncIterator[Stream]:
    host, port = daemon.addresses[0]
    async with await trio.open_tcp_stream(host, port) as tcp:
        await tcp.send_all(f"GET /api/v1/events HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode())
        with trio.fail_after(5):
            head = bytes(await tcp.receive_some())
        assert b"200" in head.splitlines()[0]
        assert b"text/event-stream" in head
        yield Stream(tcp)


async def test_a_call_is_told_from_its_beginning_to_its_end_and_nothing_is_left() -> None:
    async with open_test_daemon() as daemon:
        baseline = daemon.census()
        async with listening(daemon) as stream:
            async with joined(daemon, "r", "r") as (ann, _bob):
                await ann.publish(camera=SyntheticVideo())
                await stream.until("track-published")
                await ann.unpublish("camera")
                await stream.until("track-unpublished")
            kinds = await stream.until("room-closed")
            assert kinds[:2] == ["room-opened", "peer-joined"]
            assert kinds.count("peer-joined") == kinds.count("peer-connected") == 2
            assert kinds.count("peer-left") == kinds.count("peer-torn-down") == 2
        await returns_to(daemon, baseline, 5)


async def test_those_who_vanish_leave_nothing_behind() -> None:
    async with open_test_daemon() as daemon:
        baseline = daemon.census()
        for _ in range(30):
            async with listening(daemon):
                pass
        await returns_to(daemon, baseline, 5)
        assert daemon.journal.recent.followers == 0


async def test_what_an_operator_was_told_before_the_stop_is_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[float] = []
    stop = Registry.stop

    async def noting(self: Registry) -> None:
        await stop(self)
        stopped.append(trio.current_time())

    monkeypatch.setattr(Registry, "stop", noting)
    leave = trio.Event()

    async def live(task_status: trio.TaskStatus[Daemon]) -> None:
        async with open_test_daemon() as daemon, joined(daemon, "r"):
            task_status.started(daemon)
            await leave.wait()

    async with trio.open_nursery() as nursery:
        daemon: Daemon = await nursery.start(live)
        async with listening(daemon) as stream:
            leave.set()
            await stream.until("room-closed")
            await stream.end()
            assert trio.current_time() - stopped[0] < 2
