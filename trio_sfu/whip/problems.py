"""Refusals as HTTP tells them: a status for each code, and a problem body (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Final

from starlette.responses import JSONResponse

from trio_sfu.errors import RequestError
from trio_sfu.signaling import codes
from trio_sfu.whip.link import LinkEndedError

_LATER: Final = 10.0
"""Seconds after which to try again, where a code says none."""

STATUS: Final[Mapping[str, int]] = {
    # The request.
    "bad-request": 400,
    "offer-invalid": 400,
    "fragment-invalid": 400,
    # The token (RFC 6750, section 3.1).
    "token-required": 401,
    "token-too-large": 401,
    "token-malformed": 401,
    "token-algorithm-refused": 401,
    "token-key-unknown": 401,
    "token-signature-invalid": 401,
    "token-claims-invalid": 401,
    "token-audience-wrong": 401,
    "token-expiry-missing": 401,
    "token-lifetime-too-long": 401,
    "token-not-yet-valid": 401,
    "token-expired": 401,
    "token-used": 401,
    "token-room-wrong": 403,
    "publish-denied": 403,
    "subscribe-denied": 403,
    "join-barred": 403,
    "origin-refused": 403,
    "not-found": 404,
    "body-timeout": 408,
    "precondition-failed": 412,
    "offer-too-large": 413,
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "precondition-required": 428,
    # An offer that is SDP, but cannot be answered as a whole (RFC 9725, section 4.4.2).
    "no-common-codec": 422,
    "no-fingerprint": 422,
    "unsupported-fingerprint": 422,
    "no-bundle": 422,
    "too-many-lines": 422,
    "too-many-slots": 422,
    "too-many-tracks": 422,
    "offer-mismatch": 422,
    "bad-direction": 422,
    "mid-changed": 422,
    # Too often.
    "too-many-joins": 429,
    "too-many-joins-from-address": 429,
    "too-many-joins-of-identity": 429,
    "too-many-offers": 429,
    # Ended while it was being answered.
    "removed": 409,
    "removed-by-moderator": 409,
    "room-closed": 409,
    "closed": 409,
    # Not now.
    "room-locked": 403,
    "room-full": 503,
    "too-many-rooms": 503,
    "too-many-peers": 503,
    "too-many-sessions": 503,
    "too-many-transports": 503,
    "room-unavailable": 503,
    "server-busy": 503,
    "server-stopping": 503,
    "server-draining": 503,
    "too-many-used-tokens": 503,
    "engine-unstable": 503,
    "worker-lost": 503,
    "events-lost": 503,
}
"""The status of each code; any other is an error of the server's: 500."""


def problem(error: RequestError | LinkEndedError) -> JSONResponse:
    """Return the answer that tells of a refusal."""
    status = STATUS.get(error.code, 500)
    outcome = codes.CODES.get(error.code)
    message = str(error)
    if isinstance(error, LinkEndedError) and outcome is not None:
        message = outcome.meaning
    body = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "code": error.code,
        "message": message,
    }
    if isinstance(error, LinkEndedError) and error.failure is not None:
        body["failure"] = error.failure
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status in (429, 503):
        after = error.retry_after if isinstance(error, RequestError) else None
        after = after or (outcome.retry_after if outcome is not None else None) or _LATER
        headers["retry-after"] = str(ceil(after))
    return JSONResponse(
        body, status_code=status, headers=headers, media_type="application/problem+json"
    )
