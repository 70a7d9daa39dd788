"""The application as a browser or a program sees it, called through ASGI."""

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.http.asking import Observed, ask
from trio_sfu.events import (
    JoinRefused,
    PeerConnected,
    PeerJoined,
    PeerLeft,
    PeerTornDown,
    SessionEnded,
)
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.ids import PeerId, RoomId

HERE = "127.0.0.1:8080"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "assets" / "index-abc123.js").write_text("console.log(1);" * 200)
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Starlette:
    return make_app(Observed(), Page(folder))


@pytest.mark.parametrize("path", ["/", "/standup", "/index.html"])
async def test_the_page_is_at_the_root_and_at_every_room(app: Starlette, path: str) -> None:
    answer = await ask(app, path)
    assert answer.status == 200
    assert b"<title>page</title>" in answer.body
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


async def test_what_has_a_hash_in_its_name_is_kept_for_ever(app: Starlette) -> None:
    answer = await ask(app, "/assets/index-abc123.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


async def test_text_is_compressed_for_who_takes_it(app: Starlette) -> None:
    plain = await ask(app, "/assets/index-abc123.js")
    packed = await ask(app, "/assets/index-abc123.js", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 10


async def test_a_page_that_is_known_is_not_sent_again(app: Starlette) -> None:
    etag = (await ask(app, "/")).headers["etag"]
    answer = await ask(app, "/", if_none_match=etag)
    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/../index.html", "/a/b", "/api/v1/none", "/assets/"]
)
async def test_what_is_not_there_is_a_json_error(app: Starlette, path: str) -> None:
    answer = await ask(app, path)
    assert answer.status == 404
    assert answer.json()["code"] == "not-found"
    assert answer.json()["message"]


async def test_a_method_that_is_not_offered_is_a_json_error(app: Starlette) -> None:
    answer = await ask(app, "/api/v1/rooms", "DELETE")
    assert (answer.status, answer.json()["code"]) == (405, "method-not-allowed")


async def test_a_page_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    answer = await ask(make_app(Observed(), Page(tmp_path / "none")), "/room")
    assert answer.status == 200
    assert b"has not been built" in answer.body
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/a/b", "/metrics", "/api/v1/census"])
async def test_every_answer_has_a_strict_policy(app: Starlette, path: str) -> None:
    headers = (await ask(app, path)).headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";")
    )
    assert "unsafe" not in headers["content-security-policy"]
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://sfu.example:8080 wss://sfu.example:8080"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "default"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["permissions-policy"] == (
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(),"
        " usb=(), serial=(), hid=(), midi=(), accelerometer=(), gyroscope=(), magnetometer=()"
    )
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


async def test_over_tls_browsers_are_told_to_stay_there(app: Starlette) -> None:
    assert "strict-transport-security" not in (await ask(app, "/")).headers
    headers = (await ask(app, "/", scheme="https")).headers
    assert headers["strict-transport-security"] == "max-age=31536000"


async def test_a_host_header_cannot_write_into_the_policy(app: Starlette) -> None:
    headers = (await ask(app, "/", host="x; script-src *")).headers
    assert "*" not in headers["content-security-policy"]


async def test_health_and_readiness() -> None:
    daemon = Observed()
    app = make_app(daemon, Page(Path("/none")))
    assert (await ask(app, "/healthz")).status == 200
    assert (await ask(app, "/readyz")).status == 200
    daemon.ready = False
    assert (await ask(app, "/healthz")).status == 200
    answer = await ask(app, "/readyz")
    assert (answer.status, answer.json()["code"]) == (503, "not-ready")


async def test_the_api_is_flat_and_plain(app: Starlette) -> None:
    census = await ask(app, "/api/v1/census", host=HERE)
    assert census.json() == {"tasks": 7, "rooms": 1}
    rooms = await ask(app, "/api/v1/rooms", host=HERE)
    assert rooms.json() == {"rooms": []}


async def test_the_signaling_path_says_what_it_wants(app: Starlette) -> None:
    answer = await ask(app, "/signal")
    assert (answer.status, answer.json()["code"]) == (426, "upgrade-required")
    assert answer.headers["upgrade"] == "websocket"


async def test_a_defect_is_told_without_its_secrets() -> None:
    app = make_app(Observed(broken=True), Page(Path("/none")))
    answer = await ask(app, "/api/v1/census", host=HERE)
    assert (answer.status, answer.json()["code"]) == (500, "request-failed")
    assert b"secret" not in answer.body


async def test_metrics_count_what_was_noted(folder: Path) -> None:
    daemon = Observed()
    room, peer = RoomId("r"), PeerId("p")
    for fact in (
        PeerJoined(room, peer),
        PeerJoined(room, peer),
        PeerConnected(room, peer, 0.2),
        JoinRefused(room, "room-full"),
        SessionEnded("s", "message-malformed"),
        PeerLeft(room, peer, "gone"),
        PeerTornDown(room, peer, 0.03),
        PeerTornDown(room, peer, 0.25),
        PeerTornDown(room, peer, 60),
    ):
        daemon.journal.note(fact)
    answer = await ask(make_app(daemon, Page(folder)), "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.body.decode().splitlines()
    for line in (
        "trio_sfu_tasks 7.0",
        "trio_sfu_rooms 1.0",
        "trio_sfu_ready 1.0",
        "trio_sfu_draining 0.0",
        "trio_sfu_engine_rtp_received_total 12.0",
        'trio_sfu_engine_drops_total{reason="auth"} 3.0',
        'trio_sfu_thread_cpu_seconds_total{thread="worker-0"} 2.5',
        'trio_sfu_joins_total{outcome="joined"} 2.0',
        'trio_sfu_joins_total{outcome="room-full"} 1.0',
        'trio_sfu_signaling_ended_total{code="message-malformed"} 1.0',
        'trio_sfu_joins_total{outcome="server-busy"} 0.0',
        'trio_sfu_peers_left_total{reason="gone"} 1.0',
        'trio_sfu_peers_left_total{reason="failed"} 0.0',
        'trio_sfu_join_seconds_bucket{le="0.1"} 0.0',
        'trio_sfu_join_seconds_bucket{le="0.25"} 1.0',
        "trio_sfu_room_crashes_total 0.0",
        'trio_sfu_viewer_estimate_bits_per_second_bucket{le="800000.0"} 0.0',
        'trio_sfu_viewer_estimate_bits_per_second_bucket{le="1500000.0"} 1.0',
        'trio_sfu_viewer_frozen_ratio_bucket{le="0.01"} 0.0',
        'trio_sfu_viewer_frozen_ratio_bucket{le="0.02"} 1.0',
        'trio_sfu_viewer_concealed_ratio_bucket{le="0.0"} 1.0',
        'trio_sfu_peer_teardown_seconds_bucket{le="0.025"} 0.0',
        'trio_sfu_peer_teardown_seconds_bucket{le="0.05"} 1.0',
        'trio_sfu_peer_teardown_seconds_bucket{le="0.25"} 2.0',
        'trio_sfu_peer_teardown_seconds_bucket{le="5.0"} 2.0',
        'trio_sfu_peer_teardown_seconds_bucket{le="+Inf"} 3.0',
        "trio_sfu_peer_teardown_seconds_sum 60.28",
    ):
        assert line in lines
