"""One WHIP or WHEP client: an ordinary peer of a room, whose link is in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

from trio_sfu.errors import RequestError
from trio_sfu.ids import PeerId
from trio_sfu.signaling.carried import IceServer, SendingLine, SlotLine
from trio_sfu.signaling.messages import Join, Publish
from trio_sfu.whip.fragment import Fragment, ice_of, ufrag_of, with_credentials
from trio_sfu.whip.lines import Way, sending_lines, slot_lines
from trio_sfu.whip.link import HttpLink, LinkEndedError

if TYPE_CHECKING:
    from trio_sfu.events import Failure
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.rooms.registry import Registry
    from trio_sfu.webrtc.offer import ParsedOffer

ANSWER_S: Final = 10.0
"""Seconds within which an offer is answered; only a machine that is short of time needs them."""
_GONE_S: Final = 3.0

Check: TypeAlias = "Callable[[str, Way], ParsedOffer]"
"""Parses an offer and raises NegotiationError when it could not be answered; see ``Sessions``."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client asks for: ``watch`` is whom it wants to see, by id or name; None: anybody."""

    way: Way
    join: Join
    offer: str
    address: str | None = None
    watch: str | None = None


class Session:
    """From a POST to the end of its peer. ``run`` is its whole life."""

    def __init__(self, opening: Opening, check: Check) -> None:
        self.opening = opening
        self.link = HttpLink()
        self.peer: Peer | None = None
        self.answer = ""
        self.etag = ""
        """Names the ICE session: another one begins with each restart (RFC 9725, 4.3.1)."""
        self.ice_servers: Sequence[IceServer] = ()
        self._check = check
        self._refusal: RequestError | LinkEndedError | None = None
        self._settled = trio.Event()
        self._over = trio.Event()
        self._sending: list[SendingLine] = []
        self._slots: list[SlotLine] = []
        self._ufrag = ""
        self._patching = trio.Lock()

    # ---- its task ----------------------------------------------------------------------

    async def run(self, rooms: Registry) -> None:
        """Join, negotiate, and wait for the end of the peer."""
        try:
            try:
                await self._begin(rooms)
            except (RequestError, LinkEndedError) as refusal:
                self._refusal = refusal
                return
            self._settled.set()
            await self.link.ended.wait()
        finally:
            self.link.leave()
            self._settled.set()
            self._over.set()

    async def _begin(self, rooms: Registry) -> None:
        opening = self.opening
        await rooms.join(opening.join, self.link, opening.address, check=self._look)
        joined = await self.link.joined()
        self.ice_servers = joined.ice_servers
        self.peer = rooms.find(PeerId(joined.peer))
        if self.peer is not None:
            self.peer.view.only = opening.watch
        self._answered(await self.link.ask(opening.offer, self._sending, self._slots))
        for line in self._sending:
            self.link.say(Publish(source=line.source, live=True))

    def _look(self) -> None:
        """Refuse an offer before there is a peer: nobody shall see one come and go for it."""
        parsed = self._check(self.opening.offer, self.opening.way)
        self._ufrag = parsed.ice_ufrag
        if self.opening.way == "whip":
            self._sending = sending_lines(parsed)
        else:
            self._slots = slot_lines(parsed)

    def _answered(self, answer: str) -> None:
        self.answer = answer
        self.etag = f'"{ufrag_of(answer)}"'

    def crashed(self, failure: Failure) -> None:
        """Note that an error has ended it."""
        self._refusal = LinkEndedError(
            "an error in the server", code=failure.code, failure=failure.id
        )

    # ---- what requests do --------------------------------------------------------------

    async def opened(self) -> None:
        """Wait for the answer. Raises RequestError, LinkEndedError: why there is none."""
        await self._settled.wait()
        if self._refusal is not None:
            raise self._refusal
        if not self.answer:
            # Cancelled from above: the daemon stops.
            raise LinkEndedError("the session has ended", code="server-stopping")

    async def patch(self, if_match: str | None, fragment: Fragment) -> str | None:
        """Take the client's candidates, or restart ICE; return the fragment of the latter.

        A restart is a fragment with another user name (RFC 9725, section 4.3.3). Raises
        RequestError (precondition-required, precondition-failed, fragment-invalid,
        too-many-offers, server-busy), after which the session goes on as it was;
        LinkEndedError.
        """
        with trio.move_on_after(ANSWER_S):
            async with self._patching:
                self._require(if_match)
                if fragment.ufrag in (None, self._ufrag):
                    return None
                return await self._restart(fragment)
        raise RequestError("no answer in time", code="server-busy", retry_after=ANSWER_S)

    def _require(self, if_match: str | None) -> None:
        if if_match is None:
            raise RequestError(
                f"If-Match is needed: {self.etag}, or * to restart ICE",
                code="precondition-required",
            )
        # RFC 9110 has the wildcard bare; the examples of RFC 9725 have it quoted.
        tags = {each.strip() for each in if_match.split(",")}
        if tags.isdisjoint({"*", '"*"', self.etag}):
            raise RequestError("this ICE session is over", code="precondition-failed")

    async def _restart(self, fragment: Fragment) -> str:
        if fragment.ufrag is None or fragment.pwd is None:
            raise RequestError("a=ice-pwd is missing", code="fragment-invalid")
        offer = with_credentials(self.opening.offer, fragment.ufrag, fragment.pwd)
        answer = await self.link.ask(offer, self._sending, self._slots)
        self._answered(answer)
        self._ufrag = fragment.ufrag
        return ice_of(answer)

    async def end(self) -> None:
        """Say goodbye for the client; return when its peer is gone, or after some seconds."""
        self.link.leave()
        with trio.move_on_after(_GONE_S):
            await self._over.wait()
            if self.peer is not None:
                await self.peer.gone.wait()
