"""Who may publish into a room or watch it by HTTP: the one place that decides.

What is true of the signaling socket is true here. Where the daemon has keys, a join token is needed
(RFC 6750), with the right to do what is asked; without keys the daemon does not start on an address
that others can reach unless it is open to everybody (``config.rules``). Pages of other origins
need ``http.origins``. How many joins there may be is counted by ``overload.admission``, and whether
a token was used before by ``access.gate``, when the session joins.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from starlette.requests import Request

from trio_sfu.access import Policy, verify
from trio_sfu.errors import RequestError, TokenError
from trio_sfu.http.origins import origin_allowed

Action: TypeAlias = Literal["publish", "watch"]
_LONGEST_TOKEN: Final = 8_192


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request was granted: from where it comes, and the bearer token it has shown."""

    address: str | None
    token: str | None


class Gate:
    """Lets requests in, or says why not."""

    def __init__(
        self, origins: Callable[[], Sequence[str]], policy: Callable[[], Policy | None]
    ) -> None:
        """Both are asked anew for each request; a ``policy`` of None asks for no token."""
        self._origins = origins
        self._policy = policy

    def authorize(self, request: Request, room: str, action: Action) -> Grant:
        """Return what ``request`` may do; it wants ``action`` in ``room``.

        Raises RequestError: origin-refused, publish-denied, subscribe-denied; TokenError with the
        codes of ``access.verify``.
        """
        self.origin(request)
        token, policy = _bearer(request), self._policy()
        if policy is not None:
            rights = verify(token, time.time(), policy, room=room).rights
            if action == "publish" and not {"microphone", "camera"} & set(rights.publish):
                raise TokenError(
                    "the token does not give the right to publish", code="publish-denied"
                )
            if action == "watch" and not rights.subscribe:
                raise TokenError(
                    "the token does not give the right to watch", code="subscribe-denied"
                )
        client = request.client
        return Grant(client.host if client is not None else None, token)

    def origin(self, request: Request) -> str | None:
        """Return the origin of the page that asks, if one does. Raises RequestError."""
        origin = request.headers.get("origin")
        if not origin_allowed(origin, request.headers.get("host", ""), self._origins()):
            raise RequestError("pages of this origin may not use this", code="origin-refused")
        return origin


def _bearer(request: Request) -> str | None:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    token = shown.strip()[: _LONGEST_TOKEN + 1]  # One more: it is refused as too large.
    return token or None if scheme.lower() == "bearer" else None
