"""Timelines by the API: for operators, without addresses unless they are asked for."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from tests.http.asking import Observed, ask
from trio_sfu.events.timeline import Ending, Timeline
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.ids import PeerId, RoomId

HERE = {"host": "127.0.0.1:8080"}
ANN, BOB = PeerId("p-000000000a"), PeerId("p-000000000b")


def app(daemon: Observed) -> Starlette:
    return make_app(daemon, Page(Path("/none")))


def kept() -> Observed:
    daemon = Observed()
    timelines = daemon.journal.timelines
    gone, here = Timeline(ANN, RoomId("r")), Timeline(BOB, RoomId("r"))
    for timeline in (gone, here):
        timelines.begin(timeline)
    gone.note("client", "join")
    gone.note("media", "ICE path", "IPv4", "192.0.2.7 5000")
    for _ in range(3):
        gone.note("server", "slot-state", "v0 h")
    timelines.end(gone, Ending("server", "failed", "peer-failed", "f-12345678"))
    return daemon


async def told(daemon: Observed, path: str) -> Any:
    answer = await ask(app(daemon), path, **HERE)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_those_that_are_kept_are_listed() -> None:
    found = (await told(kept(), "/api/v1/timelines"))["timelines"]
    assert [(each["peer"], each["here"]) for each in found] == [(ANN, False), (BOB, True)]
    assert (found[0]["by"], found[0]["failure"]) == ("server", "f-12345678")


async def test_a_timeline_has_its_steps_and_its_end() -> None:
    body = await told(kept(), f"/api/v1/timelines/{ANN}")
    assert body["summary"]["code"] == "peer-failed"
    assert [(each["what"], each.get("times", 1)) for each in body["steps"]] == [
        ("join", 1),
        ("ICE path", 1),
        ("slot-state", 3),
    ]
    assert "192.0.2.7" not in str(body)


async def test_addresses_are_there_for_who_asks_for_them() -> None:
    body = await told(kept(), f"/api/v1/timelines/{ANN}?addresses=true")
    assert [each.get("address") for each in body["steps"]] == [None, "192.0.2.7 5000", None]


async def test_nobody_else_sees_them() -> None:
    daemon = kept()
    for path in ("/api/v1/timelines", f"/api/v1/timelines/{ANN}"):
        assert (await ask(app(daemon), path)).status == 403
        assert (await ask(app(daemon), path, client="192.0.2.1", **HERE)).status == 403


async def test_a_peer_that_nobody_knows_is_404() -> None:
    answer = await ask(app(kept()), "/api/v1/timelines/p-none", **HERE)
    assert (answer.status, answer.json()["code"]) == (404, "not-found")
