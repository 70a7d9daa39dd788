"""A request, sent until it is answered (RFC 8489, section 6.2.1). Pure: the time is an argument."""

from typing import Final

from trio_sfu.stun.message import LONGEST, Message, StunError, decode

FIRST_WAIT: Final = 0.5
"""Seconds until the first retransmission (RTO); each further one waits twice as long."""
GIVE_UP: Final = 4.0
"""Seconds in all: four requests, at 0, 0.5, 1.5 and 3.5. RFC 8489 would go on for 39.5 s, which
nobody who starts a service waits for."""


class Transaction:
    """A request that is under way since ``now``, of kind ``kind`` and with the id ``id``."""

    def __init__(
        self, request: bytes, now: float, within: float = GIVE_UP, *, repeated: bool = True
    ) -> None:
        self._request = request
        self._sent = decode(request)
        self._next = now
        self._wait = FIRST_WAIT
        self._end = now + within
        self._repeated = repeated

    def due(self, now: float) -> bytes | None:
        """Return what is to be sent now, if anything. Raises StunError (stun-timeout)."""
        if now >= self._end:
            raise StunError("no answer", code="stun-timeout")
        if now < self._next:
            return None
        self._next = now + self._wait if self._repeated else self._end
        self._wait *= 2
        return self._request

    def deadline(self) -> float:
        """Return when ``due`` is to be asked again."""
        return min(self._next, self._end)

    def take(self, data: bytes) -> Message | None:
        """Return the response that ``data`` is; None for anything else, which is passed over."""
        if len(data) > LONGEST:
            return None
        try:
            message = decode(data)
        except StunError:
            return None
        ours = message.transaction == self._sent.transaction and message.answers(self._sent.kind)
        return message if ours else None
