"""Who may publish into a room or watch it by HTTP: the one place that decides.

Today what is true of the signaling socket is true here. The daemon does not start on an address
that others can reach unless it is open to everybody (``config.rules``); pages of other origins
need ``http.origins``; how many joins there may be is counted by ``overload.admission`` when the
session joins, under the address that is granted here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from starlette.requests import Request

from trio_sfu.errors import RequestError
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

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = origins

    def authorize(self, request: Request, room: str, action: Action) -> Grant:
        """Return what ``request`` may do; it wants ``action`` in ``room``.

        Raises RequestError: origin-refused. A token (RFC 6750) is read and handed on; rooms are
        open, so none is asked for. Whoever checks tokens does it here.
        """
        del room, action  # Rooms are open: both are allowed everywhere.
        self.origin(request)
        client = request.client
        return Grant(client.host if client is not None else None, _bearer(request))

    def origin(self, request: Request) -> str | None:
        """Return the origin of the page that asks, if one does. Raises RequestError."""
        origin = request.headers.get("origin")
        if not origin_allowed(origin, request.headers.get("host", ""), self._origins):
            raise RequestError("pages of this origin may not use this", code="origin-refused")
        return origin


def _bearer(request: Request) -> str | None:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    token = shown.strip()[:_LONGEST_TOKEN]
    return token or None if scheme.lower() == "bearer" else None
