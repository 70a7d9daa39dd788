"""What is true in a room: who is in it, what they publish, and what really flows.

Pure: every method takes what happened and says whether something changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from trio_sfu._native import Codec
from trio_sfu.ids import PeerId
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.signaling.carried import Connection, PeerInfo, Source, TrackInfo
from trio_sfu.signaling.messages import Moderated

SHARED: Final[tuple[Source, ...]] = ("screen", "screen-audio")


@dataclass(slots=True)
class Member:
    """One peer: ``published`` is what it says (source: muted), ``flowing`` what arrives.

    ``idle`` are encodings of published sources that pause: a layer the browser has no rate
    for, a screen on which nothing moves, a machine without time.
    """

    id: PeerId
    name: str
    connection: Connection = "connecting"
    identity: str | None = None
    metadata: str | None = None
    encrypted: bool = False
    """Whether it says that it encrypts end to end."""
    published: dict[Source, bool] = field(default_factory=dict)
    flowing: dict[Source, set[str]] = field(default_factory=dict)
    idle: dict[Source, set[str]] = field(default_factory=dict)
    decodes: frozenset[Codec] = frozenset()
    """The video codecs that it negotiated to receive; none before it has slots."""
    encodes: Mapping[Source, Sequence[Codec]] = field(default_factory=dict)
    """The codecs that it negotiated to send a source with."""
    watches: bool = False
    """Whether it has negotiated, and nothing to send."""
    codecs: dict[Source, Codec] = field(default_factory=dict)
    """What its video arrives encoded with."""
    silenced: dict[Source, bool] = field(default_factory=dict)
    """What a moderator has muted, with whether its client has said that it knows."""
    displaced: Moderated | None = None
    """Who shares a screen in place of its own, until its client has said that it knows."""
    _publisher: Publisher | None = None

    def can_show(self, publisher: "Member", source: Source) -> bool:
        """Return whether its client decodes what another sends, as far as is known."""
        codec = publisher.codecs.get(source)
        return codec is None or not self.decodes or codec in self.decodes

    @property
    def presents(self) -> bool:
        """Whether it shares a screen that is not muted, whatever comes of it."""
        return self.published.get("screen") is False

    @property
    def may_be_shown(self) -> bool:
        """Whether there may be something of it to see or hear, now or without another offer."""
        return bool(self.published) or not self.watches

    def info(self) -> PeerInfo:
        """Return the member as the others are told."""
        tracks = [TrackInfo(source=source, muted=muted) for source, muted in self.published.items()]
        return PeerInfo(
            id=self.id,
            name=self.name,
            tracks=tracks,
            connection=self.connection,
            identity=self.identity,
            metadata=self.metadata,
            encrypted=self.encrypted,
        )

    def publisher(self) -> Publisher:
        """Return what the member can be shown with.

        A screen counts from its first packet to its end, while it is not muted: whatever
        ends it, the camera is back by itself. It may send nothing in between: nothing
        moves on it. What a moderator has muted is not shown, whatever arrives of it.
        """
        if self._publisher is None:
            self._publisher = self._as_publisher()
        return self._publisher

    def changed(self) -> None:
        """Have ``publisher`` look again."""
        self._publisher = None

    def _as_publisher(self) -> Publisher:
        shown = {source: on for source, on in self.published.items() if source not in self.silenced}
        if shown.get("screen", True) or not self.encodings("screen"):
            shown.pop("screen", None)
        return Publisher(self.id, shown)

    def encodings(self, source: Source) -> frozenset[str]:
        """Return the RIDs of ``source`` that can be shown.

        Those that flow; when all of them pause, those that do, for they may go on.
        """
        return frozenset(self.flowing.get(source) or self.idle.get(source) or ())


class RoomState:
    """The members of a room, oldest first."""

    def __init__(self) -> None:
        self.members: dict[PeerId, Member] = {}

    def enter(
        self,
        peer: PeerId,
        name: str,
        identity: str | None = None,
        metadata: str | None = None,
    ) -> Member:
        """Add a member; its id must be new."""
        if peer in self.members:
            raise ValueError(f"{peer} is in the room already")
        self.members[peer] = Member(peer, name, identity=identity, metadata=metadata)
        return self.members[peer]

    def leave(self, peer: PeerId) -> bool:
        """Remove a member, and all that it published."""
        return self.members.pop(peer, None) is not None

    def publish(self, peer: PeerId, source: Source, *, live: bool, muted: bool) -> bool:
        """Note what a member says of one of its sources.

        After a moderator has muted it, the member's client has to say first that it is muted
        or over: what it said before it knew of that does not count. After another member took
        its screen's place, it has to say first that the screen is over.
        """
        self.members[peer].changed()
        if source in SHARED and self.members[peer].displaced is not None:
            if live:
                return False
            if source == "screen":
                self.members[peer].displaced = None
        silenced = self.members[peer].silenced
        if source in silenced:
            silenced[source] |= muted or not live
            if not silenced[source]:
                return False
            if live and not muted:
                del silenced[source]
        published = self.members[peer].published
        before = published.get(source)
        if live:
            published[source] = muted
        else:
            published.pop(source, None)
            self.members[peer].idle.pop(source, None)
        return published.get(source) is not before

    def withdraw(self, peer: PeerId, source: Source) -> None:
        """Forget a source of a member, and what arrives of it."""
        member = self.members[peer]
        member.changed()
        member.published.pop(source, None)
        member.flowing.pop(source, None)
        member.idle.pop(source, None)
        member.codecs.pop(source, None)

    def silence(self, peer: PeerId, source: Source) -> bool:
        """Mute one of a member's sources, whatever it says; return whether that was live."""
        member = self.members[peer]
        if source not in member.published:
            return False
        member.changed()
        member.published[source] = True
        member.silenced[source] = False
        return True

    def displace(self, peer: PeerId, told: Moderated) -> list[Source]:
        """End a member's screen with its sound: another one is shown. Return what was live."""
        member = self.members[peer]
        member.changed()
        member.displaced = told
        ended = [source for source in SHARED if source in member.published]
        for source in ended:
            del member.published[source]
            member.idle.pop(source, None)
            member.silenced.pop(source, None)
        return ended

    def connect(self, peer: PeerId, connection: Connection) -> bool:
        """Note a member's connection."""
        member = self.members[peer]
        changed = member.connection != connection
        member.connection = connection
        return changed

    def negotiate(
        self, peer: PeerId, decodes: frozenset[Codec], encodes: Mapping[Source, Sequence[Codec]]
    ) -> None:
        """Note which video codecs a member receives, and may send its sources with."""
        member = self.members[peer]
        member.decodes, member.encodes = decodes, encodes
        member.watches = not encodes

    def start_encoding(
        self, peer: PeerId, source: Source, rid: str, codec: Codec | None = None
    ) -> bool:
        """Note that an encoding's packets arrive, in a codec."""
        member = self.members[peer]
        if codec is not None:
            member.codecs[source] = codec
        member.changed()
        before = member.encodings(source)
        member.idle.get(source, set()).discard(rid)
        member.flowing.setdefault(source, set()).add(rid)
        return member.encodings(source) != before

    def pause_encoding(self, peer: PeerId, source: Source, rid: str) -> bool:
        """Note that an encoding's packets do not arrive for now."""
        member = self.members[peer]
        member.changed()
        before = member.encodings(source)
        member.flowing.get(source, set()).discard(rid)
        # What pauses after its end has been said has ended.
        if source in member.published:
            member.idle.setdefault(source, set()).add(rid)
        return member.encodings(source) != before

    def stop_encoding(self, peer: PeerId, source: Source, rid: str) -> bool:
        """Note that an encoding is over."""
        member = self.members[peer]
        member.changed()
        before = member.encodings(source)
        member.flowing.get(source, set()).discard(rid)
        member.idle.get(source, set()).discard(rid)
        return member.encodings(source) != before

    def names(self) -> list[str]:
        """Return what the members are called, for what may not be said of them."""
        called = ((member.name, member.identity) for member in self.members.values())
        return [each for pair in called for each in pair if each is not None]

    def others(self, peer: PeerId) -> list[Member]:
        """Return the members besides ``peer``, oldest first."""
        return [member for member in self.members.values() if member.id != peer]
