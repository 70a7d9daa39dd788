"""Who may see the tree and end parts of it, and who may not."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.http.asking import Observed, ask
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page

HERE = "127.0.0.1:8080"
JSON = {"host": HERE, "content_type": "application/json"}
GUARDED = ["/admin/tree", "/api/v1/tree"]


@pytest.fixture
def daemon() -> Observed:
    return Observed()


@pytest.fixture
def app(daemon: Observed) -> Starlette:
    return make_app(daemon, Page(Path("/none")))


@pytest.mark.parametrize("host", [HERE, "localhost:8080", "[::1]:8080"])
async def test_the_tree_is_shown_on_this_machine(app: Starlette, host: str) -> None:
    assert (await ask(app, "/api/v1/tree", host=host)).json()["kind"] == "daemon"
    assert (await ask(app, "/api/v1/tree", client="::1", host=host)).status == 200


async def test_the_page_runs_under_the_strict_policy(app: Starlette) -> None:
    page = await ask(app, "/admin/tree", host=HERE)
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for kind, name in (("text/css", "tree.css"), ("text/javascript", "tree.js")):
        assert f"/admin/assets/{name}" in page.body.decode()
        asset = await ask(app, f"/admin/assets/{name}", host=HERE)
        assert (asset.status, asset.headers["content-type"].partition(";")[0]) == (200, kind)
        # Else a new daemon would be shown by an old script.
        assert asset.headers["cache-control"] == "no-cache"
    assert (await ask(app, "/admin/assets/none", host=HERE)).status == 404


@pytest.mark.parametrize("path", GUARDED)
async def test_another_machine_is_refused(app: Starlette, path: str) -> None:
    answer = await ask(app, path, client="192.0.2.7", host=HERE)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    assert "admin.token_file" in answer.json()["message"]


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "x_real_ip", "via"])
async def test_whoever_a_proxy_on_this_machine_speaks_for_is_refused(
    app: Starlette, path: str, header: str
) -> None:
    given = {"host": HERE, header: "192.0.2.7"}
    assert (await ask(app, path, **given)).status == 403


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("host", ["rebound.example:8080", "", "127.0.0.1.rebound.example"])
async def test_a_name_rebound_to_this_machine_is_refused(
    app: Starlette, path: str, host: str
) -> None:
    assert (await ask(app, path, host=host)).status == 403


async def test_ending_a_room_and_a_peer(app: Starlette, daemon: Observed) -> None:
    assert (await ask(app, "/api/v1/rooms/r", "DELETE", **JSON)).status == 204
    assert (await ask(app, "/api/v1/rooms/r/peers/p-1", "DELETE", **JSON)).status == 204
    assert daemon.ended == [("r",), ("r", "p-1")]


@pytest.mark.parametrize("path", ["/api/v1/rooms/none", "/api/v1/rooms/r/peers/none"])
async def test_what_is_not_there_cannot_be_ended(app: Starlette, path: str) -> None:
    answer = await ask(app, path, "DELETE", **JSON)
    assert (answer.status, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/rooms"),
        ("DELETE", "/api/v1/rooms/r"),
        ("DELETE", "/api/v1/rooms/r/peers/p-1"),
        ("POST", "/api/v1/rooms/r/peers/p-1/mute"),
        ("POST", "/api/v1/rooms/r/peers/p-1/move"),
        ("PUT", "/api/v1/rooms/r/peers/p-1/rights"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {"client": "192.0.2.7"},
        {"host": "rebound.example:8080"},
        {"x_forwarded_for": "192.0.2.7"},
        {"content_type": "text/plain"},
        {"content_type": ""},
        {"origin": "https://other.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
    ids=str,
)
async def test_a_page_of_another_site_changes_nothing(
    app: Starlette, daemon: Observed, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await ask(app, path, method, body="{}", **(JSON | headers))
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    assert daemon.ended == []


async def test_our_own_page_may(app: Starlette, daemon: Observed) -> None:
    own = {"origin": f"http://{HERE}", "sec_fetch_site": "same-origin"}
    assert (await ask(app, "/api/v1/rooms/r", "DELETE", **(JSON | own))).status == 204


async def test_other_origins_are_told_nothing_by_preflight(app: Starlette) -> None:
    asked = {"host": HERE, "origin": "https://x.example", "access_control_request_method": "DELETE"}
    answer = await ask(app, "/api/v1/rooms/r", "OPTIONS", **asked)
    assert answer.status == 405
    assert not any(name.startswith("access-control") for name in answer.headers)


async def test_an_operator_has_the_media_tested(app: Starlette, daemon: Observed) -> None:
    answer = await ask(app, "/api/v1/self-test", "POST", **JSON)
    assert (answer.status, answer.json()["outcome"]) == (200, "passed")
    assert daemon.ended == [("tested",)]


async def test_nobody_else_does(app: Starlette, daemon: Observed) -> None:
    for client, given in (
        ("192.0.2.7", JSON),
        ("127.0.0.1", {"host": HERE}),
        ("127.0.0.1", JSON | {"origin": "https://elsewhere.example"}),
    ):
        answer = await ask(app, "/api/v1/self-test", "POST", client=client, **given)
        assert answer.status == 403
    assert not daemon.ended
