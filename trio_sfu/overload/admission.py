"""Whether a join is let in, before it costs anything."""

from collections.abc import Callable
from typing import Final

from trio_sfu.config.model import Overload
from trio_sfu.errors import RequestError
from trio_sfu.overload.addresses import counted_as
from trio_sfu.overload.bucket import TokenBucket, TokenBuckets
from trio_sfu.overload.levels import Level

BUSY_FOR: Final = 10.0
"""Seconds after which a client that was refused because of overload may try again."""
_SOON: Final = 1.0
_RETURNING: Final = 5
"""How many times as many as new ones may return at once and in a second: an engine that is
started anew sends everybody back."""


class Admission:
    """Joins a second: in all, from one address, of one identity; none while the daemon is full."""

    def __init__(self, settings: Overload, level: Callable[[], Level]) -> None:
        self._level = level
        self.reconfigure(settings)

    def reconfigure(self, settings: Overload) -> None:
        """Have other limits from now on; all bursts begin anew."""
        self._all = TokenBucket(settings.joins_per_second, settings.join_burst)
        self._back = TokenBucket(
            _RETURNING * settings.joins_per_second, _RETURNING * settings.join_burst
        )
        self._by_address = TokenBuckets(
            settings.address_joins_per_second, settings.address_join_burst
        )
        self._by_identity = TokenBuckets(
            settings.identity_joins_per_second, settings.identity_join_burst
        )

    def knock(self, now: float, address: str | None, *, returning: bool) -> None:
        """Let a join come near enough for its token to be looked at.

        ``returning``: of somebody who was here until just now. Who returns had a place already,
        so it is let in however full it is. Raises RequestError: server-busy,
        too-many-joins-from-address.
        """
        if not returning and self._level() >= Level.FULL:
            raise RequestError("the server is overloaded", code="server-busy", retry_after=BUSY_FOR)
        key = counted_as(address) if address is not None else None
        if key is not None and not self._by_address.take(key, now):
            raise RequestError(
                "too many joins from this address",
                code="too-many-joins-from-address",
                retry_after=max(_SOON, self._by_address.wait(key)),
            )

    def admit(self, now: float, identity: str | None = None, *, returning: bool) -> None:
        """Let a join in whose token is right; ``identity`` is whom it is for, if it has one.

        After ``knock``, so that wrong tokens take nothing of what all have. Raises
        RequestError: too-many-joins-of-identity, too-many-joins.
        """
        if identity is not None and not self._by_identity.take(identity, now):
            raise RequestError(
                "too many joins with tokens of this identity",
                code="too-many-joins-of-identity",
                retry_after=max(_SOON, self._by_identity.wait(identity)),
            )
        bucket = self._back if returning else self._all
        if not bucket.take(now):
            raise RequestError(
                "too many joins at once",
                code="too-many-joins",
                retry_after=max(_SOON, bucket.wait),
            )
