"""The client's socket against a server that is not polite."""

import base64
import hashlib
from functools import partial

import trio

from trio_sfu.client.socket import Server, open_socket
from trio_sfu.signaling.messages import SUBPROTOCOL

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
PING = b"\x89\x01x"


async def pings_who_says_goodbye(stream: trio.SocketStream) -> None:
    """Accept a WebSocket; answer its first frame, a Close, with a ping."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += await stream.receive_some()
    [key] = [
        line.partition(b":")[2].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    ]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324  (the RFC's)
    await stream.send_all(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-accept: " + accept + b"\r\n"
        b"sec-websocket-protocol: " + SUBPROTOCOL.encode() + b"\r\n\r\n"
    )
    await stream.receive_some()
    await stream.send_all(PING)
    await stream.receive_some()


async def test_a_ping_after_the_goodbye_is_no_error() -> None:
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, pings_who_says_goodbye, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        port = listeners[0].socket.getsockname()[1]
        with trio.fail_after(5):
            async with open_socket(Server.parse(f"http://127.0.0.1:{port}")):
                pass
        nursery.cancel_scope.cancel()
