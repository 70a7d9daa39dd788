"""The port with real sockets: an HTTP application and a WebSocket echo behind it."""

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    open_websocket,
    wrap_client_stream,
)

from trio_sfu.config.model import Http
from trio_sfu.errors import ConfigError
from trio_sfu.events import ConnectionCrashed, ConnectionRefused, Fact, Journal
from trio_sfu.listeners.connection import current_connection
from trio_sfu.listeners.hypercorn_server import HttpServer
from trio_sfu.listeners.port import Port, open_listeners
from trio_sfu.signaling.messages import SUBPROTOCOL

LARGE = 10_000_000


async def hello(request: Request) -> Response:
    asking = current_connection.get()
    assert asking is not None
    return PlainTextResponse(f"{request.url.path} {request.headers.get('x', '')}")


class InPieces(Response):
    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for sent in range(0, LARGE, 100_000):
            more = sent + 100_000 < LARGE
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": more})


async def large(_request: Request) -> Response:
    return InPieces()


async def broken(_request: Request) -> Response:
    raise RuntimeError("a defect in a handler")


APP = Starlette(
    routes=[
        Route("/large", large),
        Route("/broken", broken),
        Route("/{path:path}", hello, methods=["GET", "POST"]),
    ]
)


async def echo(socket: WebSocketConnection, _wire: object = None) -> None:
    try:
        while True:
            message = await socket.get_message()
            if message == "break":
                raise RuntimeError("a defect in a session")
            await socket.send_message(message)
    except ConnectionClosed:
        pass


