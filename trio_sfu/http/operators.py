"""Who may see the tree and end parts of it.

With a token configured: whoever shows it, from wherever (RFC 6750). Without one: programs and
pages on this machine. Then the connection must come from a loopback address, and another site's
page must not use a browser on this machine: its ``Host`` has to name this machine too (or a name
rebound to 127.0.0.1 would do), and what changes something has to be a request that no page of
another origin can send unasked. A token is proof against that by itself: no browser adds it.
"""

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from trio_sfu.config.rules import is_loopback
from trio_sfu.events import Journal
from trio_sfu.http.token import Guesses, OperatorToken

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_OWN_PAGE = ("same-origin", "none")


class Operators:
    """The guard of what is theirs; ``token``: None when there is none."""

    def __init__(self, token: str | None, journal: Journal) -> None:
        self._guesses = Guesses()
        self._journal = journal
        self._token: OperatorToken | None = None
        self.use(token)

    def use(self, token: str | None) -> None:
        """Have this token from now on; None: there is none."""
        made = None if token is None else OperatorToken(token, self._guesses, self._journal)
        self._token = made

    def require(self, request: Request, *, changes: bool = False) -> None:
        """Raise HTTPException unless the request is an operator's.

        ``changes``: it ends or starts something. 403 without a token configured; with one
        401 (OperatorRefusedError), and 429 after too many wrong ones.
        """
        if self._token is not None:
            self._token.require(request)
            return
        _require_this_machine(request)
        if changes:
            _require_own_page(request)

    def require_for_page(self, request: Request) -> None:
        """Raise HTTPException 403 unless the page is for who asks.

        It holds no secrets and asks for the token itself, so it is for all when there is one.
        """
        if self._token is None:
            _require_this_machine(request)


def _require_this_machine(request: Request) -> None:
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    from_here = request.client is not None and is_loopback(request.client.host)
    # Behind a proxy on this machine everybody's address is a loopback one.
    forwarded = any(name in request.headers for name in _FORWARDED)
    if not from_here or forwarded or not is_loopback(host):
        raise HTTPException(
            403,
            "only for this machine: ask at a loopback address,"
            " or set admin.token_file and ask with the token",
        )


def _require_own_page(request: Request) -> None:
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc.lower() == request.headers["host"].lower()
    site = request.headers.get("sec-fetch-site", "none")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not same or site not in _OWN_PAGE or kind != "application/json":
        raise HTTPException(403, "not from another origin; content-type must be application/json")
