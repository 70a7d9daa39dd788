"""Emptying the daemon over the API: who may, what is answered, what /readyz says of it."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.http.asking import Observed, ask
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page

PATH = "/api/v1/drain"
JSON = {"host": "127.0.0.1:8080", "content_type": "application/json"}


@pytest.fixture
async def daemon() -> Observed:
    return Observed()


@pytest.fixture
async def app(daemon: Observed) -> Starlette:
    return make_app(daemon, Page(Path("/none")))


async def test_a_drain_is_begun_seen_and_taken_back(app: Starlette, daemon: Observed) -> None:
    told = (await ask(app, PATH, "POST", body='{"deadline": 12}', **JSON)).json()
    assert 11 < told.pop("seconds") <= 12
    assert told == {"draining": True, "final": False, "rooms": 1, "peers": 2}
    assert (await ask(app, PATH, **JSON)).json()["draining"]
    ready = await ask(app, "/readyz")
    assert (ready.status, ready.json()["code"]) == (503, "server-draining")
    assert (await ask(app, "/healthz")).status == 200
    told = (await ask(app, PATH, "DELETE", **JSON)).json()
    assert (told["draining"], told["seconds"]) == (False, None)
    assert (await ask(app, "/readyz")).status == 200
    assert daemon.rooms.until[-1] is None


async def test_without_a_deadline_that_of_the_settings_counts(app: Starlette) -> None:
    for body in ("", "{}"):
        told = (await ask(app, PATH, "POST", body=body, **JSON)).json()
        assert 29 < told["seconds"] <= 30


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"deadline": -1}',
        '{"deadline": 1e9}',
        '{"deadline": "5"}',
        '{"dead": 5}',
        " " * 2_000,
    ],
)
async def test_what_is_no_deadline_is_refused(app: Starlette, daemon: Observed, body: str) -> None:
    answer = await ask(app, PATH, "POST", body=body, **JSON)
    assert (answer.status, answer.json()["code"]) == (400, "bad-request")
    assert not daemon.drain.active


async def test_what_a_signal_began_is_not_taken_back(app: Starlette, daemon: Observed) -> None:
    daemon.drain.terminate()
    answer = await ask(app, PATH, "DELETE", **JSON)
    assert (answer.status, answer.json()["code"]) == (409, "drain-final")
    assert daemon.drain.active


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_only_operators_may(app: Starlette, daemon: Observed, method: str) -> None:
    assert (await ask(app, PATH, method, client="192.0.2.7", **JSON)).status == 403
    if method != "GET":
        foreign = JSON | {"origin": "https://other.example"}
        assert (await ask(app, PATH, method, **foreign)).status == 403
    assert not daemon.drain.active
