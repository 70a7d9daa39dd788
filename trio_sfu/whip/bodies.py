"""The body of a request, and what it must be like."""

from starlette.requests import Request

from trio_sfu.errors import RequestError
from trio_sfu.http.bodies import read_body
from trio_sfu.webrtc.offer import MAX_OFFER


async def read_text(request: Request, media_type: str) -> str:
    """Return the body, which must be of ``media_type``.

    Raises RequestError: unsupported-media-type, body-too-large, body-timeout, bad-request.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise RequestError(f"the body must be {media_type}", code="unsupported-media-type")
    data = await read_body(request, MAX_OFFER)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RequestError("the body is not UTF-8", code="bad-request") from None
