"""The operators' token in a request, and how often a wrong one may be tried."""

import hmac
from hashlib import sha256
from math import ceil
from typing import Final

import trio
from starlette.requests import Request

from trio_sfu.events import Journal, WrongOperatorToken
from trio_sfu.http.refusals import CodedError
from trio_sfu.overload.addresses import counted_as
from trio_sfu.overload.bucket import TokenBucket, TokenBuckets

_THIS_MACHINE: Final = "this machine"
_LONGEST_ADDRESS: Final = 45
"""Characters of an IPv6 address."""


class OperatorRefusedError(CodedError):
    """A request is not an operator's."""


class Guesses:
    """How many wrong tokens are looked at: of one address, and of all others together.

    This machine has a bucket of its own, so no stranger can lock its operator out.
    """

    def __init__(self) -> None:
        self._by_address = TokenBuckets(rate=0.2, burst=10)
        self._strangers = TokenBucket(rate=10, burst=200)

    def wait(self, address: str, now: float) -> int:
        """Return the seconds until a token of ``address`` is looked at again; 0: it is now."""
        if not self._by_address.has_one(address, now):
            return ceil(self._by_address.wait(address))
        if address != _THIS_MACHINE and not self._strangers.has_one(now):
            return ceil(self._strangers.wait)
        return 0

    def wrong(self, address: str, now: float) -> None:
        """Count a wrong one."""
        self._by_address.take(address, now)
        if address != _THIS_MACHINE:
            self._strangers.take(now)


class OperatorToken:
    """Compares what requests show with the token, of which it keeps the hash only."""

    def __init__(self, token: str, guesses: Guesses, journal: Journal) -> None:
        self._hash = sha256(token.encode()).digest()
        self._guesses = guesses
        self._journal = journal

    def require(self, request: Request) -> None:
        """Raise OperatorRefusedError unless the request has the token."""
        given = _shown(request)
        if given is None:
            raise OperatorRefusedError(
                code="operator-token-required",
                message="the operators' token is needed: Authorization: Bearer …,"
                " or --token-file FILE",
                headers={"www-authenticate": 'Bearer realm="trio-sfu"'},
            )
        now, address = trio.current_time(), _address(request)
        # Before it is looked at, or a guess that is right would be told from one that is not.
        if wait := self._guesses.wait(address, now):
            raise OperatorRefusedError(
                code="too-many-wrong-tokens",
                message=f"too many wrong tokens: none is looked at for {wait} s",
                headers={"retry-after": str(wait)},
            )
        if not hmac.compare_digest(sha256(given.encode("latin-1")).digest(), self._hash):
            self._guesses.wrong(address, now)
            self._journal.note(WrongOperatorToken())
            raise OperatorRefusedError(
                code="operator-token-wrong",
                message="this is not the operators' token",
                headers={"www-authenticate": 'Bearer realm="trio-sfu", error="invalid_token"'},
            )


def _shown(request: Request) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() or None if scheme.lower() == "bearer" else None


def _address(request: Request) -> str:
    """Return what a request's wrong tokens are counted under."""
    address = request.client.host if request.client is not None else ""
    if (counted := counted_as(address)) is not None:
        return counted
    # A proxy on this machine: the last address is whom it talks to, those before it are claims.
    forwarded = request.headers.getlist("x-forwarded-for")
    last = forwarded[-1].rpartition(",")[2].strip() if forwarded else ""
    return counted_as(last[:_LONGEST_ADDRESS]) or _THIS_MACHINE if last else _THIS_MACHINE
