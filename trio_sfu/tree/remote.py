"""Ask a running daemon for its tree, and to end a part of it."""

import http.client
import json
import ssl
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import msgspec

from trio_sfu.errors import SfuError
from trio_sfu.tree.nodes import Node

_TIMEOUT_S = 10.0


class RemoteError(SfuError):
    """The daemon did not answer, or refused; ``code`` is the daemon's own."""

    default_code = "unreachable"


@dataclass(frozen=True, slots=True)
class Remote:
    """A daemon at ``url``. ``certificate`` (PEM) is the one it must show, under any name."""

    url: str
    certificate: str = ""

    def tree(self) -> Node:
        """Return the daemon's tree. Raises RemoteError."""
        body = self._ask("GET", "/api/v1/tree")
        try:
            return msgspec.json.decode(body, type=Node)
        except msgspec.DecodeError as error:
            raise RemoteError(f"{self.url} answered with no tree: {error}") from error

    def end(self, room: str, peer: str | None = None) -> None:
        """End a room, or one peer of it. Raises RemoteError."""
        path = f"/api/v1/rooms/{quote(room, safe='')}"
        if peer is not None:
            path += f"/peers/{quote(peer, safe='')}"
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str) -> bytes:
        try:
            with closing(self._connection()) as connection:
                # No page of another site can send this type unasked (Fetch, section 2.2.2).
                connection.request(method, path, headers={"content-type": "application/json"})
                response = connection.getresponse()
                body = response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RemoteError(f"no answer from {self.url}: {error}") from error
        if response.status >= http.client.BAD_REQUEST:
            raise _refusal(self.url, response.status, body)
        return body

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        match parts.scheme, parts.hostname:
            case "http", str(host):
                return http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
            case "https", str(host):
                context = self._tls()
                return http.client.HTTPSConnection(
                    host, parts.port, timeout=_TIMEOUT_S, context=context
                )
            case _:
                raise RemoteError(f'"{self.url}" is no http:// or https:// address')

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.certificate or None)
        if self.certificate:
            # It is made out to the daemon's public name, and asked for at a loopback address.
            context.check_hostname = False
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context


def _refusal(url: str, status: int, body: bytes) -> RemoteError:
    try:
        told = json.loads(body)
        return RemoteError(f"{told['message']} ({told['code']})", code=str(told["code"]))
    except (ValueError, KeyError, TypeError):
        return RemoteError(f"{url} answered {status}")
