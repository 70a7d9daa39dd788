"""Who has just lost its peer and may come back, overload or not. Reads no clock."""

from collections import OrderedDict

from trio_sfu.access.grant import OPEN, Grant


class Returning:
    """Resume tokens of peers that are gone, the last ``most``, each for ``window`` seconds.

    The window is how long a client goes on trying to come back.
    """

    def __init__(self, window: float = 120.0, most: int = 4_096) -> None:
        self._window = window
        self._most = most
        self._gone: OrderedDict[str, tuple[float, Grant, str]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._gone)

    def note(self, token: str, now: float, grant: Grant = OPEN, room: str = "") -> None:
        """Note that the peer with ``token``, which had been granted that, is gone.

        ``room`` is the one that it may come back to though it is locked; none: it was put out.
        """
        self._gone.pop(token, None)
        self._gone[token] = now, grant, room
        self._forget(now)

    def held(self, token: str, now: float) -> Grant | None:
        """Return what the peer with ``token`` had been granted until just now."""
        self._forget(now)
        return self._gone[token][1] if token in self._gone else None

    def room(self, token: str, now: float) -> str | None:
        """Return the room that the peer with ``token`` may come back to though it is locked."""
        self._forget(now)
        return (self._gone[token][2] or None) if token in self._gone else None

    def _forget(self, now: float) -> None:
        while self._gone:
            then, _, _ = next(iter(self._gone.values()))
            if len(self._gone) <= self._most and now - then <= self._window:
                return
            self._gone.popitem(last=False)
