"""The body of a request, and what it must be like."""

from contextlib import aclosing
from typing import Final

import trio
from starlette.requests import Request

from trio_sfu.errors import RequestError
from trio_sfu.webrtc.offer import MAX_OFFER

READ_S: Final = 10.0
"""Seconds a body may take to come."""


async def read_text(request: Request, media_type: str) -> str:
    """Return the body, which must be of ``media_type``.

    Raises RequestError: unsupported-media-type, body-too-large, body-timeout, bad-request.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise RequestError(f"the body must be {media_type}", code="unsupported-media-type")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:20]) > MAX_OFFER:
        raise _too_large()
    data = bytearray()
    with trio.move_on_after(READ_S) as reading:
        async with aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                data += chunk
                if len(data) > MAX_OFFER:
                    raise _too_large()
    if reading.cancelled_caught:
        raise RequestError(f"the body did not come within {READ_S:g} s", code="body-timeout")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RequestError("the body is not UTF-8", code="bad-request") from None


def _too_large() -> RequestError:
    return RequestError(f"a body has at most {MAX_OFFER} bytes", code="body-too-large")
