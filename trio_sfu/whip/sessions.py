"""All WHIP and WHEP sessions: their table, and the parent of their tasks."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import trio

from trio_sfu._native import Codec
from trio_sfu.config.model import Whip
from trio_sfu.errors import RequestError, StrayCancelError
from trio_sfu.events import ConnectionCrashed, Failure, Journal
from trio_sfu.rooms.registry import Registry
from trio_sfu.webrtc.codecs import VIDEO
from trio_sfu.webrtc.limits import OfferLimits
from trio_sfu.webrtc.negotiation import Negotiation
from trio_sfu.webrtc.offer import ParsedOffer, parse_offer
from trio_sfu.whip.lines import Way, sending_lines, slot_lines
from trio_sfu.whip.session import ANSWER_S, Opening, Session

_RETRY_S: Final = 10.0


class Sessions:
    """The sessions by the secret in their URL. ``run`` is the parent of their tasks."""

    def __init__(
        self,
        settings: Whip,
        rooms: Registry,
        journal: Journal,
        *,
        limits: OfferLimits | None = None,
        video: Sequence[Codec] = VIDEO,
    ) -> None:
        self._settings = settings
        self._rooms = rooms
        self._journal = journal
        self._limits = limits or OfferLimits()
        self._video = video
        self._sessions: dict[str, Session] = {}
        self._nursery: trio.Nursery | None = None

    def __len__(self) -> int:
        return len(self._sessions)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the parent of the sessions, until cancelled."""
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.sleep_forever()

    async def open(self, opening: Opening) -> tuple[str, Session]:
        """Begin a session; return its key and itself once its offer is answered.

        The session goes on when the caller has returned, and ends when the caller is
        cancelled before that. Raises RequestError (those of ``Registry.join`` and of
        ``PeerConnection.negotiate``, too-many-sessions, server-busy), LinkEndedError.
        """
        if self._nursery is None:
            raise RequestError("the server is starting", code="server-stopping")
        if len(self._sessions) >= self._settings.max_sessions:
            raise RequestError(
                "there are too many sessions", code="too-many-sessions", retry_after=_RETRY_S
            )
        key, session = secrets.token_urlsafe(24), Session(opening, self._check)
        self._sessions[key] = session
        self._nursery.start_soon(self._keep, key, session, name=f"{opening.way} {session.link.id}")
        with trio.move_on_after(ANSWER_S):
            async with _or_left(session):
                await session.opened()
            return key, session
        raise RequestError("no answer in time", code="server-busy", retry_after=_RETRY_S)

    def reconfigure(self, limits: OfferLimits, video: Sequence[Codec]) -> None:
        """Have offers checked by other settings from now on."""
        self._limits = limits
        self._video = video

    def find(self, key: str, way: Way, room: str) -> Session | None:
        """Return the session of a URL."""
        found = self._sessions.get(key)
        if found is None or (found.opening.way, found.opening.join.room) != (way, room):
            return None
        return found

    async def _keep(self, key: str, session: Session) -> None:
        """Let a session live: a crash group."""
        try:
            with trio.CancelScope() as scope:
                await session.run(self._rooms)
            if scope.cancelled_caught:
                raise StrayCancelError
        except* Exception as error:
            failure = Failure.of(
                error,
                code="connection-failed",
                path=session.link.id,
                conceal=[session.opening.join.name],
            )
            self._journal.note(ConnectionCrashed(failure))
            session.crashed(failure)
        finally:
            del self._sessions[key]

    def _check(self, offer: str, way: Way) -> ParsedOffer:
        """Return an offer, parsed; raise the NegotiationError that would meet it."""
        parsed = parse_offer(offer, self._limits)
        Negotiation(limits=self._limits, video=self._video).agree(
            parsed,
            sending_lines(parsed) if way == "whip" else (),
            slot_lines(parsed) if way == "whep" else (),
        )
        return parsed


@asynccontextmanager
async def _or_left(session: Session) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        session.link.leave()
        raise
