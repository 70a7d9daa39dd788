"""What a viewer has on its screen and what of it somebody looks at. Pure."""

from dataclasses import dataclass, field
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.signaling.carried import Quality, Tile
from trio_sfu.signaling.messages import View

_UNSAID: Final[Quality] = "high"
_UNKNOWN: Final = Tile(peer="")


@dataclass(slots=True)
class Attention:
    """What the client says with ``view`` and ``prefer``."""

    statistics: bool = False
    """Whether somebody looks at figures."""
    _preferences: dict[PeerId, Quality] = field(default_factory=dict)
    _tiles: dict[PeerId, Tile] = field(default_factory=dict)
    _beside: dict[PeerId, Tile] = field(default_factory=dict)
    _hidden: bool = False

    def prefer(self, peer: PeerId, quality: Quality) -> None:
        """Note the best quality the viewer can use of a peer's video."""
        self._preferences[peer] = quality

    def see(self, view: View) -> bool:
        """Note what the viewer has on its screen, in place of what it had.

        Returns whether it wants others before all others now, or beside their screen: that may
        change who sits where.
        """
        wanted = self.pinned, self.beside
        self._tiles = {PeerId(tile.peer): tile for tile in view.tiles if tile.source is None}
        self._beside = {PeerId(tile.peer): tile for tile in view.tiles if tile.source is not None}
        self._hidden = view.hidden
        self.statistics = view.statistics
        return (self.pinned, self.beside) != wanted

    def forget(self, peer: PeerId) -> None:
        """Forget a peer that has left."""
        self._preferences.pop(peer, None)
        self._tiles.pop(peer, None)
        self._beside.pop(peer, None)

    def quality(self, peer: PeerId, *, beside: bool = False) -> Quality:
        """Return the best quality that somebody looks at of a peer's stage.

        ``beside``: of the camera beside its screen instead.
        """
        tile = (self._beside if beside else self._tiles).get(peer)
        if self._hidden or (tile is not None and not tile.visible):
            return "off"
        return self._preferences.get(peer, _UNSAID)

    def tile(self, peer: PeerId, *, beside: bool = False) -> Tile:
        """Return how large a peer's stage, or the camera beside it, is on the screen."""
        return (self._beside if beside else self._tiles).get(peer, _UNKNOWN)

    @property
    def beside(self) -> tuple[PeerId, ...]:
        """The peers whose camera the viewer wants beside their screen."""
        return tuple(self._beside)

    @property
    def pinned(self) -> frozenset[PeerId]:
        """The peers that the viewer wants before all others."""
        return frozenset(peer for peer, tile in self._tiles.items() if tile.pinned)
