"""What is told of the facts, and what of it has to be remembered for that. No clock, no I/O."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from msgspec import Struct

from trio_sfu import events
from trio_sfu.config.model import WebhookEvent
from trio_sfu.events import Fact
from trio_sfu.ids import PeerId, RoomId


class Message(Struct, frozen=True, kw_only=True):
    """The body of a webhook.

    ``id`` is of this message alone, however often it is sent. ``run`` is of the daemon from its
    start to its end, ``number`` counts within that, in the order in which it happened: one that
    is missing was lost. ``identity`` is what the peer's join token says. ``reason`` is why a peer
    left or a room ended; ``failure`` is the record of the error when that is why.
    """

    id: str
    run: str
    number: int
    time: datetime
    event: WebhookEvent
    room: str
    peer: str | None = None
    identity: str | None = None
    source: str | None = None
    reason: str | None = None
    failure: str | None = None


class Teller:
    """Makes messages of facts, in their order.

    Who is in which room is remembered: when a room ends, no fact says of each peer that it left.
    It is bounded by the peers that there are.
    """

    def __init__(
        self,
        run: str,
        wanted: Collection[WebhookEvent],
        identify: Callable[[PeerId], str | None] = lambda _peer: None,
    ) -> None:
        self._run = run
        self._wanted = frozenset(wanted)
        self._identify = identify
        self._number = 0
        self._here: dict[RoomId, dict[PeerId, str | None]] = {}

    def tell(self, fact: Fact, time: datetime) -> Iterator[Message]:
        """Yield what is told of a fact."""
        match fact:
            case events.RoomOpened(room=room):
                self._here[room] = {}
                yield from self._say(time, "room-started", room)
            case events.RoomClosed(room=room):
                yield from self._end(time, room, "closed", None)
            case events.RoomCrashed(room=room, failure=failure):
                yield from self._end(time, room, "failed", failure.id)
            case events.PeerJoined(room=room, peer=peer):
                self._here.setdefault(room, {})[peer] = self._identify(peer)
                yield from self._say(time, "peer-joined", room, peer)
            case events.PeerLeft(room=room, peer=peer, reason=reason):
                yield from self._say(time, "peer-left", room, peer, reason=reason)
                self._here.get(room, {}).pop(peer, None)
            case events.TrackPublished(room=room, peer=peer, source=source):
                yield from self._say(time, "track-published", room, peer, source=source)
            case events.TrackUnpublished(room=room, peer=peer, source=source, reason=reason):
                yield from self._say(
                    time, "track-unpublished", room, peer, source=source, reason=reason
                )

    def _end(
        self, time: datetime, room: RoomId, reason: str, failure: str | None
    ) -> Iterator[Message]:
        for peer in list(self._here.get(room, ())):
            yield from self._say(time, "peer-left", room, peer, reason=f"room-{reason}")
        self._here.pop(room, None)
        yield from self._say(time, "room-ended", room, reason=reason, failure=failure)

    def _say(
        self,
        time: datetime,
        event: WebhookEvent,
        room: RoomId,
        peer: PeerId | None = None,
        *,
        source: str | None = None,
        reason: str | None = None,
        failure: str | None = None,
    ) -> Iterator[Message]:
        if event not in self._wanted:
            return
        self._number += 1
        yield Message(
            id=f"{self._run}-{self._number}",
            run=self._run,
            number=self._number,
            time=time,
            event=event,
            room=room,
            peer=peer,
            identity=None if peer is None else self._here.get(room, {}).get(peer),
            source=source,
            reason=reason,
            failure=failure,
        )
