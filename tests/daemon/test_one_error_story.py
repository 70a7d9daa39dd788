"""Each failure is one record: the same in the log, the API, the tree and at the client."""

import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import structlog
import trio

from trio_sfu import logging
from trio_sfu.client import Client, SessionEndedError, connect
from trio_sfu.daemon import Daemon
from trio_sfu.events import Crash, Fact, Failure, PeerLeft, RoomClosed, RoomCrashed, RoomRestarted
from trio_sfu.ids import RoomId
from trio_sfu.media.engine import SocketEngine
from trio_sfu.rooms.operating import Operating
from trio_sfu.testing import open_test_daemon
from trio_sfu.testing.faults import cancel_peer, raise_in_peer, raise_in_room
from trio_sfu.tree.survey import survey

ROOM = "standup"


@dataclass
class Story:
    """A daemon, and what its log says."""

    daemon: Daemon
    log: io.StringIO

    @property
    def failure(self) -> Failure:
        """The only failure there was."""
        (only,) = self.daemon.journal.failures.recent()
        return only

    @property
    def logged(self) -> dict[str, Any]:
        """The only entry about a failure in the log."""
        entries = [json.loads(line) for line in self.log.getvalue().splitlines()]
        (only,) = [entry for entry in entries if entry["level"] == "error"]
        return dict(only)

    async def told_everywhere(self, *services: str) -> Failure:
        """Assert that the failure is the same in log, API and tree; return it."""
        record = json.loads(msgspec.json.encode(self.failure))
        for name in ("id", "code", "path", "causes"):
            assert self.logged[name] == record[name]
        assert await asked(self.daemon, "/api/v1/failures") == {"failures": [record]}
        assert await asked(self.daemon, f"/api/v1/failures/{record['id']}") == record
        tree = survey(self.daemon)
        failed = {each.name for each in tree.children if each.failure == self.failure}
        assert failed == set(services)
        assert tree.failure == self.failure
        (entry,) = [
            each for each in self.daemon.journal.recent.after(0) if isinstance(each.fact, Crash)
        ]
        assert entry.fact.failure == self.failure  # type: ignore[attr-defined]
        return self.failure


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logging.configure("info", "json", stream)
    yield stream
    structlog.reset_defaults()


@asynccontextmanager
async def story(log: io.StringIO) -> AsyncIterator[Story]:
    async with open_test_daemon() as daemon:
        yield Story(daemon, log)


async def asked(daemon: Daemon, path: str) -> Any:
    """Return what the daemon's API answers, over its real port."""
    host, port = daemon.addresses[0]
    async with await trio.open_tcp_stream(host, port) as stream:
        head = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n"
        await stream.send_all(head.encode())
        answer = b"".join([bytes(chunk) async for chunk in stream])
    return json.loads(answer.partition(b"\r\n\r\n")[2])


async def noted(daemon: Daemon, kind: type[Fact]) -> None:
    """Wait for a fact: a room's is noted once all in it are gone, and have been told."""
    with trio.fail_after(5):
        while not daemon.journal.count(kind):
            await daemon.journal.recent.more()


async def ending(client: Client) -> SessionEndedError:
    with trio.fail_after(5), pytest.raises(SessionEndedError) as ended:
        await client.until(lambda: False)
    return ended.value


@asynccontextmanager
async def two_people(daemon: Daemon) -> AsyncIterator[tuple[Client, Client]]:
    async with (
        connect(daemon.url, room=ROOM, name="Ann Example", pairs=1) as ann,
        connect(daemon.url, room=ROOM, name="Bob Example", pairs=1) as bob,
    ):
        yield ann, bob


@pytest.mark.parametrize("broken", [raise_in_peer, cancel_peer], ids=["raised", "cancelled"])
async def test_a_peers_failure(log: io.StringIO, broken: Callable[[Daemon, str], None]) -> None:
    async with story(log) as s, two_people(s.daemon) as (ann, bob):
        broken(s.daemon, bob.id)
        error = await ending(bob)
        failure = await s.told_everywhere("rooms")
        assert (error.code, error.failure) == (failure.code, failure.id)
        assert failure.code == "peer-failed"
        assert failure.path.startswith(f"{ROOM}/{bob.id}")
        assert ann.ended is None
        assert [(left.peer, left.reason) for left in ann.state.left] == [(bob.id, "failed")]


