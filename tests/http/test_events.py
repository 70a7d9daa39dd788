"""The stream of events and the list of failures, as an operator's program sees them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from starlette.applications import Starlette
from trio.testing import MockClock

from tests.http.asking import Observed, ask
from trio_sfu.events import FACTS, Failure, PeerCrashed, PeerJoined, PeerLeft, TrackPublished
from trio_sfu.events.recent import FOLLOWERS, KEPT
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.ids import PeerId, RoomId

HERE = {"host": "127.0.0.1:8080"}
ROOM, PEER = RoomId("r"), PeerId("p-1")


class Client:
    """One who follows: what it was told, and how it leaves."""

    def __init__(self) -> None:
        self.status = 0
        self.text = ""
        self.over = False
        self.gone = trio.Event()
        self.reads = trio.Event()
        self.reads.set()

    @property
    def news(self) -> list[dict[str, Any]]:
        lines = [line for line in self.text.splitlines() if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    @property
    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.news if "kind" in each]

    @property
    def last_id(self) -> str:
        ids = [line for line in self.text.splitlines() if line.startswith("id: ")]
        return ids[-1].removeprefix("id: ")

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
            self.over = not message.get("more_body", False)


@pytest.fixture
def daemon() -> Observed:
    return Observed()


@pytest.fixture
def app(daemon: Observed) -> Starlette:
    return make_app(daemon, Page(Path("/none")))


async def respond(app: Starlette, client: Client, query: str, headers: dict[str, str]) -> None:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET",
        "path": "/api/v1/events",
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in (HERE | headers).items()],
        "client": ("127.0.0.1", 1),
    }
    await app(scope, client.receive, client.send)


@asynccontextmanager
async def following(app: Starlette, query: str = "", **headers: str) -> AsyncIterator[Client]:
    client = Client()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(respond, app, client, query, given)
        await trio.testing.wait_all_tasks_blocked()
        yield client
        client.gone.set()


async def test_facts_are_told_as_they_come(app: Starlette, daemon: Observed) -> None:
    daemon.journal.note(PeerJoined(ROOM, PEER))
    async with following(app) as client:
        daemon.journal.note(TrackPublished(ROOM, PEER, "camera"))
        await trio.testing.wait_all_tasks_blocked()
        (news,) = client.news
        assert news.pop("time").endswith("+00:00")
        assert news == {
            "number": 2,
            "kind": "track-published",
            "room": "r",
            "peer": "p-1",
            "source": "camera",
        }


async def test_a_failure_is_told_with_its_whole_record(app: Starlette, daemon: Observed) -> None:
    failure = Failure.of(ValueError("x"), code="peer-failed", path="r/p-1")
    async with following(app) as client:
        daemon.journal.note(PeerCrashed(failure, ROOM, PEER))
        await trio.testing.wait_all_tasks_blocked()
        (news,) = client.news
    listed = (await ask(app, "/api/v1/failures", **HERE)).json()["failures"]
    alone = (await ask(app, f"/api/v1/failures/{failure.id}", **HERE)).json()
    assert news["code"] == "peer-failed"
    assert news["failure"] == listed[0] == alone
    assert (await ask(app, "/api/v1/failures/f-none", **HERE)).status == 404


async def test_who_comes_back_is_told_what_it_missed(app: Starlette, daemon: Observed) -> None:
    async with following(app) as client:
        daemon.journal.note(PeerJoined(ROOM, PEER))
        await trio.testing.wait_all_tasks_blocked()
    daemon.journal.note(PeerLeft(ROOM, PEER, "left"))
    async with following(app, last_event_id=client.last_id) as again:
        assert again.kinds == ["peer-left"]
        assert "event: restarted" not in again.text
    async with following(app, "after=0") as everything:
        assert everything.kinds == ["peer-joined", "peer-left"]


async def test_who_followed_another_daemon_is_told_so_and_everything(
    app: Starlette, daemon: Observed
) -> None:
    daemon.journal.note(PeerJoined(ROOM, PEER))
    async with following(app, last_event_id="abcdef-900") as client:
        assert client.text.index("event: restarted") < client.text.index("peer-joined")


async def test_who_is_too_slow_is_told_how_much_it_has_lost(
    app: Starlette, daemon: Observed
) -> None:
    async with following(app) as client:
        client.reads = trio.Event()
        daemon.journal.note(PeerJoined(ROOM, PEER))
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(KEPT + 50):
            daemon.journal.note(PeerLeft(ROOM, PEER, "left"))
        client.reads.set()
        await trio.testing.wait_all_tasks_blocked()
        assert {"lost": 50} in client.news
        assert client.kinds == ["peer-joined", *["peer-left"] * KEPT]
        daemon.journal.note(PeerJoined(ROOM, PEER))
        await trio.testing.wait_all_tasks_blocked()
        assert client.kinds[-1] == "peer-joined"


async def test_an_idle_stream_has_a_heartbeat(app: Starlette, autojump_clock: MockClock) -> None:
    async with following(app) as client:
        await trio.sleep(50)
        assert client.text.count(": heartbeat\n\n") == 3
        assert client.news == []


async def test_who_leaves_leaves_nothing(app: Starlette, daemon: Observed) -> None:
    async with following(app):
        assert daemon.journal.recent.followers == 1
    assert daemon.journal.recent.followers == 0


async def test_followers_are_bounded(app: Starlette, daemon: Observed) -> None:
    async with trio.open_nursery() as nursery:
        clients = [Client() for _ in range(FOLLOWERS)]
        for client in clients:
            nursery.start_soon(respond, app, client, "", {})
        await trio.testing.wait_all_tasks_blocked()
        refused = await ask(app, "/api/v1/events", **HERE)
        assert (refused.status, refused.json()["code"]) == (503, "busy")
        for client in clients:
            client.gone.set()
    assert daemon.journal.recent.followers == 0


async def test_the_daemons_stop_ends_the_streams(app: Starlette, daemon: Observed) -> None:
    async with following(app) as client:
        daemon.journal.note(PeerLeft(ROOM, PEER, "left"))
        daemon.journal.recent.end()
        await trio.testing.wait_all_tasks_blocked()
        assert client.kinds == ["peer-left"]
        assert client.over


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/failures", "/api/v1/failures/f-1"])
async def test_only_this_machine_is_told(app: Starlette, path: str) -> None:
    answer = await ask(app, path, client="192.0.2.7", **HERE)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    assert (await ask(app, path, host="rebound.example")).status == 403


@pytest.mark.parametrize("number", ["x", "-1", "²"])
async def test_what_is_no_number_is_refused(app: Starlette, number: str) -> None:
    client = Client()
    await respond(app, client, f"after={number}", {})
    assert (client.status, json.loads(client.text)["code"]) == (400, "bad-request")


def test_each_kind_has_a_name_of_its_own() -> None:
    kinds = [kind.kind() for kind in FACTS]
    assert len(set(kinds)) == len(kinds)
    assert "peer-torn-down" in kinds
