"""The OpenAPI document says what the application does, no less and no more."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from tests.http.asking import Observed, ask
from trio_sfu.http import api
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.http.refusals import CODES

ROOT = Path(__file__).parents[2]
ERRORS = (ROOT / "docs" / "errors.md").read_text()
PAGE = (ROOT / "docs" / "api.md").read_text()
OPERATIONS = api.operations(Observed())

# Told on paths beside the API, or by the router itself.
BESIDE = {"upgrade-required", "method-not-allowed"}


@pytest.fixture
async def document() -> Any:
    app = make_app(Observed(), Page(Path("/none")))
    answer = await ask(app, "/api/v1/openapi.json", host="127.0.0.1:8080")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


def test_the_file_is_what_the_code_says() -> None:
    assert not api.drifted()


def test_drift_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    assert api.drifted(file)
    file.write_bytes(api.rendered().replace(b"mute_peer", b"mute"))
    assert api.drifted(file)


async def test_every_route_of_the_api_is_in_it_and_no_other(document: Any) -> None:
    app = make_app(Observed(), Page(Path("/none")))
    routes = {
        (route.path, method.lower())
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/api/")
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {(path, method) for path, of in document["paths"].items() for method in of}
    assert routes == described
    assert document["openapi"].startswith("3.1.")


async def test_every_code_is_in_it(document: Any) -> None:
    told = set(re.findall(r"'enum': \[([^]]*)\]", str(document["components"]["responses"])))
    codes = {code for each in told for code in re.findall(r"'([a-z-]+)'", each)}
    assert codes == set(CODES) - BESIDE


async def test_every_name_that_is_referred_to_is_there(document: Any) -> None:
    codes = set(re.findall(r"'#/components/responses/([a-z.-]+)'", str(document)))
    assert codes == set(document["components"]["responses"])
    names = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert names <= set(document["components"]["schemas"])
    assert names >= {"Problem", "NewRoom", "RoomReport", "PeerReport", "Node", "Failure"}


def test_operations_have_names_of_their_own_and_words() -> None:
    names = [each.name for each in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(each.handle.__doc__ for each in OPERATIONS)


@pytest.mark.parametrize(
    "code",
    set(CODES)
    - {"room-full", "room-unavailable", "server-stopping", "too-many-rooms", "join-barred"},
)
def test_a_code_has_the_status_that_is_documented(code: str) -> None:
    rows = re.findall(rf"^\| `{code}` \| (\d+) \|", ERRORS, re.MULTILINE)
    assert str(CODES[code].status) in rows


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_the_page_about_the_api_has_a_row_for_it(operation: Any) -> None:
    assert f"| `{operation.method} {operation.path}` |" in PAGE


def test_the_page_has_a_row_for_no_other_and_every_code() -> None:
    rows = re.findall(r"^\| `((?:GET|POST|PUT|DELETE) [^`]*)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(f"{each.method} {each.path}" for each in OPERATIONS)
    for operation in OPERATIONS:
        for code in operation.errors:
            assert f"`{code}`" in PAGE, code
