"""What a hostile client sends ends its own session and nobody else's (issue 2, point 6)."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.process.daemon import Daemon
from tests.process.patience import eventually

SUBPROTOCOL = Subprotocol("trio-sfu.v1")
ROOM = "hostile"

Send = Callable[[ClientConnection], None]


@contextlib.contextmanager
def opened(daemon: Daemon) -> Iterator[ClientConnection]:
    """Open a signaling socket."""
    with connect(
        daemon.signaling, subprotocols=[SUBPROTOCOL], proxy=None, max_size=None
    ) as connection:
        yield connection


def join(connection: ClientConnection, name: str = "somebody") -> dict[str, Any]:
    """Join the room and return ``joined``."""
    connection.send(json.dumps({"type": "join", "room": ROOM, "name": name}))
    joined: dict[str, Any] = json.loads(connection.recv(timeout=10))
    assert joined["type"] == "joined", joined
    return joined


def last_words(connection: ClientConnection) -> tuple[dict[str, Any] | None, int | None]:
    """Read to the end: the last ``error`` message and the close code."""
    error = None
    try:
        while True:
            message = json.loads(connection.recv(timeout=15))
            if message["type"] == "error":
                error = message
    except ConnectionClosed as closed:
        return error, closed.rcvd.code if closed.rcvd else None


def counted(daemon: Daemon, code: str) -> float:
    """Return how often ``/metrics`` has counted a signaling error code."""
    samples = daemon.metrics()
    return samples.get(f'trio_sfu_signaling_ended_total{{code="{code}"}}', 0.0)


@pytest.fixture
def bystander(daemon: Daemon) -> Iterator[Callable[[], None]]:
    """Somebody else in the same room; call it to see that they noticed nothing."""
    with opened(daemon) as connection:
        join(connection, "bystander")
        number = 0

        def well() -> None:
            nonlocal number
            number += 1
            connection.send(json.dumps({"type": "ping", "id": number}))
            while (message := json.loads(connection.recv(timeout=10)))["type"] != "pong":
                assert message["type"] in {"peer-joined", "peer-updated", "peer-left", "slots"}
            assert message["id"] == number

        well()
        yield well
        well()


def text(value: object) -> Send:
    return lambda connection: connection.send(
        value if isinstance(value, str) else json.dumps(value)
    )


def nothing(_: ClientConnection) -> None:
    pass


BEFORE_JOINING: dict[str, tuple[Send, str, int]] = {
    "binary": (lambda c: c.send(b"\x00\x01"), "message-binary", 1003),
    "not JSON": (text("{"), "message-malformed", 1008),
    "not an object": (text([1, 2]), "message-malformed", 1008),
    "no type": (text({"room": "r"}), "message-malformed", 1008),
    "unknown type": (text({"type": "rule-the-world"}), "message-unknown", 1008),
    "wrong field type": (text({"type": "join", "room": 7, "name": "x"}), "message-malformed", 1008),
    "bad room name": (
        text({"type": "join", "room": "../etc", "name": "x"}),
        "message-malformed",
        1008,
    ),
    "deep nesting": (text("[" * 100_000), "message-malformed", 1008),
    "out of order": (
        text({"type": "publish", "source": "camera", "live": True}),
        "not-joined",
        1008,
    ),
    "oversize": (
        text({"type": "join", "room": "r", "name": "x", "pad": "p" * 400_000}),
        "message-too-large",
        1009,
    ),
}


@pytest.mark.parametrize("case", BEFORE_JOINING)
def test_before_joining(daemon: Daemon, bystander: Callable[[], None], case: str) -> None:
    send, code, close = BEFORE_JOINING[case]
    before = counted(daemon, code)
    with opened(daemon) as connection:
        send(connection)
        error, closed = last_words(connection)
    assert error is not None, closed
    assert (error["code"], error["fatal"], closed) == (code, True, close)
    bystander()
    assert counted(daemon, code) == before + 1


def test_joining_twice(daemon: Daemon, bystander: Callable[[], None]) -> None:
    with opened(daemon) as connection:
        join(connection)
        connection.send(json.dumps({"type": "join", "room": ROOM, "name": "again"}))
        error, closed = last_words(connection)
    assert error is not None
    assert (error["code"], closed) == ("already-joined", 1008)
    bystander()


@pytest.mark.parametrize(
    "sdp", ["", "x", "v=0\r\n" * 30_000, "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "\x00\ud7ff"]
)
def test_an_offer_nobody_expected(daemon: Daemon, bystander: Callable[[], None], sdp: str) -> None:
    with opened(daemon) as connection:
        join(connection)
        connection.send(json.dumps({"type": "offer", "id": 1, "sdp": sdp}))
        while (message := json.loads(connection.recv(timeout=10)))["type"] != "error":
            pass
        assert message["code"] in {
            *("offer-invalid", "no-fingerprint", "no-bundle", "message-malformed"),
            *("offer-too-large", "too-many-lines", "no-common-codec"),
        }
    bystander()
    assert not daemon.log("error"), "hostile SDP is no error of ours"


def test_a_flood(daemon: Daemon, bystander: Callable[[], None]) -> None:
    with opened(daemon) as connection:
        join(connection)
        with contextlib.suppress(ConnectionClosed):
            for number in range(20_000):
                connection.send(json.dumps({"type": "ping", "id": number}))
        error, closed = last_words(connection)
    # Whoever floods may have been cut off before it read why.
    assert closed in {1008, None}
    assert error is None or error["code"] == "rate-limited"
    bystander()
    assert counted(daemon, "rate-limited") == 1


def test_a_client_that_never_reads(daemon: Daemon, bystander: Callable[[], None]) -> None:
    address = ("127.0.0.1", daemon.http_port)
    with socket.create_connection(address) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.sendall(
            b"GET /signal HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\n"
            b"connection: upgrade\r\nsec-websocket-version: 13\r\n"
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"sec-websocket-protocol: trio-sfu.v1\r\n\r\n"
        )
        # The last thing it reads: before the answer a client must send nothing (RFC 6455).
        assert plain.recv(4096).startswith(b"HTTP/1.1 101 ")
        join_message = json.dumps({"type": "join", "room": ROOM, "name": "deaf"}).encode()
        plain.sendall(bytes([0x81, 0x80 | len(join_message)]) + bytes(4) + join_message)
        eventually(lambda: daemon.census()["peers"] == 2, within=5, why="it to have joined")

        # Comings and goings make messages for everybody in the room.
        def gone() -> bool:
            for _ in range(20):
                with opened(daemon) as other:
                    join(other, "x" * 64)
                    other.send(json.dumps({"type": "leave"}))
                    last_words(other)
            bystander()
            return counted(daemon, "slow-consumer") + counted(daemon, "heartbeat-timeout") > 0

        eventually(gone, within=60, why="the client that never reads to be cut off")
    eventually(lambda: daemon.census()["peers"] == 1, within=5, why="only the bystander to stay")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 200_000,
        b"GET " + b"/" * 200_000,
        b"\r\n" * 1000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /signal HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    ],
    ids=["TLS", "long header", "long target", "empty lines", "HTTP/2", "half an upgrade"],
)
def test_not_http(daemon: Daemon, bystander: Callable[[], None], request_bytes: bytes) -> None:
    with (
        socket.create_connection(("127.0.0.1", daemon.http_port), timeout=20) as plain,
        contextlib.suppress(OSError),  # however it is cut off
    ):
        plain.sendall(request_bytes)
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(65_536):
            pass
    bystander()
    assert not daemon.log("error")


def test_everything_is_forgotten(daemon: Daemon) -> None:
    empty = daemon.settled_census()
    for send, _, _ in BEFORE_JOINING.values():
        with opened(daemon) as connection:
            send(connection)
            last_words(connection)
    for _ in range(20):
        with opened(daemon) as connection:
            join(connection)
            connection.socket.close()
    daemon.returns_to(empty, within=30)
