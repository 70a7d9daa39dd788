"""What the people of a room share besides media: what they write, their hands, the lock."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from time import time
from typing import Final

import trio

from trio_sfu.ids import PeerId, RoomId
from trio_sfu.rooms.chat import Chat
from trio_sfu.rooms.gestures import TELL_EVERY, Gestures
from trio_sfu.signaling.carried import Rights
from trio_sfu.signaling.messages import (
    ChatHistory,
    Hands,
    Reactions,
    RoomLocked,
    ServerMessage,
)


class Commons:
    """Of one room. ``clock`` tells the Unix time that messages carry."""

    def __init__(self, *, clock: Callable[[], float] = time) -> None:
        self.chat = Chat()
        self.gestures = Gestures()
        self.lock = RoomLocked(locked=False)
        self.clock = clock
        self._moved = trio.Event()

    @property
    def locked(self) -> bool:
        """Whether nobody new is let in."""
        return self.lock.locked

    def after_failure(self) -> "Commons":
        """Return what is left for the room that takes the place of this one's, which failed.

        Hands are of peers, and those are others then.
        """
        left = Commons(clock=self.clock)
        left.chat, left.lock = self.chat, self.lock
        return left

    def gesture(self) -> None:
        """Have ``run`` tell what hands and reactions there are."""
        self._moved.set()

    def forget(self, peer: PeerId) -> None:
        """Lower the hand of a peer that has left."""
        if self.gestures.raise_hand(peer, raised=False):
            self.gesture()

    def vacate(self) -> None:
        """Forget everything: nobody is in the room, and who comes next are others."""
        self.chat, self.gestures, self.lock = Chat(), Gestures(), RoomLocked(locked=False)

    def snapshot(self, rights: Rights) -> Iterator[ServerMessage]:
        """Yield what a client is told that has just come, or come back."""
        if may_read(rights) and self.chat.messages:
            yield ChatHistory(messages=self.chat.messages, dropped=self.chat.dropped)
        if hands := self.gestures.hands_of_now():
            yield Hands(peers=hands)
        if self.locked:
            yield self.lock

    async def run(self, tell: Callable[[ServerMessage], None]) -> None:
        """Tell everybody of hands and reactions, for ever."""
        while True:
            await self._moved.wait()
            self._moved = trio.Event()
            hands = self.gestures.untold_hands()
            if hands is not None:
                tell(Hands(peers=hands))
            if reactions := self.gestures.take_reactions():
                tell(Reactions(reactions=reactions))
            await trio.sleep(TELL_EVERY)


def may_read(rights: Rights) -> bool:
    """Return whether somebody is told what is written: who hears the others reads them, too."""
    return rights.subscribe or rights.data


class Kept:
    """The commons of rooms that have just failed, for those that take their place.

    The last ``most``, each for ``window`` seconds: clients are back long before. Reads no clock.
    """

    def __init__(self, window: float = 60.0, most: int = 64) -> None:
        self._window: Final = window
        self._most: Final = most
        self._kept: OrderedDict[RoomId, tuple[float, Commons]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, room: RoomId, now: float, commons: Commons) -> None:
        """Keep what a room that has failed leaves."""
        self._kept.pop(room, None)
        self._kept[room] = now, commons.after_failure()
        self._forget(now)

    def take(self, room: RoomId, now: float) -> Commons | None:
        """Return what the room of that name left that failed just now; only once."""
        self._forget(now)
        found = self._kept.pop(room, None)
        return found[1] if found is not None else None

    def locked(self, room: RoomId, now: float) -> bool:
        """Return whether the room of that name was locked when it failed just now."""
        self._forget(now)
        return room in self._kept and self._kept[room][1].locked

    def _forget(self, now: float) -> None:
        while self._kept:
            then, _ = next(iter(self._kept.values()))
            if len(self._kept) <= self._most and now - then <= self._window:
                return
            self._kept.popitem(last=False)
