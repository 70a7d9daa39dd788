"""From what a packet and a join cost to how many people a machine carries. Pure."""

import math
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from trio_sfu.config.model import Config
from trio_sfu.sizing.rooms import NOTHING, Room, Traffic, kinds
from trio_sfu.trial.host import Host
from trio_sfu.trial.streams import AUDIO_PACKETS, VIDEO_PACKETS

CONTROL_PLANE_BYTES: Final = 276 * 1_024
"""Memory of the control plane for a peer (docs/overload.md)."""
LOOP_SHARE: Final = 0.1
"""What a peer that is there takes of the event loop each second, in joins."""
JOIN_BESIDES: Final = 2.0
"""What a join costs with its socket and messages, in times of what was measured without."""
LINK_SHARE: Final = 0.8
"""Of a network's rate; more of it makes packets wait."""
PAUSE: Final = 0.05
"""Seconds that a worker may be kept from its socket: by other programs, or its own bursts."""
TRUESIZE: Final = 2_304
"""Bytes that the kernel counts for a packet that waits, whatever its size."""
DESCRIPTORS_A_PEER: Final = 3
"""Its TCP connection, and the two of an asyncio loop."""
DESCRIPTORS_BESIDES: Final = 64
DAEMON_BYTES: Final = 96 * 1_048_576
"""Of a daemon that nobody is in."""
_NANOS: Final = 1e9
_FEEDBACKS: Final = 20
"""Datagrams a second that each peer sends of what it has got."""
_MOST: Final = 1_000_000
"""What a setting may be at most; also stands for what nothing limits."""
_JOIN_BURST: Final = 4
"""Seconds of joins that may come at once: a lecture begins for all at the same time."""


class Measured(Struct, frozen=True, kw_only=True):
    """What the run has found. Nanoseconds are of CPU time."""

    seconds: float
    subscribers: int
    video_ns: float
    """A packet of video to one subscriber."""
    audio_ns: float
    """A packet of sound to one subscriber."""
    received_ns: float
    """A packet that comes in."""
    join_ns: float
    """Of the event loop for somebody to join, be there and leave."""
    subscriber_bytes: float
    """In the packet engine."""
    receive_buffer_bytes: int
    gso: bool
    arrived: float
    checked: int


class Capacity(Struct, frozen=True, kw_only=True):
    """How many of one kind of room one daemon carries."""

    room: str
    unit: str
    count: int
    peers: int
    sent_mbit: float
    first: str
    """What ends it there."""
    limits: dict[str, int]
    """How many of ``unit`` each resource would carry."""


class Prediction(Struct, frozen=True, kw_only=True):
    """What the machine carries, if the assumptions hold."""

    share: float
    """Of a core that the packet engine's worker may take."""
    streams_a_core: int
    """Of 1.5 Mbit/s with sound, forwarded."""
    streams_all_cores: int
    joins_a_second: float
    rooms: list[Capacity]
    suggested: dict[str, dict[str, int]]


def predict(measured: Measured, host: Host, config: Config, headroom: float) -> Prediction:
    """Return what follows when ``headroom``, 0 to 1, of a core may be used."""
    share = min(headroom, config.overload.max_busy / 100)
    stream = VIDEO_PACKETS * measured.video_ns + AUDIO_PACKETS * measured.audio_ns
    streams = int(share * _NANOS / stream)
    joins = headroom * _NANOS / (measured.join_ns * JOIN_BESIDES)
    machine = _Machine(measured, host, config, share)
    rooms = [machine.capacity(each) for each in kinds(config.rooms.voices)]
    return Prediction(
        share=share,
        streams_a_core=streams,
        streams_all_cores=streams * host.cores,
        joins_a_second=joins,
        rooms=rooms,
        suggested=machine.suggested(joins),
    )


