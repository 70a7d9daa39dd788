"""One POST: to an address that may be called, without redirects, bounded in time and bytes.

By h11, which hypercorn is built on, over trio's streams. A client library would resolve the host
out of our sight; here the address that is checked is the one that is connected to.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import h11
import trio

from trio_sfu.config.webhooks import Target, is_private

_MOST_ADDRESSES: Final = 4
_CHUNK: Final = 4_096


class DeliveryError(Exception):
    """A POST had no answer; ``reason`` is one of a closed set."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, and after how many seconds to ask again, if it says so."""

    status: int
    retry_after: float | None = None


async def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    *,
    timeout: float,
    private: bool,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Send a body and return the answer, of which only the head is read.

    ``private``: addresses of private networks may be called. ``context`` says whose certificates
    are trusted; None: the system's. Raises DeliveryError: timeout, unresolved, private-address,
    unreachable, tls, protocol.
    """
    with trio.move_on_after(timeout):
        stream = await _connect(target, private=private, context=context)
        try:
            return await _exchange(stream, target, headers, body)
        except h11.ProtocolError:
            raise DeliveryError("protocol") from None
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise DeliveryError("unreachable") from None
        finally:
            await trio.aclose_forcefully(stream)
    raise DeliveryError("timeout")


async def _connect(
    target: Target, *, private: bool, context: ssl.SSLContext | None
) -> trio.abc.Stream:
    addresses = await _addresses(target)
    allowed = [each for each in addresses if private or not is_private(each)]
    if not allowed:
        raise DeliveryError("private-address")
    for address in allowed[:_MOST_ADDRESSES]:
        try:
            plain = await trio.open_tcp_stream(address, target.port)
        except OSError:
            continue
        return await _secured(plain, target, context) if target.secure else plain
    raise DeliveryError("unreachable")


async def _addresses(target: Target) -> list[str]:
    try:
        found = await trio.socket.getaddrinfo(
            target.host, target.port, type=trio.socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise DeliveryError("unresolved") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _secured(
    plain: trio.SocketStream, target: Target, context: ssl.SSLContext | None
) -> trio.abc.Stream:
    secure = trio.SSLStream(
        plain,
        context or ssl.create_default_context(),
        server_hostname=target.host,
        https_compatible=True,
    )
    try:
        await secure.do_handshake()
    except (trio.BrokenResourceError, ssl.SSLError):
        await trio.aclose_forcefully(plain)
        raise DeliveryError("tls") from None
    except BaseException:
        await trio.aclose_forcefully(plain)
        raise
    return secure


async def _exchange(
    stream: trio.abc.Stream, target: Target, headers: Mapping[str, str], body: bytes
) -> Answer:
    connection = h11.Connection(h11.CLIENT)
    fixed = {
        "host": target.authority,
        "user-agent": "trio-sfu",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
    }
    request = h11.Request(
        method="POST", target=target.path, headers=list({**fixed, **headers}.items())
    )
    sent = connection.send(request) or b""
    sent += connection.send(h11.Data(data=body)) or b""
    sent += connection.send(h11.EndOfMessage()) or b""
    await stream.send_all(sent)
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some(_CHUNK)))
        elif isinstance(event, h11.Response):
            return Answer(event.status_code, _retry_after(event))
        elif not isinstance(event, h11.InformationalResponse):
            raise DeliveryError("protocol")


def _retry_after(response: h11.Response) -> float | None:
    for name, value in response.headers:
        # The form with a date is not worth a parser: it is tried again anyway.
        if name == b"retry-after" and value.isdigit():
            return float(value[:9])
    return None
