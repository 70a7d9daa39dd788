"""Who has come, who is another than before, who has gone: what people are told of each other.

In a room of a hundred each of these is a hundred messages, and somebody who joins is three of them.
So in rooms of more than a few, what is told waits for what comes next: those who come at once are
told of in one go, and each as they are then. What names somebody is never told before them.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import trio

from trio_sfu.ids import PeerId
from trio_sfu.rooms.link import Link
from trio_sfu.rooms.state import RoomState
from trio_sfu.signaling.carried import LeaveReason
from trio_sfu.signaling.messages import PeerJoined, PeerLeft, PeerUpdated, ServerMessage

FEW: Final = 16
"""Those who are told of everything at once."""
A_PERSON: Final = 0.001
"""Seconds between two rounds of news, for each who is told: so a burst of joins costs as much a
second in a room of a hundred as in one of twenty."""
LONGEST: Final = 0.25


class Recipient(Protocol):
    """Somebody who is told."""

    @property
    def link(self) -> Link:
        """Its signaling session."""
        ...


@dataclass(slots=True)
class _Untold:
    """What is to be said of one peer, and when it became true, as a number that grows."""

    came: int | None = None
    changed: int = 0
    left: LeaveReason | None = None


class News:
    """What the people of one room have not been told yet. ``run`` tells what waits."""

    def __init__(self, state: RoomState, recipients: Mapping[PeerId, Recipient]) -> None:
        self._state = state
        self._recipients = recipients
        self._untold: dict[PeerId, _Untold] = {}
        self._knows: dict[PeerId, int] = {}
        """When each was told of everybody."""
        self._number = 0
        self._told_at = float("-inf")
        self._waits = trio.Event()

    # ---- what has happened -------------------------------------------------------------

    def knows_all(self, peer: PeerId) -> None:
        """Note that a peer is being told of everybody there is."""
        self._knows[peer] = self._next()

    def came(self, peer: PeerId) -> None:
        """Have the others told that a peer has come."""
        number = self._next()
        self._untold[peer] = _Untold(came=number, changed=number)
        self._tell_in_time()

    def changed(self, peer: PeerId) -> None:
        """Have the others told what a peer is like now."""
        self._untold.setdefault(peer, _Untold()).changed = self._next()
        self._tell_in_time()

    def left(self, peer: PeerId, reason: LeaveReason) -> None:
        """Have the others told that a peer is gone."""
        untold = self._untold.setdefault(peer, _Untold())
        untold.changed, untold.left = self._next(), reason
        self._knows.pop(peer, None)
        self._tell_in_time()

    # ---- what follows from it ----------------------------------------------------------

    def introduce(self, peers: Collection[PeerId]) -> None:
        """Tell now what waits, if it is of one of those who are about to be named."""
        if not self._untold.keys().isdisjoint(peers):
            self.tell()

    def tell(self) -> None:
        """Tell everybody now what they have not been told."""
        if not self._untold:
            return
        untold, self._untold = self._untold, {}
        self._told_at = trio.current_time()
        first = min(each.came or each.changed for each in untold.values())
        everything = [
            message for peer, each in untold.items() if (message := self._message(peer, each))
        ]
        links = {
            peer: recipient.link
            for peer, recipient in self._recipients.items()
            if peer in self._state.members and recipient.link.follows
        }
        for message in everything:
            for peer, link in links.items():
                if peer not in untold and self._knows.get(peer, 0) < first:
                    link.send(message)
        for peer, link in links.items():
            if peer in untold or self._knows.get(peer, 0) >= first:
                for message in self._fitting(peer, untold):
                    link.send(message)

    async def run(self) -> None:
        """Tell what waits when its time has come, for ever."""
        while True:
            await self._waits.wait()
            self._waits = trio.Event()
            await trio.sleep_until(self._told_at + self._between)
            self.tell()

    @property
    def _between(self) -> float:
        people = len(self._state.members)
        return min(people * A_PERSON, LONGEST) if people > FEW else 0.0

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _tell_in_time(self) -> None:
        if trio.current_time() >= self._told_at + self._between:
            self.tell()
        else:
            self._waits.set()

    def _fitting(
        self, recipient: PeerId, untold: Mapping[PeerId, _Untold]
    ) -> Iterator[ServerMessage]:
        """Yield what is news to somebody who has come, or was told, while it waited."""
        since = self._knows.get(recipient, 0)
        for peer, each in untold.items():
            if peer == recipient or each.changed <= since:
                continue
            known = each.came is None or each.came <= since
            if each.left is not None and not known:
                continue
            message = self._message(peer, _Untold(None if known else each.came, 0, each.left))
            if message is not None:
                yield message

    def _message(self, peer: PeerId, untold: _Untold) -> ServerMessage | None:
        if untold.left is not None:
            return PeerLeft(peer=peer, reason=untold.left) if untold.came is None else None
        member = self._state.members.get(peer)
        if member is None:
            return None  # The room ends, and tells everybody so.
        info = member.info()
        return PeerJoined(peer=info) if untold.came is not None else PeerUpdated(peer=info)
