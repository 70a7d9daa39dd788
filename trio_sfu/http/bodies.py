"""The body of a request: bounded, in time, and of the type that is asked for."""

from contextlib import aclosing
from typing import Final, TypeVar

import msgspec
import trio
from starlette.requests import Request

from trio_sfu.errors import NOT_JSON, RequestError

READ_S: Final = 10.0
"""Seconds a body may take to come."""
MOST_JSON: Final = 16_384
"""Bytes of a JSON body."""

T = TypeVar("T")


async def read_body(request: Request, most: int) -> bytes:
    """Return the body. Raises RequestError: body-too-large, body-timeout."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:20]) > most:
        raise _too_large(most)
    data = bytearray()
    with trio.move_on_after(READ_S) as reading:
        async with aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                data += chunk
                if len(data) > most:
                    raise _too_large(most)
    if reading.cancelled_caught:
        raise RequestError(f"the body did not come within {READ_S:g} s", code="body-timeout")
    return bytes(data)


async def read_json(request: Request, kind: type[T], default: T | None = None) -> T:
    """Return the body, JSON of a type; ``default`` is what no body at all means.

    Raises RequestError: bad-request, body-too-large, body-timeout.
    """
    body = await read_body(request, MOST_JSON)
    if not body and default is not None:
        return default
    try:
        return msgspec.json.decode(body, type=kind)
    except NOT_JSON as error:
        raise RequestError(f"the body: {error}", code="bad-request") from None


def _too_large(most: int) -> RequestError:
    return RequestError(f"a body has at most {most} bytes", code="body-too-large")
