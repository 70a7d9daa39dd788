"""The rooms and peers as a table. Pure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from trio_sfu.console.units import bits
from trio_sfu.tree.text import duration


class EncodingSeen(Struct, frozen=True, kw_only=True):
    """An encoding, with its size and bitrate where they are measured."""

    rid: str = ""
    idle: bool = False
    bitrate: int | None = None
    height: int | None = None


class TrackSeen(Struct, frozen=True, kw_only=True):
    """What somebody publishes."""

    source: str
    muted: bool = False
    encodings: list[EncodingSeen | str] = []


class PeerSeen(Struct, frozen=True, kw_only=True):
    """Somebody in a room."""

    peer: str
    connection: str
    age: float | None = None
    tracks: list[TrackSeen] = []


class RoomSeen(Struct, frozen=True, kw_only=True):
    """A room."""

    room: str
    age: float | None = None
    peers: list[PeerSeen] = []


class RoomsSeen(Struct, frozen=True, kw_only=True):
    """What ``/api/v1/rooms`` answers, as far as it is shown."""

    rooms: list[RoomSeen]


def rooms_of(body: bytes) -> list[RoomSeen]:
    """Return the rooms in an answer. Raises msgspec.DecodeError."""
    return msgspec.json.decode(body, type=RoomsSeen).rooms


def render(rooms: Sequence[RoomSeen]) -> str:
    """Return the table as lines, each ended."""
    if not rooms:
        return "There are no rooms.\n"
    rows: list[tuple[str, ...]] = [("ROOM", "PEER", "CONNECTION", "AGE", "PUBLISHES")]
    for room in sorted(rooms, key=lambda each: each.room):
        rows += _of_room(room)
    return "".join(f"{line}\n" for line in _aligned(rows)) + _sum(rooms)


def bitrate(peers: Iterable[PeerSeen]) -> int:
    """Return what peers send, in bits/s, as far as it is measured."""
    return sum(
        encoding.bitrate or 0
        for peer in peers
        for track in peer.tracks
        for encoding in track.encodings
        if isinstance(encoding, EncodingSeen) and not encoding.idle
    )


def _of_room(room: RoomSeen) -> Iterator[tuple[str, ...]]:
    name = _safe(room.room)
    for peer in room.peers:
        yield name, peer.peer, peer.connection, _age(peer.age), _all(peer)
    if not room.peers:
        yield name, "-", "", _age(room.age), ""


def _all(peer: PeerSeen) -> str:
    return ", ".join(map(_track, peer.tracks)) or "nothing"


def _track(track: TrackSeen) -> str:
    words = [track.source]
    if track.muted:
        words.append("muted")
    encodings = [
        each if isinstance(each, EncodingSeen) else EncodingSeen(rid=each)
        for each in track.encodings
    ]
    words += [_encoding(each) for each in encodings if not each.idle and _encoding(each)]
    return " ".join(words)


def _encoding(encoding: EncodingSeen) -> str:
    height = f"{encoding.height}p" if encoding.height else ""
    rate = bits(encoding.bitrate) if encoding.bitrate else ""
    return "/".join(filter(None, [encoding.rid, height, rate]))


def _age(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _safe(name: str) -> str:
    """Return a name that does nothing to a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    kept = [n for n in range(len(rows[0])) if any(row[n] for row in rows[1:])]
    widths = {n: max(len(row[n]) for row in rows) for n in kept}
    for row in rows:
        yield "  ".join(row[n].ljust(widths[n]) for n in kept).rstrip()


def _sum(rooms: Sequence[RoomSeen]) -> str:
    peers = sum(len(room.peers) for room in rooms)
    return f"{_count(len(rooms), 'room')}, {_count(peers, 'peer')}\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
