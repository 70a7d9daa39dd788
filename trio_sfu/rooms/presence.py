"""Whether a peer is still there: what its socket and its media say together. Pure."""

from dataclasses import dataclass

from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.carried import Connection, LeaveReason

# Codes of a failed transport that tell why the peer is gone; any other is "failed".
_REASONS: dict[str, LeaveReason] = {"consent-expired": "timeout", "dtls-closed": "left"}


@dataclass(slots=True)
class Presence:
    """A peer's signs of life."""

    connected: bool = False
    silent: bool = False
    departure: Departure | None = None

    @property
    def connection(self) -> Connection:
        """The connection as the others see it."""
        if not self.connected:
            return "connecting"
        return "lost" if self.silent else "connected"

    def verdict(self) -> LeaveReason | None:
        """Return why the peer has to leave now, or None.

        A lost socket alone is no reason while media goes on: the client may come back
        within the grace period, which the caller measures.
        """
        match self.departure:
            case None:
                return None
            case Departure.LEFT:
                return "left"
            case Departure.ENDED:
                return "failed"
            case Departure.LOST:
                return "gone" if self.silent or not self.connected else None


def reason_of(code: str) -> LeaveReason:
    """Return why a peer leaves whose transport failed with ``code``."""
    return _REASONS.get(code, "failed")
