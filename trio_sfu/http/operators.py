"""Who may see the tree and end parts of it: programs and pages on this machine.

There is no credential for operators yet, so the connection must come from a loopback
address. Neither must another site's page use a browser on this machine: its ``Host``
has to name this machine too (or a name rebound to 127.0.0.1 would do), and what changes
something has to be a request that no page of another origin can send unasked.
"""

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from trio_sfu.config.rules import is_loopback

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_OWN_PAGE = ("same-origin", "none")


def require_operator(request: Request) -> None:
    """Raise HTTPException 403 unless the request comes from this machine itself."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    from_here = request.client is not None and is_loopback(request.client.host)
    # Behind a proxy on this machine everybody's address is a loopback one.
    forwarded = any(name in request.headers for name in _FORWARDED)
    if not from_here or forwarded or not is_loopback(host):
        raise HTTPException(403, "only for this machine: ask at a loopback address")


def require_own_request(request: Request) -> None:
    """Raise HTTPException 403 for what a page of another origin can have sent."""
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc.lower() == request.headers["host"].lower()
    site = request.headers.get("sec-fetch-site", "none")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not same or site not in _OWN_PAGE or kind != "application/json":
        raise HTTPException(403, "not from another origin; content-type must be application/json")