class Served:
    def __init__(self, port: Port, number: int, facts: list[Fact], journal: Journal) -> None:
        self.port = port
        self.number = number
        self.facts = facts
        self.journal = journal

    async def ask(self, request: bytes) -> bytes:
        """Send bytes on a connection of its own and return all that comes back."""
        async with await trio.open_tcp_stream("127.0.0.1", self.number) as stream:
            await stream.send_all(request)
            return await everything(stream)

    async def get(self, path: str) -> bytes:
        head = f"GET {path} HTTP/1.1\r\nhost: sfu\r\nconnection: close\r\n\r\n"
        return await self.ask(head.encode())

    async def upgrade(self, *headers: str) -> bytes:
        lines = [
            "GET /signal HTTP/1.1",
            f"host: 127.0.0.1:{self.number}",
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-version: 13",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            *headers,
        ]
        return await self.ask("\r\n".join([*lines, "", ""]).encode())

    @asynccontextmanager
    async def socket(
        self, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> AsyncIterator[WebSocketConnection]:
        # Not open_websocket: it leaves the stream open when the other end has closed it.
        stream = await trio.open_tcp_stream("127.0.0.1", self.number)
        async with stream, trio.open_nursery() as nursery:
            host = f"127.0.0.1:{self.number}"
            yield await wrap_client_stream(
                nursery,
                stream,
                host,
                "/signal",
                subprotocols=[SUBPROTOCOL],
                extra_headers=list(headers),
            )
            nursery.cancel_scope.cancel()

    @property
    def refused(self) -> dict[str, int]:
        return dict(self.journal.by_label(ConnectionRefused))


async def everything(stream: trio.abc.ReceiveStream) -> bytes:
    data = b""
    try:
        async for piece in stream:
            data += piece
    except trio.BrokenResourceError:
        pass
    return data


async def until(stream: trio.abc.ReceiveStream, text: bytes) -> None:
    data = b""
    while text not in data:
        piece = await stream.receive_some()
        assert piece, data
        data += piece


async def too_slow(seconds: float) -> None:
    await trio.sleep(seconds)
    raise trio.TooSlowError


@asynccontextmanager
async def serving(
    serve_socket: Callable[..., Any] = echo, **settings: Any
) -> AsyncIterator[Served]:
    http = Http(port=0, **settings)
    facts: list[Fact] = []
    journal = Journal(facts.append)
    port = Port(http, HttpServer(APP), serve_socket, journal)
    async with open_listeners(http) as listeners, trio.open_nursery() as nursery:
        nursery.start_soon(port.run, listeners)
        number = listeners[0].socket.getsockname()[1]
        nursery.start_soon(too_slow, 20)
        yield Served(port, number, facts, journal)
        nursery.cancel_scope.cancel()


async def test_pages_and_sockets_come_from_one_port() -> None:
    async with serving() as served:
        assert (await served.get("/page")).endswith(b"/page ")
        async with served.socket() as socket:
            assert socket.subprotocol == SUBPROTOCOL
            await socket.send_message("hello")
            assert await socket.get_message() == "hello"
            assert (await served.get("/meanwhile")).startswith(b"HTTP/1.1 200")


async def test_a_connection_is_kept_for_a_next_request() -> None:
    async with (
        serving() as served,
        await trio.open_tcp_stream("127.0.0.1", served.number) as stream,
    ):
        for path in (b"/one", b"/two"):
            await stream.send_all(b"GET " + path + b" HTTP/1.1\r\nhost: sfu\r\n\r\n")
            await until(stream, path)


async def test_a_request_in_single_bytes_with_a_body_is_served() -> None:
    async with (
        serving() as served,
        await trio.open_tcp_stream("127.0.0.1", served.number) as stream,
    ):
        for byte in b"POST /slow HTTP/1.1\r\nhost: sfu\r\ncontent-length: 3\r\nx: y\r\n\r\nabc":
            await stream.send_all(bytes([byte]))
        await until(stream, b"/slow y")


async def test_a_large_answer_arrives_whole() -> None:
    async with serving() as served:
        body = (await served.get("/large")).partition(b"\r\n\r\n")[2]
        assert body.count(b"x") == LARGE


async def test_a_defect_in_a_handler_is_one_answer_500() -> None:
    async with serving() as served:
        assert (await served.get("/broken")).startswith(b"HTTP/1.1 500")
        assert (await served.get("/")).startswith(b"HTTP/1.1 200")


async def test_a_defect_in_a_session_ends_its_connection_and_is_noted_once() -> None:
    async with serving() as served, served.socket() as bystander:
        async with served.socket() as socket:
            await socket.send_message("break")
            with pytest.raises(ConnectionClosed):
                await socket.get_message()
        await bystander.send_message("still there?")
        assert await bystander.get_message() == "still there?"
        assert served.journal.count(ConnectionCrashed) == 1


async def test_a_socket_without_the_subprotocol_is_refused() -> None:
    async with serving() as served:
        answer = await served.upgrade("sec-websocket-protocol: other.v9")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b'"code":"subprotocol-unsupported"' in answer
        assert served.refused == {"subprotocol-unsupported": 1}


async def test_an_upgrade_that_is_not_ascii_is_refused() -> None:
    async with serving() as served:
        answer = await served.upgrade(f"sec-websocket-protocol: {SUBPROTOCOL}, \xa3")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b'"code":"upgrade-invalid"' in answer
        assert served.refused == {"upgrade-invalid": 1}


@pytest.mark.parametrize(
    ("origin", "origins", "allowed"),
    [
        ("http://127.0.0.1:PORT", [], True),
        ("https://127.0.0.1:PORT", [], True),
        ("http://127.0.0.1:1", [], False),
        ("https://evil.example", [], False),
        ("null", [], False),
        ("http://[", [], False),
        ("https://meet.example", ["https://meet.example"], True),
        ("https://any.example", ["*"], True),
    ],
)
async def test_only_pages_of_allowed_origins_get_a_socket(
    origin: str,
    origins: list[str],
    allowed: bool,  # noqa: FBT001
) -> None:
    async with serving(origins=origins) as served:
        header = (b"origin", origin.replace("PORT", str(served.number)).encode())
        if allowed:
            async with served.socket([header]) as socket:
                await socket.send_message("x")
        else:
            answer = await served.upgrade(
                f"sec-websocket-protocol: {SUBPROTOCOL}", f"origin: {origin}"
            )
            assert answer.startswith(b"HTTP/1.1 403")
            assert served.refused == {"origin-refused": 1}


async def test_an_upgrade_that_is_none_ends_at_once() -> None:
    async with serving() as served:
        request = b"GET /signal HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
        with trio.fail_after(5):
            assert (await served.ask(request)).startswith(b"HTTP/1.1 400")
        await idle(served)


async def test_a_head_too_large_is_answered() -> None:
    async with serving() as served:
        answer = await served.ask(b"GET / HTTP/1.1\r\nx: " + b"y" * 16_384)
        assert answer.startswith(b"HTTP/1.1 431")
        assert served.refused == {"head-too-large": 1}


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"\0" * 100 + b"\r\n\r\n"])
async def test_what_is_no_http_is_answered_400(data: bytes) -> None:
    async with serving() as served:
        assert (await served.ask(data)).startswith(b"HTTP/1.1 400")
        await idle(served)


