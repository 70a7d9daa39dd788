"""Screens of peers that are gone and may come back. Reads no clock.

Their clients still hold the capture, and say that it is shared as soon as they are back.
"""

from collections import OrderedDict
from dataclasses import dataclass

from trio_sfu.ids import RoomId
from trio_sfu.signaling.messages import Moderated


@dataclass(slots=True)
class _Screen:
    room: RoomId
    left_at: float
    taken: Moderated | None


class AbsentScreens:
    """By the resume tokens of their peers, the last ``most``, each for ``window`` seconds.

    The window is how long a client goes on trying to come back.
    """

    def __init__(self, window: float = 120.0, most: int = 4_096) -> None:
        self._window = window
        self._most = most
        self._screens: OrderedDict[str, _Screen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._screens)

    def leave(self, token: str, room: RoomId, now: float, taken: Moderated | None = None) -> None:
        """Note that a peer has gone that shared, or whose place was ``taken`` while it was away."""
        self._screens[token] = _Screen(room, now, taken)
        self._forget(now)

    def go_on(self, token: str, successor: str, now: float) -> None:
        """Note that who has come back has gone again, before it said anything of its screen."""
        screen = self._screens.pop(token, None)
        if screen is not None:
            self.leave(successor, screen.room, now, screen.taken)

    def take(self, room: RoomId, told: Moderated) -> None:
        """Note that somebody shares a screen in the room now; ``told`` is said of it."""
        for screen in self._screens.values():
            if screen.room == room and screen.taken is None:
                screen.taken = told

    def back(self, token: str, now: float) -> Moderated | None:
        """Return who took the place of a screen whose peer is back; only once."""
        self._forget(now)
        screen = self._screens.pop(token, None)
        return screen.taken if screen is not None else None

    def _forget(self, now: float) -> None:
        while self._screens:
            oldest = next(iter(self._screens.values()))
            if len(self._screens) <= self._most and now - oldest.left_at <= self._window:
                return
            self._screens.popitem(last=False)