async def test_a_rooms_failure(log: io.StringIO) -> None:
    async with story(log) as s:
        async with two_people(s.daemon) as people:
            raise_in_room(s.daemon, ROOM)
            errors = [await ending(each) for each in people]
            await noted(s.daemon, RoomCrashed)
            failure = await s.told_everywhere("rooms")
            assert {(each.code, each.failure) for each in errors} == {("room-failed", failure.id)}
            assert failure.path == f"{ROOM}/fault"
        async with two_people(s.daemon):
            assert s.daemon.journal.count(RoomRestarted) == 1


async def test_a_room_that_is_cancelled_from_inside_has_failed_too(log: io.StringIO) -> None:
    async with story(log) as s, two_people(s.daemon) as people:
        nursery = s.daemon.rooms.rooms[RoomId(ROOM)].nursery
        assert nursery is not None
        nursery.cancel_scope.cancel()
        errors = [await ending(each) for each in people]
        await noted(s.daemon, RoomCrashed)
        failure = await s.told_everywhere("rooms")
        assert {(each.code, each.failure) for each in errors} == {("room-failed", failure.id)}
        assert failure.causes[0].type == "StrayCancelError"
        assert s.daemon.journal.count(RoomClosed) == 0


async def test_a_workers_panic(log: io.StringIO) -> None:
    async with story(log) as s, two_people(s.daemon) as people:
        engine = s.daemon.engine
        assert isinstance(engine, SocketEngine)
        engine.native._panic_worker(0, "on purpose")  # type: ignore[attr-defined]
        errors = [await ending(each) for each in people]
        failure = await s.told_everywhere("engine")
        assert {(each.code, each.failure) for each in errors} == {("worker-lost", failure.id)}
        assert "on purpose" in failure.causes[0].message
        assert s.daemon.journal.by_label(PeerLeft) == {"failed": 2}
        async with two_people(s.daemon) as (ann, _bob):
            assert ann.media_state == "connected"


async def test_a_connections_failure(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    async with story(log) as s, two_people(s.daemon) as (ann, bob):

        def broken(*_: object) -> None:
            raise ZeroDivisionError("a defect")

        with monkeypatch.context() as patched:
            patched.setattr("trio_sfu.signaling.session.decode", broken)
            await bob.prefer(ann.id, "low")
            error = await ending(bob)
        failure = await s.told_everywhere("listeners")
        assert (error.code, error.failure) == ("connection-failed", failure.id)
        assert failure.path.endswith("/reader")
        # Its media goes on, so the peer may be resumed.
        assert s.daemon.rooms.find(bob.id) is not None  # type: ignore[arg-type]
        assert ann.ended is None


async def test_a_requests_failure(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    async with story(log) as s:

        def broken(_: object) -> None:
            raise ZeroDivisionError("a defect")

        monkeypatch.setattr(Operating, "report", broken)
        answer = await asked(s.daemon, "/api/v1/rooms")
        failure = await s.told_everywhere("listeners")
        assert (answer["code"], answer["failure"]) == ("request-failed", failure.id)
        assert failure.path == "http/rooms"


async def test_a_services_failure(log: io.StringIO) -> None:
    async def webhooks(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise ZeroDivisionError("a defect")

    async with story(log) as s:
        s.daemon.services.add("webhooks", webhooks)
        with trio.fail_after(5):
            await s.daemon.journal.recent.more()
        failure = await s.told_everywhere("services")
        assert (failure.code, failure.path) == ("service-failed", "services/webhooks")


async def test_a_failure_names_nobody(log: io.StringIO) -> None:
    async with story(log) as s, two_people(s.daemon) as (_ann, bob):
        error = ValueError("Ann Example called Bob Example from 192.0.2.1")
        raise_in_peer(s.daemon, bob.id, error)
        await ending(bob)
        await s.told_everywhere("rooms")
        assert "<name> called <name> from <address>" in log.getvalue()
        assert "Example" not in log.getvalue()
