"""What the API refuses with: a status and a stable code, as JSON."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from trio_sfu.errors import RequestError

NO_STORE: Final = {"cache-control": "no-store"}

STATUS: Final[Mapping[str, int]] = {
    "bad-request": 400,
    "option-refused": 400,
    "operator-token-required": 401,
    "operator-token-wrong": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "body-timeout": 408,
    "drain-final": 409,
    "join-barred": 409,
    "not-live": 409,
    "not-movable": 409,
    "room-exists": 409,
    "room-full": 409,
    "same-room": 409,
    "body-too-large": 413,
    "upgrade-required": 426,
    "too-many-wrong-tokens": 429,
    "request-failed": 500,
    "busy": 503,
    "room-unavailable": 503,
    "self-test-silent": 503,
    "server-draining": 503,
    "server-stopping": 503,
    "too-many-rooms": 503,
}
"""The status of each code."""

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
        super().__init__(STATUS[code], message, dict(headers or {}))
        self.code = code


def coded(refused: RequestError) -> CodedError:
    """Return what a refusal of the rooms is answered with."""
    wait = refused.retry_after
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
