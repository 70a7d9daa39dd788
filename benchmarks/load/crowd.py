"""Clients of one forwarder, and what they send: what a plan calls a group."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import trio

from benchmarks.load.namespace import LOOPBACK
from benchmarks.load.peer import Link, Peer
from benchmarks.load.sdp import OPUS, VP8, Kind, Remote
from trio_sfu.webrtc.certificate import Certificate

AT_ONCE: Final = 8
"""Clients that join at the same time."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One of several of a camera; ``keyframe`` is in bytes."""

    rid: str
    width: int
    height: int
    keyframe: int


@dataclass(frozen=True, slots=True)
class Track:
    """What a peer, by its number, publishes, and how many get it."""

    peer: int
    ssrc: int
    kind: Kind
    mid: str
    fanout: int
    payload_type: int = 0
    encoding: Encoding | None = None

    def lines(self, peer: Peer, schedule: str) -> Iterator[str]:
        """Yield the track as a plan has it."""
        mid_id, rid_id, wide = peer.extensions()
        types = {"video": VP8, "audio": OPUS}
        clock = 90_000 if self.kind == "video" else 48_000
        yield (
            f"track {self.peer} {self.ssrc} {self.payload_type or types[self.kind]} {clock}"
            f" {self.mid} {mid_id} {wide} {self.fanout} {schedule}"
        )
        if (each := self.encoding) is not None:
            yield f"encoding {each.rid} {rid_id} {each.width} {each.height} {each.keyframe}"


@dataclass(slots=True)
class Crowd:
    """All clients of one forwarder."""

    name: str
    processes: Sequence[int]
    certificate: Certificate
    link: Link
    nursery: trio.Nursery
    host: str = LOOPBACK
    peers: list[Peer] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    subscribers: int = 0
    """Peers that receive; the last one is verified packet by packet."""
    facts: dict[str, float] = field(default_factory=dict)
    """What was seen while they joined."""
    left: bool = False
    """They have gone, so what a server says of it is no failure."""
    wishes: dict[int, trio.MemorySendChannel[int]] = field(default_factory=dict)
    """By the number of a peer that wants other encodings: where it hears which of ``tracks``."""
    _ssrcs: Iterator[int] = field(default_factory=lambda: itertools.count(0x5150_0001))

    async def peer(self) -> Peer:
        """Return a new client, not yet connected and of no number yet."""
        return await Peer.open(self.certificate, self.link, self.host)

    def new_ssrc(self) -> int:
        """Return an SSRC that no other client here sends."""
        return next(self._ssrcs)

    async def connect(self, peer: Peer, remote: Remote) -> int:
        """Connect a client; return its number."""
        await self.nursery.start(peer.run, remote)
        self.peers.append(peer)
        return len(self.peers) - 1

    def plan(
        self, schedules: Mapping[Kind, Sequence[str]], change_every: float = 0.0
    ) -> Iterator[str]:
        """Yield the lines of a plan; the n-th track of a kind has the n-th schedule of it.

        Those who have ``wishes`` want another track every ``change_every`` seconds.
        """
        yield f"group {self.name} {','.join(map(str, self.processes))}"
        for number, peer in enumerate(self.peers):
            yield peer.line(verified=number == len(self.peers) - 1)
        numbers: dict[Kind, Iterator[int]] = {
            "audio": itertools.count(),
            "video": itertools.count(),
        }
        for track in self.tracks:
            mine = schedules.get(track.kind, ())
            if mine:
                schedule = mine[next(numbers[track.kind]) % len(mine)]
                yield from track.lines(self.peers[track.peer], schedule)
        tracks = ",".join(map(str, range(len(self.tracks))))
        for number in sorted(self.wishes):
            yield f"viewer {number} {change_every * 1e6:.0f} {tracks}"

    def wish(self, peer: int, track: int) -> None:
        """Have a peer ask for another encoding; who cannot do so in time does not get it."""
        with suppress(trio.WouldBlock, trio.BrokenResourceError):
            self.wishes[peer].send_nowait(track)

    def release(self) -> None:
        """Leave the sockets to somebody else."""
        for peer in self.peers:
            peer.release()

    async def leave(self) -> None:
        """Say goodbye."""
        self.left = True
        for peer in self.peers:
            await peer.leave()
