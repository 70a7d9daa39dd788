"""What a browser meets at the address that people open: name, port, TLS, a proxy, the WebSocket."""

import base64
import email.utils
import hashlib
import http.client
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from trio_sfu.config.rules import is_loopback
from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.errors import NOT_JSON
from trio_sfu.liveness.health import Health
from trio_sfu.signaling.messages import SUBPROTOCOL

_TIMEOUT_S: Final = 5.0
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_PING: Final = b"\x89\x84"  # a masked ping of four bytes (RFC 6455, section 5.5.2)
_PONG: Final = b"\x8a\x04"
_GATEWAY: Final = (502, 503, 504)
_SKEW_S: Final = 5.0
_SAMPLES: Final = "conf/nginx/trio-sfu.conf and conf/caddy/Caddyfile show how"

_BAD_CERTIFICATES: Final = {
    10: ("it has expired", "renew it, and have the proxy load it"),
    9: ("it is not valid yet", "look at the clocks, here and where it was made"),
    62: ("it is not for this name", "get one for the name that people open"),
    64: ("it is not for this address", "have people open a name, and get a certificate for it"),
}
"""By OpenSSL's X509_V_ERR_*; of others nobody whom browsers trust has signed it."""
_UNTRUSTED: Final = (
    "nobody whom browsers trust has signed it",
    "get one from an authority, with the whole chain in the file; or have each browser trust it",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was answered; ``findings`` are about the way there."""

    findings: list[Finding] = field(default_factory=list)
    status: int = 0
    body: bytes = b""
    date: str = ""


def check_web(url: str) -> Iterator[Finding]:
    """Open ``url`` as a browser would."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        message = f"{url} is plain HTTP: browsers there give no camera, microphone or screen"
        remedy = "have people open https://: a proxy that speaks TLS, or http.certificate"
        yield fail("secure context", message, remedy)
    seen = look(parts)
    yield from seen.findings
    if not seen.status:
        return
    wrong = _wrong_answer(url, seen)
    if wrong is not None:
        yield wrong
        return
    yield ok("page address", f"the daemon answers at {url}")
    yield check_their_clock(seen)
    yield _check_socket(parts)


def check_their_clock(seen: Seen, now: float | None = None) -> Finding:
    """Whether the daemon's clock and this machine's agree: tokens and certificates have dates."""
    check = "daemon's clock"
    parsed = email.utils.parsedate_to_datetime(seen.date) if seen.date else None
    if parsed is None:
        return ok(check, "it does not tell its time")
    off = parsed.timestamp() - (time.time() if now is None else now)
    if abs(off) <= _SKEW_S:
        return ok(check, "it agrees with this machine's")
    message = f"it is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} this machine's"
    remedy = "keep both by NTP: join tokens and TURN credentials end too early or begin too late"
    return fail(check, message, remedy)


def look(parts: SplitResult) -> Seen:
    """Ask for ``/healthz``; certificates that are wrong are told, and passed over."""
    try:
        with closing(_connection(parts, verified=True)) as connection:
            return _asked(connection)
    except ssl.SSLCertVerificationError as error:
        why, remedy = _BAD_CERTIFICATES.get(error.verify_code, _UNTRUSTED)
        told = fail if error.verify_code in _BAD_CERTIFICATES else warn
        found = told("page certificate", f"{parts.hostname}: {why}", remedy)
    except (OSError, http.client.HTTPException) as error:
        return Seen([_unreachable(parts, error)])
    try:
        with closing(_connection(parts, verified=False)) as connection:
            seen = _asked(connection)
            return Seen([found, *seen.findings], seen.status, seen.body, seen.date)
    except (OSError, http.client.HTTPException) as error:
        return Seen([found, _unreachable(parts, error)])


def _asked(connection: http.client.HTTPConnection) -> Seen:
    connection.request("GET", "/healthz")
    response = connection.getresponse()
    return Seen([], response.status, response.read(), response.headers.get("date", ""))


def _connection(parts: SplitResult, *, verified: bool) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=context)


