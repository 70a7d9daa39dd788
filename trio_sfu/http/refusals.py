"""What the API refuses with: a status and a stable code, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from trio_sfu.errors import RequestError
from trio_sfu.signaling.codes import outcome

NO_STORE: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a code is answered with, and what it means."""

    status: int
    meaning: str


CODES: Final[Mapping[str, Refusal]] = {
    "bad-request": Refusal(400, "A parameter or the body cannot be read."),
    "option-refused": Refusal(409, "The settings do not allow a room like that."),
    "operator-token-required": Refusal(401, "The operators' token is needed."),
    "operator-token-wrong": Refusal(401, "This is not the operators' token."),
    "forbidden": Refusal(403, "For this machine only, and for no page of another origin."),
    "not-found": Refusal(404, "There is no such room, peer or failure."),
    "method-not-allowed": Refusal(405, "The path has other methods."),
    "body-timeout": Refusal(408, "The body did not come in time."),
    "drain-final": Refusal(409, "A signal has begun the drain: it is not taken back."),
    "join-barred": Refusal(409, "The peer was removed from that room."),
    "not-live": Refusal(409, "The peer does not publish that."),
    "not-movable": Refusal(409, "The peer's client speaks HTTP and cannot be told."),
    "room-exists": Refusal(409, "There is a room of that name already."),
    "room-full": Refusal(409, "The room has as many peers as it may have."),
    "same-room": Refusal(409, "The peer is in that room already."),
    "body-too-large": Refusal(413, "The body is too long."),
    "upgrade-required": Refusal(426, "This is a WebSocket."),
    "too-many-wrong-tokens": Refusal(429, "No token is looked at for a while."),
    "request-failed": Refusal(500, "An error in the server; `failure` is its record."),
    "busy": Refusal(503, "Too many follow the events already."),
    "room-unavailable": Refusal(503, "The room failed too often and stays closed for a minute."),
    "self-test-silent": Refusal(503, "The self-test gives no answer."),
    "server-draining": Refusal(503, "The server is about to stop and opens no new rooms."),
    "server-stopping": Refusal(503, "The server stops."),
    "too-many-rooms": Refusal(503, "The server has as many rooms as it may have."),
}
"""Every code of the API, and of the paths beside it that have none of their own."""

_BY_STATUS: Final = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    426: "upgrade-required",
    503: "busy",
}


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused.

    ``code`` is stable, ``message`` is for people. ``failure`` is there when an error in the
    server is the reason: the id of its record, which is at `/api/v1/failures/{reference}`.
    """

    code: str
    message: str
    failure: str | None = None


class CodedError(HTTPException):
    """A request is refused; ``code`` is for the answer's body."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(CODES[code].status, message, dict(headers or {}))
        self.code = code


def coded(refused: RequestError) -> CodedError:
    """Return what a refusal of the rooms is answered with."""
    wait = refused.retry_after or outcome(refused.code).retry_after
    headers = {} if wait is None else {"retry-after": str(ceil(wait))}
    return CodedError(refused.code, str(refused), headers)


def problem(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer that refuses."""
    return JSONResponse(
        {"code": code, "message": message},
        status_code=status,
        headers=NO_STORE | dict(headers or {}),
    )


async def answer_refusal(_request: Any, error: Exception) -> Response:  # noqa: ANN401  (Starlette)
    """Answer an HTTPException (a handler of Starlette)."""
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    code = error.code if isinstance(error, CodedError) else _BY_STATUS.get(error.status_code)
    return problem(error.status_code, code or "refused", error.detail, error.headers)
