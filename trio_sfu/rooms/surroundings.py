"""What a peer needs of its room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_sfu._native import Codec
    from trio_sfu.events import Journal
    from trio_sfu.ids import PeerId, RoomId
    from trio_sfu.media.track import UpTrack
    from trio_sfu.rooms.absent import AbsentScreens
    from trio_sfu.rooms.commons import Commons
    from trio_sfu.rooms.listening import Listening
    from trio_sfu.rooms.news import News
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.rooms.planning import Planning
    from trio_sfu.rooms.quality import Quality
    from trio_sfu.rooms.state import RoomState
    from trio_sfu.signaling.carried import LeaveReason, Source


class Surroundings(Protocol):
    """What a peer needs of its room."""

    id: RoomId
    state: RoomState
    peers: dict[PeerId, Peer]
    journal: Journal
    listening: Listening
    news: News
    planning: Planning
    quality: Quality
    commons: Commons
    absent: AbsentScreens

    @property
    def ending(self) -> bool:
        """Whether the room is on its way out."""

    def welcome(self, peer: Peer) -> None:
        """Let the peer in: it is told who is there, the others that it came."""

    def welcome_back(self, peer: Peer) -> None:
        """Tell the peer, and nobody else, who is there."""

    def farewell(self, peer: Peer, reason: LeaveReason) -> None:
        """Forget the peer and tell the others. Does nothing the second time."""

    def silence(self, peer: PeerId, source: Source) -> None:
        """Forward nothing more of one of a peer's sources until it unmutes it."""

    def bar(self, peer: Peer) -> None:
        """Keep a peer that is being removed from coming back."""

    def negotiated(
        self, peer: PeerId, decodes: frozenset[Codec], encodes: Mapping[Source, Sequence[Codec]]
    ) -> None:
        """Note which video codecs a peer receives, and may send its sources with."""

    def update(self, peer: PeerId) -> None:
        """Tell the others what is new about a peer, and plan anew what is shown."""

    def find_track(self, peer: PeerId, source: Source) -> UpTrack | None:
        """Return a peer's up-track."""

    def find_source(self, up_track: int) -> tuple[PeerId, Source] | None:
        """Return whose up-track it is, and of what."""
