"""Ask a running daemon for its tree, and to end a part of it."""

import http.client
import json
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from trio_sfu.config.model import Http
from trio_sfu.errors import NOT_JSON, SfuError
from trio_sfu.liveness.health import Health
from trio_sfu.liveness.self_test import SelfTestResult
from trio_sfu.liveness.trial_path import TrialPath
from trio_sfu.rooms.drain import DrainState
from trio_sfu.tree.nodes import Node

_TIMEOUT_S = 10.0
_SELF_TEST_S = 60.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (not bound)

_T = TypeVar("_T")


class RemoteError(SfuError):
    """The daemon did not answer, or refused; ``code`` is the daemon's own."""

    default_code = "unreachable"
    silent = False
    """Whether nothing at all was answered."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A daemon at ``url``, asked with the operators' ``token`` if there is one.

    ``certificate`` (PEM) is the one it must show, under any name.
    """

    url: str
    certificate: str = ""
    token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Http, token: str | None = None) -> "Remote":
        """Return the daemon that runs with ``settings``, as this machine reaches it."""
        host = _EVERYWHERE.get(settings.host, settings.host)
        scheme = "https" if settings.certificate else "http"
        place = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"
        return cls(place, settings.certificate, token)

    def health(self) -> Health:
        """Return what ``/healthz`` says, good or bad. Raises RemoteError."""
        return self._decoded(self._ask("GET", "/healthz", unwell=True), Health)

    def self_test(self) -> SelfTestResult:
        """Have the daemon test its media now. Raises RemoteError."""
        body = self._ask("POST", "/api/v1/self-test", timeout=_SELF_TEST_S)
        return self._decoded(body, SelfTestResult)

    def trial_path(self) -> TrialPath:
        """Have it answer ICE checks for some seconds. Raises RemoteError."""
        return self._decoded(self._ask("POST", "/api/v1/trial-path"), TrialPath)

    def tree(self) -> Node:
        """Return the daemon's tree. Raises RemoteError."""
        return self._decoded(self._ask("GET", "/api/v1/tree"), Node)

    def read(self, path: str) -> bytes:
        """Return what a GET of ``path`` is answered with. Raises RemoteError."""
        return self._ask("GET", path)

    def end(self, room: str, peer: str | None = None) -> None:
        """End a room, or one peer of it. Raises RemoteError."""
        path = f"/api/v1/rooms/{quote(room, safe='')}"
        if peer is not None:
            path += f"/peers/{quote(peer, safe='')}"
        self._ask("DELETE", path)

    def drain(self, deadline: float | None = None) -> DrainState:
        """Have the daemon emptied within ``deadline`` seconds, and stop. Raises RemoteError."""
        body = b"{}" if deadline is None else msgspec.json.encode({"deadline": deadline})
        return self._decoded(self._ask("POST", "/api/v1/drain", body=body), DrainState)

    def cancel_drain(self) -> None:
        """Have it go on as before. Raises RemoteError."""
        self._ask("DELETE", "/api/v1/drain")

    def _decoded(self, body: bytes, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(body, type=kind)
        except NOT_JSON as error:
            what = kind.__name__.lower()
            raise RemoteError(f"{self.url} answered with no {what}: {error}") from error

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        timeout: float = _TIMEOUT_S,
        unwell: bool = False,
    ) -> bytes:
        """Return the answer's body; ``unwell``: also that of 503."""
        # No page of another site can send this type unasked (Fetch, section 2.2.2).
        headers = {"content-type": "application/json"}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        try:
            with closing(self._connection(timeout)) as connection:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                answer = response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            silence = RemoteError(f"no answer from {self.url}: {error}")
            silence.silent = True
            raise silence from error
        good = unwell and response.status == http.client.SERVICE_UNAVAILABLE
        if response.status >= http.client.BAD_REQUEST and not good:
            raise _refusal(self.url, response.status, answer)
        return answer

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        match parts.scheme, parts.hostname:
            case "http", str(host):
                return http.client.HTTPConnection(host, parts.port, timeout=timeout)
            case "https", str(host):
                context = self._tls()
                return http.client.HTTPSConnection(
                    host, parts.port, timeout=timeout, context=context
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