async def test_connections_beyond_the_limit_are_told_so() -> None:
    async with serving(max_connections=2) as served:
        async with served.socket(), served.socket():
            assert b"503 Service Unavailable" in await served.get("/")
            assert served.refused == {"too-many-connections": 1}
        await idle(served)
        assert b"200" in await served.get("/")


async def test_a_connection_that_says_nothing_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trio_sfu.listeners.port._HEAD_LIMIT_S", 0.1)
    async with serving() as served:
        assert await served.ask(b"GET / HT") == b""
        assert served.refused == {"head-timeout": 1}


async def test_who_takes_no_byte_of_an_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio_sfu.listeners.replay._SEND_LIMIT_S", 0.2)
    async with serving() as served:
        stream = await trio.open_tcp_stream("127.0.0.1", served.number)
        await stream.send_all(b"GET /large HTTP/1.1\r\nhost: sfu\r\n\r\n")
        while not served.port.connections:
            await trio.lowlevel.checkpoint()
        await idle(served)
        await stream.aclose()


async def test_the_end_does_not_wait_for_who_takes_no_byte() -> None:
    async with serving() as served:
        stream = await trio.open_tcp_stream("127.0.0.1", served.number)
        await stream.send_all(b"GET /large HTTP/1.1\r\nhost: sfu\r\n\r\n")
        while not served.port.connections:
            await trio.lowlevel.checkpoint()
        await trio.testing.wait_all_tasks_blocked(0.05)
        with trio.fail_after(2):
            await served.port.end_connections(0.1)
            served.port.cut_connections()
            await idle(served)
        await stream.aclose()


async def test_a_port_that_is_taken_is_told_with_the_settings_name() -> None:
    async with serving() as served:
        with pytest.raises(ConfigError, match=r"http\.port.*taken by another program"):
            async with open_listeners(Http(port=served.number)):
                pass


async def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ConfigError, match="does not have the address"):
        async with open_listeners(Http(host="192.0.2.1")):
            pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import datetime

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


async def test_the_same_over_tls_with_http_1_alone(certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with serving(certificate=str(certificate), key=str(certificate)) as served:
        assert served.port.scheme == "https"
        async with open_websocket(
            "localhost", served.number, "/signal", use_ssl=context, subprotocols=[SUBPROTOCOL]
        ) as socket:
            await socket.send_message("hello")
            assert await socket.get_message() == "hello"
        stream = await trio.open_ssl_over_tcp_stream(
            "localhost", served.number, ssl_context=context, https_compatible=True
        )
        await stream.do_handshake()
        assert stream.selected_alpn_protocol() == "http/1.1"
        await stream.send_all(b"GET /large HTTP/1.1\r\nhost: sfu\r\nconnection: close\r\n\r\n")
        assert (await everything(stream)).count(b"x") >= LARGE
        await trio.aclose_forcefully(stream)


async def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    file = tmp_path / "empty.pem"
    file.write_text("")
    with pytest.raises(ConfigError, match=r"http\.certificate and http\.key cannot be used"):
        Port(Http(certificate=str(file), key=str(file)), HttpServer(APP), echo, Journal())


async def idle(served: Served) -> None:
    """Wait until no connection is left."""
    with trio.fail_after(5):
        while served.port.connections:
            await trio.testing.wait_all_tasks_blocked(0.01)


async def test_who_was_just_accepted_is_answered_also_at_the_end() -> None:
    """Whatever step of the way its request is at when the daemon begins to stop."""
    for steps in range(24):
        async with (
            serving() as served,
            await trio.open_tcp_stream("127.0.0.1", served.number) as stream,
        ):
            await stream.send_all(b"GET /page HTTP/1.1\r\nhost: sfu\r\nconnection: close\r\n\r\n")
            while not served.port.connections:
                await trio.lowlevel.checkpoint()
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            served.port.stop_accepting()
            await served.port.end_connections(3)
            served.port.cut_connections()
            assert b"/page" in await everything(stream), f"after {steps} steps"
