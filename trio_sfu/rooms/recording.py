"""A link whose every message is a step of its peer's timeline, and who ended the peer."""

import trio

from trio_sfu.events.timeline import Ending, Timeline
from trio_sfu.ids import SessionId
from trio_sfu.rooms.link import Departure, Link
from trio_sfu.rooms.wording import detail_of, kind_of
from trio_sfu.signaling.carried import LeaveReason
from trio_sfu.signaling.messages import ClientMessage, ServerMessage

_OPERATOR = ("removed", "moved", "room-closed")
_OF_ROOMS = ("room-closed", "room-failed", "server-stopping")
_SERVER = (*_OF_ROOMS, "connection-failed", "events-lost", "peer-failed", "worker-lost")
_NETWORK = ("ice-", "dtls-", "consent-", "slow-consumer", "heartbeat-timeout")
_DEPARTED = {
    Departure.LEFT: "closed the session",
    Departure.LOST: "lost its socket",
    Departure.ENDED: "was put out",
}


class _Told:
    """What timelines say of the message that was sent last: many may be told the same."""

    def __init__(self) -> None:
        self._message: ServerMessage | None = None
        self._words = "", ""

    def of(self, message: ServerMessage) -> tuple[str, str]:
        if message is not self._message:
            self._message, self._words = message, (kind_of(message), detail_of(message))
        return self._words


_told = _Told()


class RecordedLink:
    """A session's link (``rooms.link.Link``); ``inner`` does the work."""

    def __init__(self, inner: Link, timeline: Timeline) -> None:
        self.inner = inner
        self._timeline = timeline
        self.code = ""
        """What the client was told at the end, if the server ended it."""
        self.failure = ""

    @property
    def id(self) -> SessionId:
        """The session's id."""
        return self.inner.id

    @property
    def departure(self) -> Departure | None:
        """How it ended; None while it has not."""
        return self.inner.departure

    @property
    def follows(self) -> bool:
        """Whether its client does what it is told."""
        return self.inner.follows

    async def receive(self) -> ClientMessage:
        """Return the client's next message; raises trio.EndOfChannel after the last one."""
        try:
            message = await self.inner.receive()
        except trio.EndOfChannel:
            if self.inner.departure is not None:
                self._timeline.note("client", _DEPARTED[self.inner.departure])
            raise
        self._timeline.note("client", kind_of(message), detail_of(message))
        return message

    def send(self, message: ServerMessage) -> None:
        """Queue a message; does nothing after the end."""
        if self.inner.departure is None and self.inner.follows:
            kind, detail = _told.of(message)
            self._timeline.note("server", kind, detail)
        self.inner.send(message)

    def end(
        self, code: str | None = None, message: str | None = None, *, failure: str | None = None
    ) -> None:
        """End the session, telling the client ``code``; only the first call counts."""
        if self.inner.departure is None:
            self.code, self.failure = code or "", failure or ""
            self._timeline.note("server", "ends the session", self.code)
        self.inner.end(code, message, failure=failure)


def ending_of(reason: LeaveReason | None, link: RecordedLink) -> Ending:
    """Return who ended a peer; ``reason`` is None when its room ended with it."""
    code, failure = link.code, link.failure
    told = "room-ended" if reason is None or code in _OF_ROOMS else reason
    return Ending(_who(reason, code, failure), told, code, failure)


def _who(reason: LeaveReason | None, code: str, failure: str) -> str:
    if code == "removed-by-moderator":
        return "moderator"
    if code in _OPERATOR:
        return "operator"
    if reason in ("left", "replaced"):
        return "client"
    if failure or reason is None or code in _SERVER:
        return "server"
    if reason in ("gone", "timeout") or code.startswith(_NETWORK):
        return "network"
    return "client"  # It broke a rule; the code says which.
