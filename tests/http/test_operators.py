"""What is for operators, with and without their token, from here and from elsewhere."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from trio.testing import MockClock

from tests.http.asking import Answer, Observed, ask
from trio_sfu.events import Failure, PeerCrashed, WrongOperatorToken
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.ids import PeerId, RoomId

TOKEN = "a-token-of-operators-0815"  # noqa: S105  (of this test)
RIGHT = {"authorization": f"Bearer {TOKEN}"}
WRONG = {"authorization": "Bearer another-token-of-0815"}
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
FAILURE = Failure.of(ValueError("x"), code="peer-failed", path="r/p-1")

ROUTES = [
    ("GET", "/api/v1/tree", 200),
    ("GET", "/api/v1/openapi.json", 200),
    ("GET", "/api/v1/census", 200),
    ("GET", "/api/v1/rooms", 200),
    ("POST", "/api/v1/rooms", 400),
    ("GET", "/api/v1/rooms/r", 404),
    ("GET", "/api/v1/rooms/r/tracks", 404),
    ("GET", "/api/v1/rooms/r/peers", 404),
    ("GET", "/api/v1/rooms/r/peers/p-1", 404),
    ("GET", "/api/v1/rooms/r/peers/p-1/tracks", 404),
    ("POST", "/api/v1/rooms/r/peers/p-1/mute", 400),
    ("POST", "/api/v1/rooms/r/peers/p-1/move", 400),
    ("PUT", "/api/v1/rooms/r/lock", 400),
    ("PUT", "/api/v1/rooms/r/peers/p-1/rights", 400),
    ("GET", "/api/v1/failures", 200),
    ("GET", f"/api/v1/failures/{FAILURE.id}", 200),
    ("GET", "/api/v1/events", 200),
    ("GET", "/api/v1/timelines", 200),
    ("GET", "/api/v1/timelines/p-1", 404),  # Nobody was here.
    ("POST", "/api/v1/self-test", 200),
    ("POST", "/api/v1/trial-path", 200),
    ("GET", "/api/v1/drain", 200),
    ("POST", "/api/v1/drain", 200),
    ("DELETE", "/api/v1/drain", 200),
    ("DELETE", "/api/v1/rooms/r", 204),
    ("DELETE", "/api/v1/rooms/r/peers/p-1", 204),
]
FOR_ALL = ["/healthz", "/readyz", "/metrics", "/admin/tree", "/admin/assets/token.js"]

routes = pytest.mark.parametrize(("method", "path", "good"), ROUTES)
addresses = pytest.mark.parametrize("client", [HERE, "::1", ELSEWHERE])


@pytest.fixture
def daemon() -> Observed:
    daemon = Observed()
    daemon.journal.note(PeerCrashed(FAILURE, RoomId("r"), PeerId("p-1")))
    daemon.journal.recent.end()  # So that a stream of events ends.
    return daemon


@pytest.fixture
def app(daemon: Observed) -> Starlette:
    return make_app(daemon, Page(Path("/none")), token=TOKEN)


def code(answer: Answer) -> str:
    told: str = answer.json()["code"]
    return told


def test_every_path_of_the_api_is_asked_for_here(app: Starlette) -> None:
    # What is added to the API is the operators', or somebody has to say here why not.
    given = {"{room}": "r", "{peer}": "p-1", "{reference}": FAILURE.id}
    asked = {(method, path) for method, path, _ in ROUTES}
    for route in app.routes:
        if isinstance(route, Route) and route.path.startswith("/api/"):
            path = route.path
            for name, value in given.items():
                path = path.replace(name, value)
            for method in (route.methods or set()) - {"HEAD"}:
                assert (method, path) in asked


@routes
@addresses
async def test_without_the_token_nobody_gets_in(
    app: Starlette, daemon: Observed, method: str, path: str, good: int, client: str
) -> None:
    for given in ({}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer "}):
        headers = {"host": "127.0.0.1:8080", "content_type": "application/json"} | given
        answer = await ask(app, path, method, client=client, **headers)
        assert (answer.status, code(answer)) == (401, "operator-token-required")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert daemon.ended == []
    assert daemon.journal.count(WrongOperatorToken) == 0


@routes
@addresses
async def test_with_a_wrong_one_nobody_either(
    app: Starlette, daemon: Observed, method: str, path: str, good: int, client: str
) -> None:
    answer = await ask(app, path, method, client=client, **WRONG)
    assert (answer.status, code(answer)) == (401, "operator-token-wrong")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert daemon.ended == []


@routes
@addresses
async def test_with_the_right_one_everybody_does_from_everywhere(
    app: Starlette, method: str, path: str, good: int, client: str
) -> None:
    # As a proxy passes it on: under the daemon's public name or under none of its own.
    for host in ("meet.example.org", "127.0.0.1:8080"):
        given = {"host": host, "origin": "https://meet.example.org", "via": "1.1 proxy"}
        answer = await ask(app, path, method, client=client, **(RIGHT | given))
        assert answer.status == good


@routes
async def test_without_a_token_configured_elsewhere_is_told_how(
    daemon: Observed, method: str, path: str, good: int
) -> None:
    app = make_app(daemon, Page(Path("/none")))
    given = {"host": "127.0.0.1:8080", "content_type": "application/json"}
    assert (await ask(app, path, method, client=HERE, **given)).status == good
    for headers in (given, given | RIGHT):
        answer = await ask(app, path, method, client=ELSEWHERE, **headers)
        assert (answer.status, code(answer)) == (403, "forbidden")
        assert "set admin.token_file" in answer.json()["message"]


@pytest.mark.parametrize("path", FOR_ALL)
@addresses
async def test_what_holds_no_secrets_is_for_all(app: Starlette, path: str, client: str) -> None:
    answer = await ask(app, path, client=client)
    assert answer.status == 200
    assert TOKEN.encode() not in answer.body


async def test_the_scheme_is_read_as_rfc_9110_has_it(app: Starlette) -> None:
    for given in (f"bearer {TOKEN}", f"BEARER  {TOKEN} "):
        assert (await ask(app, "/api/v1/tree", authorization=given)).status == 200


async def guess(app: Starlette, times: int, **given: str) -> list[int]:
    answers = [await ask(app, "/api/v1/tree", **(WRONG | given)) for _ in range(times)]
    return [answer.status for answer in answers]


async def test_who_guesses_is_not_looked_at_for_a_while(
    app: Starlette, daemon: Observed, mock_clock: MockClock
) -> None:
    assert await guess(app, 12, client=ELSEWHERE) == [401] * 10 + [429] * 2
    answer = await ask(app, "/api/v1/tree", client=ELSEWHERE, **RIGHT)
    assert (answer.status, code(answer)) == (429, "too-many-wrong-tokens")
    # An address counts by itself, an IPv6 one with its /64.
    assert (await ask(app, "/api/v1/tree", client="192.0.2.8", **RIGHT)).status == 200
    assert await guess(app, 10, client="2001:db8::1") == [401] * 10
    assert await guess(app, 1, client="2001:db8::ffff:1") == [429]
    mock_clock.jump(int(answer.headers["retry-after"]))
    assert (await ask(app, "/api/v1/tree", client=ELSEWHERE, **RIGHT)).status == 200
    assert daemon.journal.count(WrongOperatorToken) == 20
    metrics = (await ask(app, "/metrics")).body.decode()
    assert "trio_sfu_wrong_operator_tokens_total 20.0" in metrics


async def test_who_has_the_token_may_ask_as_often_as_it_likes(app: Starlette) -> None:
    for _ in range(300):
        assert (await ask(app, "/api/v1/tree", client=ELSEWHERE, **RIGHT)).status == 200


async def test_strangers_behind_a_proxy_here_do_not_lock_this_machine_out(app: Starlette) -> None:
    for number in range(30):
        # What a client says of itself stands before what the proxy has seen.
        forwarded = f"10.9.8.{number}, 192.0.2.7"
        status = await guess(app, 1, client=HERE, x_forwarded_for=forwarded)
        assert status == [401 if number < 10 else 429]
    assert (await ask(app, "/api/v1/tree", client=HERE, **RIGHT)).status == 200


async def test_many_addresses_together_are_bounded_and_this_machine_is_not(
    app: Starlette,
) -> None:
    seen = []
    for number in range(250):
        seen += await guess(app, 1, client=f"198.51.{number}.1")
    assert seen[:200] == [401] * 200
    assert seen[-1] == 429
    assert (await ask(app, "/api/v1/tree", client="203.0.113.1", **RIGHT)).status == 429
    assert (await ask(app, "/api/v1/tree", client=HERE, **RIGHT)).status == 200
    assert await guess(app, 11, client=HERE) == [401] * 10 + [429]