def _unreachable(parts: SplitResult, error: Exception) -> Finding:
    check, place = "page address", parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    match error:
        case socket.gaierror():
            remedy = "give the name an A or AAAA record; or open another one"
            return fail(check, f"{place}: the name has no address: {error}", remedy)
        case ConnectionRefusedError():
            remedy = "start the proxy, or the daemon; see that it listens for others"
            return fail(check, f"{place}: nobody listens at TCP port {port}", remedy)
        case TimeoutError():
            remedy = f"open TCP port {port} in the firewalls, and have the router pass it on"
            return fail(check, f"{place}: no answer within {_TIMEOUT_S:g} s", remedy)
        case ssl.SSLError():
            remedy = "have people open http://, or let the port speak TLS"
            return fail(check, f"{place}: it does not speak TLS: {error}", remedy)
        case _:
            return fail(check, f"{place}: {error}", "see whether the address is right")


def _wrong_answer(url: str, seen: Seen) -> Finding | None:
    try:
        msgspec.json.decode(seen.body, type=Health)
    except NOT_JSON:
        pass
    else:
        return None
    check, message = "page address", f"{url} answers {seen.status}"
    if seen.status in _GATEWAY:
        remedy = "start the daemon, and have the proxy pass to http.host and http.port"
        return fail(check, f"{message}: the proxy does not reach the daemon", remedy)
    remedy = f"have the proxy pass all paths on; {_SAMPLES}"
    return fail(check, f"{message}, and it is not trio-sfu that answers", remedy)


def _check_socket(parts: SplitResult) -> Finding:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": key,
        "sec-websocket-version": "13",
        "sec-websocket-protocol": SUBPROTOCOL,
        "origin": f"{parts.scheme}://{parts.netloc}",
    }
    try:
        with closing(_connection(parts, verified=False)) as connection:
            connection.request("GET", "/signal", headers=headers)
            response = connection.getresponse()
            if response.status != http.client.SWITCHING_PROTOCOLS:
                return _refused(response.status, response.read())
            accepted = hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()
            if response.headers.get("sec-websocket-accept") != base64.b64encode(accepted).decode():
                return _no_socket("what switches protocols is no WebSocket")
            return _pinged(connection.sock)
    except (OSError, http.client.HTTPException) as error:
        return _no_socket(f"the connection broke off: {error}")


def _pinged(connected: socket.socket) -> Finding:
    # Masked with zeros, which leaves the bytes as they are.
    sent = b"ping"
    connected.sendall(_PING + bytes(4) + sent)
    try:
        came = b""
        while len(came) < len(_PONG + sent) and (more := connected.recv(64)):
            came += more
    except TimeoutError:
        came = b""
    if came.startswith(_PONG + sent):
        return ok("WebSocket", "it opens, and messages come through")
    return fail(
        "WebSocket",
        "it opens, and then nothing comes through",
        f"have the proxy buffer nothing and hold connections for an hour; {_SAMPLES}",
    )


def _refused(status: int, body: bytes) -> Finding:
    match status:
        case http.client.FORBIDDEN if b"origin" in body:
            return fail(
                "WebSocket",
                "the daemon takes the page for another site's: Host and Origin differ (403)",
                "have the proxy pass Host as it is (nginx: proxy_set_header Host $http_host), or"
                " name the page's origin in http.origins",
            )
        case http.client.UPGRADE_REQUIRED | http.client.BAD_REQUEST:
            return fail(
                "WebSocket",
                f"the proxy does not pass Upgrade on ({status})",
                "nginx: proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade,"
                f' proxy_set_header Connection "upgrade"; {_SAMPLES}',
            )
        case _:
            return _no_socket(f"/signal is answered {status}")


def _no_socket(message: str) -> Finding:
    return fail("WebSocket", message, f"have the proxy pass WebSockets on; {_SAMPLES}")
