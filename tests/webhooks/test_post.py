"""One POST over real sockets: what is sent, what is answered, and where it does not go."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.listeners.certificates import write_certificate
from trio_sfu.config.webhooks import Target, is_private
from trio_sfu.webhooks.post import Answer, DeliveryError, post

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Server:
    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heard = b""
        self.port = 0

    async def serve(self, stream: trio.abc.Stream) -> None:
        try:
            while not self.heard.endswith(b"BODY"):
                part = await stream.receive_some()
                if not part:
                    return
                self.heard += bytes(part)
            await stream.send_all(self.answer)
            await stream.receive_some()
        except trio.BrokenResourceError:
            pass


@asynccontextmanager
async def server(
    answer: bytes = OK, context: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    made = Server(answer)

    async def serve(stream: trio.SocketStream) -> None:
        if context is None:
            await made.serve(stream)
        else:
            await made.serve(trio.SSLStream(stream, context, server_side=True))

    async with trio.open_nursery() as nursery:
        listen = partial(trio.serve_tcp, host="127.0.0.1")
        [listener] = await nursery.start(listen, serve, 0)
        made.port = listener.socket.getsockname()[1]
        yield made
        nursery.cancel_scope.cancel()


def target(port: int, host: str = "127.0.0.1", *, secure: bool = False) -> Target:
    return Target(secure, host, port, "/hooks?a=b")


async def send(
    where: Target,
    *,
    private: bool = True,
    timeout: float = 5,
    context: ssl.SSLContext | None = None,
) -> Answer:
    return await post(
        where, {"webhook-id": "x"}, b"BODY", timeout=timeout, private=private, context=context
    )


async def failure(send: Callable[[], object], **_: object) -> str:
    with pytest.raises(DeliveryError) as caught:
        await send()  # type: ignore[misc]
    return caught.value.reason


async def test_what_is_sent() -> None:
    async with server() as one:
        assert await send(target(one.port)) == Answer(204)
        head, _, body = one.heard.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        assert lines[0] == "post /hooks?a=b http/1.1"
        assert {
            f"host: 127.0.0.1:{one.port}",
            "content-type: application/json",
            "content-length: 4",
            "webhook-id: x",
        } <= set(lines)
        assert body == b"BODY"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Answer(200)),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n", Answer(503, 7)),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n\r\n", Answer(503)),
        # Not followed: where it leads was checked by nobody.
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", Answer(302)),
    ],
)
async def test_what_is_answered(answer: bytes, expected: Answer) -> None:
    async with server(answer) as one:
        assert await send(target(one.port)) == expected


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"no HTTP at all\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "protocol"),
        (b"HTTP/1.1 200", "timeout"),
    ],
)
async def test_what_is_no_answer(answer: bytes, reason: str) -> None:
    async with server(answer) as one:
        assert await failure(lambda: send(target(one.port), timeout=0.5)) == reason


async def test_nobody_there() -> None:
    async with server() as one:
        port = one.port
    assert await failure(lambda: send(target(port))) == "unreachable"
    assert await failure(lambda: send(target(port, "no.such.host.invalid"))) == "unresolved"


async def test_private_addresses_are_not_called_unless_that_is_meant() -> None:
    async with server() as one:
        # A name is looked at by the address it has now.
        for host in ("127.0.0.1", "localhost"):
            where = target(one.port, host)
            assert await failure(lambda: send(where, private=False)) == "private-address"  # noqa: B023
        assert one.heard == b""


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  (nothing is bound)
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
    ],
)
def test_a_private_address(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9"])
def test_a_public_address(address: str) -> None:
    assert not is_private(address)


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the server's context for ``localhost``, and that of a client that trusts it."""
    certificate, key = write_certificate(tmp_path, "localhost")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    return serving, ssl.create_default_context(cafile=certificate)


async def test_over_tls_the_certificate_has_to_be_right(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = certified
    async with server(context=serving) as one:
        there = target(one.port, "localhost", secure=True)
        assert await send(there, context=trusting) == Answer(204)
    for where, context in (("localhost", None), ("127.0.0.1", trusting)):

        async def refused(stream: trio.SocketStream) -> None:
            secure = trio.SSLStream(stream, serving, server_side=True)
            with pytest.raises(trio.BrokenResourceError):
                await secure.do_handshake()

        async with trio.open_nursery() as nursery:
            listen = partial(trio.serve_tcp, host="127.0.0.1")
            [listener] = await nursery.start(listen, refused, 0)
            there = target(listener.socket.getsockname()[1], where, secure=True)
            assert await failure(lambda: send(there, context=context)) == "tls"  # noqa: B023
            nursery.cancel_scope.cancel()