class _Machine:
    def __init__(self, measured: Measured, host: Host, config: Config, share: float) -> None:
        self._measured = measured
        self._host = host
        self._config = config
        self._share = share

    def capacity(self, room: Room) -> Capacity:
        limits = self._of_machine(room) | self._of_settings(room)
        # Of equals the first is named: a setting can be changed, the machine cannot.
        first = min(limits, key=lambda name: limits[name])
        number = limits[first]
        whole = _times(room, number) if number else NOTHING
        return Capacity(
            room=room.name,
            unit=room.unit,
            count=number,
            peers=whole.peers,
            sent_mbit=round(whole.sent_bits / 1e6, 1),
            first=first,
            limits=limits,
        )

    def suggested(self, joins: float) -> dict[str, dict[str, int]]:
        """Return settings that refuse what the machine does not carry."""
        lecture, two, *_ = (
            min(self._of_machine(room).values()) for room in kinds(self._config.rooms.voices)
        )
        peers = max(2, lecture + 1, 2 * two)
        a_second = max(1, int(joins))
        return {
            "media": {"max_transports": _rounded(peers)},
            "http": {"max_connections": _rounded(peers + max(16, peers // 4))},
            "rooms": {
                "max_rooms": _rounded(max(1, two)),
                "max_peers": _rounded(max(2, lecture + 1)),
            },
            "overload": {"joins_per_second": a_second, "join_burst": a_second * _JOIN_BURST},
        }

    def _of_machine(self, room: Room) -> dict[str, int]:
        host, measured = self._host, self._measured
        budget = self._share * _NANOS
        loop = _loop_ns
        limits = {}
        if host.cores == 1:
            limits["CPU"] = _fits(room, budget, lambda t: self._worker(t) + loop(measured, t))
        else:
            limits["CPU of the worker"] = _fits(room, budget, self._worker)
            limits["CPU of the event loop"] = _fits(room, budget, lambda t: loop(measured, t))
        memory = min(
            host.memory_free_bytes, host.memory_bytes * self._config.overload.max_memory / 100
        )
        each = measured.subscriber_bytes + CONTROL_PLANE_BYTES
        limits["memory"] = _fits(room, memory - DAEMON_BYTES, lambda t: t.peers * each)
        if host.link_mbit is not None:
            rate = host.link_mbit * 1e6 * LINK_SHARE
            limits["network"] = _fits(room, rate, lambda t: t.sent_bits)
        if host.descriptors is not None:
            allowed = host.descriptors * self._config.overload.max_descriptors / 100
            limits["file descriptors"] = _fits(
                room, allowed - DESCRIPTORS_BESIDES, lambda t: t.peers * DESCRIPTORS_A_PEER
            )
        buffer = measured.receive_buffer_bytes / TRUESIZE / PAUSE
        limits["UDP receive buffer"] = _fits(room, buffer, _incoming)
        return limits

    def _of_settings(self, room: Room) -> dict[str, int]:
        config = self._config
        limits = {
            "media.max_transports": _fits(room, config.media.max_transports, _peers),
            "http.max_connections": _fits(room, config.http.max_connections, _peers),
        }
        if room.grows:
            limits["rooms.max_peers"] = _fits(room, config.rooms.max_peers, _peers)
        else:
            limits["rooms.max_rooms"] = config.rooms.max_rooms
            if room.size > config.rooms.max_peers:
                limits["rooms.max_peers"] = 0
        return limits

    def _worker(self, traffic: Traffic) -> float:
        measured = self._measured
        return (
            traffic.received * measured.received_ns
            + traffic.video * measured.video_ns
            + traffic.audio * measured.audio_ns
        )


def _loop_ns(measured: Measured, traffic: Traffic) -> float:
    return traffic.peers * measured.join_ns * LOOP_SHARE


def _incoming(traffic: Traffic) -> float:
    return traffic.received + traffic.peers * _FEEDBACKS


def _peers(traffic: Traffic) -> float:
    return traffic.peers


def _times(room: Room, number: int) -> Traffic:
    each = room.each
    return room.base + Traffic(
        each.peers * number, each.received * number, each.video * number, each.audio * number
    )


def _fits(room: Room, most: float, cost: Callable[[Traffic], float]) -> int:
    """Return how many units fit into ``most``."""
    one = cost(room.each)
    left = most - cost(room.base)
    if left <= 0:
        return 0
    return math.floor(left / one + 1e-9) if one > 0 else _MOST


def _rounded(number: int) -> int:
    """Return the number with two digits that count, not more than it was."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return min(number // step * step, _MOST)
