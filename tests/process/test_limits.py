"""Each limit, hit over a real WebSocket: what the client is told, and what is counted."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.patience import eventually
from tests.webrtc.offering import Description, Section

SUBPROTOCOL = Subprotocol("trio-sfu.v1")
TRY_AGAIN_LATER = 1013


@contextlib.contextmanager
def limited(artifacts: Path, *prefix: str, **settings: int) -> Iterator[Daemon]:
    """Run a daemon with some limits: ``rooms__max_rooms=1``."""
    environment = {
        f"TRIO_SFU_{name.replace('__', '_').upper()}": str(n) for name, n in settings.items()
    }
    with running_daemon(artifacts, environment=environment, prefix=prefix, faulty=True) as daemon:
        yield daemon


@contextlib.contextmanager
def opened(url: str) -> Iterator[ClientConnection]:
    with connect(url, subprotocols=[SUBPROTOCOL], proxy=None, max_size=None) as connection:
        yield connection


def join(connection: ClientConnection, room: str = "r", **more: str) -> dict[str, Any]:
    """Ask to join; return the answer."""
    connection.send(json.dumps({"type": "join", "room": room, "name": "n", **more}))
    answer: dict[str, Any] = json.loads(connection.recv(timeout=10))
    return answer


def refusal(daemon: Daemon, room: str = "r", **more: str) -> tuple[str, float | None, int | None]:
    """Join and be refused: the code, when to try again, and the close code."""
    with opened(daemon.signaling) as connection:
        error = join(connection, room, **more)
        assert error["type"] == "error", error
        assert error["fatal"]
        assert error["message"]
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(timeout=10)
        assert closed.value.rcvd is not None
        return error["code"], error["retryAfter"], closed.value.rcvd.code


def refused(daemon: Daemon, code: str) -> float:
    """How many joins ``/metrics`` says were refused with a code."""
    return daemon.metrics().get(f'trio_sfu_joins_total{{outcome="{code}"}}', 0.0)


def test_peers_of_a_room(artifacts: Path) -> None:
    with limited(artifacts, rooms__max_peers=1) as daemon, opened(daemon.signaling) as first:
        join(first)
        # Waiting is no help here: the client does not try by itself.
        assert refusal(daemon) == ("room-full", None, TRY_AGAIN_LATER)
        assert refused(daemon, "room-full") == 1
        with opened(daemon.signaling) as elsewhere:
            assert join(elsewhere, "another")["type"] == "joined"


def test_rooms(artifacts: Path) -> None:
    with limited(artifacts, rooms__max_rooms=1) as daemon, opened(daemon.signaling) as first:
        join(first)
        assert refusal(daemon, "another") == ("too-many-rooms", 10, TRY_AGAIN_LATER)
        assert refused(daemon, "too-many-rooms") == 1


def test_peers_in_all(artifacts: Path) -> None:
    with limited(artifacts, media__max_transports=1) as daemon:
        with opened(daemon.signaling) as first:
            join(first)
            assert refusal(daemon, "another") == ("too-many-peers", 10, TRY_AGAIN_LATER)
            assert refused(daemon, "too-many-peers") == 1
            assert daemon.census()["rooms"] == 1
            first.send('{"type":"leave"}')
        daemon.returns_to({"rooms": 0}, only=["rooms"])
        with opened(daemon.signaling) as later:
            assert join(later)["type"] == "joined"


def test_joins_a_second(artifacts: Path) -> None:
    with limited(artifacts, overload__joins_per_second=1, overload__join_burst=2) as daemon:
        with contextlib.ExitStack() as stack:
            answers = [join(stack.enter_context(opened(daemon.signaling))) for _ in range(2)]
            code, retry_after, close = refusal(daemon)
        assert [answer["type"] for answer in answers] == ["joined", "joined"]
        assert (code, close) == ("too-many-joins", TRY_AGAIN_LATER)
        assert retry_after is not None
        assert 1 <= retry_after <= 2
        assert refused(daemon, "too-many-joins") == 1


def test_an_overloaded_server_and_who_comes_back(artifacts: Path) -> None:
    with limited(artifacts) as daemon, opened(daemon.signaling) as ann:
        token = join(ann)["resumeToken"]
        daemon.fault("overload full")
        wait_for_step(daemon, "full")
        assert refusal(daemon, "another") == ("server-busy", 10, TRY_AGAIN_LATER)
        assert refused(daemon, "server-busy") == 1
        assert daemon.get("/readyz")[0] == 503
        status, body = daemon.get("/healthz")
        health = json.loads(body)
        assert (status, health["status"]) == (200, "degraded")
        assert [each["what"] for each in health["degraded"]] == ["overload"]
        with opened(daemon.signaling) as again:
            assert join(again, replaces=token)["type"] == "joined"
        daemon.fault("overload normal")
        wait_for_step(daemon, "normal")
        assert daemon.get("/readyz")[0] == 200
        with opened(daemon.signaling) as new:
            assert join(new, "another")["type"] == "joined"


def wait_for_step(daemon: Daemon, step: str) -> None:
    def noted() -> bool:
        entry = [each for each in daemon.log() if each.get("event") == "overload changed"]
        return bool(entry) and entry[-1]["step"] == step

    eventually(noted, within=5, why=f"the step {step} to be logged")


def test_descriptors(artifacts: Path) -> None:
    # One percent is less than the daemon needs for itself.
    few = ("prlimit", "--nofile=1000:1000")
    with limited(artifacts, *few, overload__max_descriptors=1) as daemon:
        wait_for_step(daemon, "full")
        assert refusal(daemon)[0] == "server-busy"
        assert daemon.metrics()['trio_sfu_strain{resource="descriptors"}'] > 1


def test_memory(artifacts: Path) -> None:
    with limited(artifacts, overload__memory_limit=16) as daemon:
        wait_for_step(daemon, "full")
        assert refusal(daemon)[0] == "server-busy"
        changed = [each for each in daemon.log() if each.get("event") == "overload changed"]
        assert [(each["because"], each["level"]) for each in changed] == [("memory", "warning")]


@pytest.mark.parametrize(
    ("setting", "code", "lines"),
    [
        ("max_lines", "too-many-lines", 3),
        ("max_slots", "too-many-slots", 3),
        ("max_tracks", "too-many-tracks", 3),
    ],
)
def test_what_an_offer_may_have(artifacts: Path, setting: str, code: str, lines: int) -> None:
    description, sending, slots = offer(lines, publishing=setting == "max_tracks")
    settings = {f"signaling__{setting}": lines - 1}
    with limited(artifacts, **settings) as daemon, opened(daemon.signaling) as connection:
        join(connection)
        message = {"type": "offer", "id": 7, "sdp": description, "sending": sending, "slots": slots}
        connection.send(json.dumps(message))
        error = json.loads(connection.recv(timeout=10))
        assert (error["code"], error["id"], error["fatal"]) == (code, 7, False)
        connection.send('{"type":"ping","id":1}')
        assert json.loads(connection.recv(timeout=10))["type"] == "pong"
        counted = daemon.metrics()[f'trio_sfu_requests_refused_total{{code="{code}"}}']
        assert counted == 1


def offer(lines: int, *, publishing: bool) -> tuple[str, list[Any], list[Any]]:
    kinds = ["audio", "video", "video"]
    sources = ["microphone", "camera", "screen"]
    direction = "sendonly" if publishing else "recvonly"
    sections = [
        Section(str(number), kind=kinds[number % 3] if publishing else "audio", direction=direction)
        for number in range(lines)
    ]
    sending = [{"mid": str(n), "source": sources[n]} for n in range(lines)] if publishing else []
    slots = (
        [] if publishing else [{"mid": str(n), "kind": "audio", "pair": n} for n in range(lines)]
    )
    return Description(sections).sdp(), sending, slots


def test_a_messages_size(artifacts: Path) -> None:
    with limited(artifacts, signaling__max_message_bytes=4_096) as daemon:
        with opened(daemon.signaling) as connection:
            join(connection)
            connection.send(json.dumps({"type": "ping", "id": 1, "padding": "x" * 4_096}))
            error = json.loads(connection.recv(timeout=10))
            assert (error["code"], error["fatal"]) == ("message-too-large", True)
        ended = daemon.metrics()['trio_sfu_signaling_ended_total{code="message-too-large"}']
        assert ended == 1


def test_messages_a_second(artifacts: Path) -> None:
    settings = {"signaling__messages_per_second": 1, "signaling__burst": 5}
    with limited(artifacts, **settings) as daemon, opened(daemon.signaling) as connection:
        join(connection)
        # Each one is answered before the next is sent: whoever is ended hears why, and has
        # nothing under way that would meet a closed connection.
        for number in range(100):
            connection.send(json.dumps({"type": "ping", "id": number}))
            message = json.loads(connection.recv(timeout=10))
            if message["type"] != "pong":
                break
        assert (message["code"], message["fatal"]) == ("rate-limited", True)


def test_connections_and_joins_of_one_address(artifacts: Path) -> None:
    settings = {
        "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (in a namespace of its own)
        "TRIO_SFU_AUTH_OPEN": "true",
        "TRIO_SFU_HTTP_MAX_CONNECTIONS_PER_ADDRESS": "3",
        "TRIO_SFU_OVERLOAD_ADDRESS_JOINS_PER_SECOND": "1",
        "TRIO_SFU_OVERLOAD_ADDRESS_JOIN_BURST": "1",
    }
    with (
        own_network() as network,
        network.inside(),
        running_daemon(artifacts, environment=settings, prefix=network.prefix) as daemon,
    ):
        host = (ADDRESS, daemon.http_port)
        url = f"ws://{ADDRESS}:{daemon.http_port}/signal"
        with opened(url) as first, opened(url) as second:
            assert join(first)["type"] == "joined"
            error = join(second)
            assert error["code"] == "too-many-joins-from-address"
            assert error["retryAfter"] >= 1
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(socket.create_connection(host))
            with socket.create_connection(host) as surplus:
                answer = surplus.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after" in answer
        assert b'"too-many-connections-from-address"' in answer

        def let_in() -> bool:
            with socket.create_connection(host) as connection:
                connection.sendall(
                    b"GET /readyz HTTP/1.1\r\nhost: sfu\r\nconnection: close\r\n\r\n"
                )
                return connection.makefile("rb").readline() == b"HTTP/1.1 200 \r\n"

        eventually(let_in, within=5, why="those that have ended to count no more")
