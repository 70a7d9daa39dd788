"""What is in the rooms, as the API shows it: no names, no addresses."""

from collections.abc import Iterator

import trio
from msgspec import Struct

from trio_sfu._native import Codec, EngineError
from trio_sfu.media.track import UpTrack
from trio_sfu.rooms.options import RoomOptions
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.room import Room
from trio_sfu.rooms.state import Member
from trio_sfu.signaling.carried import Connection, Rights, Source


class EncodingReport(Struct, frozen=True, kw_only=True):
    """One encoding of a track that has started.

    ``rid`` is "" for a single one without a RID. ``idle``: nothing of it comes at the moment.
    ``bitrate`` is what it takes over the last second, in bits/s, with ``width`` and ``height``
    in pixels; null while that is not measured, and always of sound. ``packets``, ``bytes`` and
    ``lost`` are counted since it started; null when the engine has lost it.
    """

    rid: str
    idle: bool
    codec: Codec | None
    bitrate: int | None
    width: int | None
    height: int | None
    packets: int | None
    bytes: int | None
    lost: int | None


class TrackReport(Struct, frozen=True, kw_only=True):
    """What somebody publishes.

    ``silenced``: a moderator or an operator has muted it, and its client has not unmuted it.
    """

    source: Source
    muted: bool
    silenced: bool
    encodings: list[EncodingReport]


class PeerReport(Struct, frozen=True, kw_only=True):
    """Somebody in a room.

    ``identity`` is what the join token says; null without one. ``age`` is how long the peer has
    been there, in seconds.
    """

    peer: str
    identity: str | None
    connection: Connection
    rights: Rights
    age: float
    tracks: list[TrackReport]


class RoomReport(Struct, frozen=True, kw_only=True):
    """A room. ``options`` are those it was created with; null: a first peer has opened it.

    ``age`` is how long it has been open, in seconds. ``locked``: a moderator lets nobody new in.
    """

    room: str
    age: float
    locked: bool
    options: RoomOptions | None
    peers: list[PeerReport]


def report_room(room: Room) -> RoomReport:
    """Return what a room is like now."""
    return RoomReport(
        room=room.id,
        age=_since(room.opened_at),
        locked=room.commons.locked,
        options=room.options,
        peers=list(_peers(room)),
    )


def report_peer(peer: Peer) -> PeerReport:
    """Return what a peer is like that is a member of its room."""
    member = peer.room.state.members[peer.id]
    return PeerReport(
        peer=peer.id,
        identity=member.identity,
        connection=member.connection,
        rights=peer.grant.rights,
        age=_since(peer.joined_at),
        tracks=[_track(peer, member, source) for source in member.published],
    )


def _peers(room: Room) -> Iterator[PeerReport]:
    for peer in room.peers.values():
        if peer.id in room.state.members:
            yield report_peer(peer)


def _track(peer: Peer, member: Member, source: Source) -> TrackReport:
    track = peer.up_track(source)
    return TrackReport(
        source=source,
        muted=member.published[source],
        silenced=source in member.silenced,
        encodings=[] if track is None else list(_encodings(track)),
    )


def _encodings(track: UpTrack) -> Iterator[EncodingReport]:
    counted = _counted(track)
    for rid in sorted(track.encodings):
        layers = [layer for layer in track.layers if layer.rid == rid]
        best = max(layers, key=lambda layer: layer.bitrate, default=None)
        counts = counted.get(rid, {})
        yield EncodingReport(
            rid=rid,
            idle=rid in track.idle,
            codec=track.codec(rid),
            bitrate=None if best is None else best.bitrate,
            width=None if best is None else best.width or None,
            height=None if best is None else best.height or None,
            packets=counts.get("packets"),
            bytes=counts.get("bytes"),
            lost=counts.get("lost"),
        )


def _counted(track: UpTrack) -> dict[str, dict[str, int]]:
    try:
        found = track.stats()
    except EngineError:
        return {}
    return {
        str(each["rid"]): {name: n for name, n in each.items() if isinstance(n, int)}
        for each in found
    }


def _since(then: float) -> float:
    return round(trio.current_time() - then, 1)
