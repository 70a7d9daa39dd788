"""From counts to figures, and from rounds to their median and spread. Pure."""

import math
import statistics
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs


class Count(Struct, frozen=True, kw_only=True):
    """What was counted over some time, of the engine's worker and of its clients."""

    seconds: float = 0.0
    published: int
    """Packets, by all publishers."""
    forwarded: int
    """Packets to subscribers, as the engine says."""
    arrived: int
    """Packets that subscribers got."""
    nanos: int
    """CPU time of the worker."""
    user_ticks: int
    system_ticks: int
    switches: int
    """Times that the worker gave its core away, or had it taken."""
    datagrams: int
    """That the worker has sent, of all kinds."""
    runs: int
    """Those and GSO runs of several."""
    calls: int
    """Of sendmmsg, each with one or more runs."""
    syscalls: int
    """Those, and those of recvmmsg and epoll_wait."""


class FloorCount(Struct, frozen=True, kw_only=True):
    """What the floor took."""

    packets: int
    kernel_nanos: int
    """Of them all, for sending."""
    crypto_ns: float
    """A packet."""
    arrived: float
    """The share of the bytes that came through."""


class Round(Struct, frozen=True, kw_only=True):
    """The figures of one round. None: there was nothing to tell it from."""

    packets_a_second: float
    cpu_ns: float
    """Of the worker, a forwarded packet."""
    user_ns: float | None
    """Its part, by the share that all rounds together have: the kernel counts in ticks."""
    system_ns: float | None
    floor_ns: float
    """Both of the following."""
    floor_kernel_ns: float
    floor_crypto_ns: float
    times_floor: float
    packets_a_run: float
    """In one GSO run: the datagrams that share the way through the kernel."""
    packets_a_call: float
    lost: float
    """The share of what was published that did not come to a subscriber."""
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    latency_p999_ms: float | None
    latencies: int
    """Packets that these are of."""
    switches_a_packet: float
    syscalls_a_packet: float
    """Of sendmmsg, recvmmsg and epoll_wait, as the engine counts them."""


class Spread(Struct, frozen=True):
    """What several rounds found."""

    median: float
    lowest: float
    highest: float


def figures(
    count: Count,
    floor: FloorCount,
    latencies: Sequence[int],
    *,
    expected: int,
    user: float | None,
) -> Round | None:
    """Return the figures of a round; None when nothing came through.

    ``latencies`` are nanoseconds, ``expected`` the packets that subscribers should have got,
    ``user`` the share of the time that was not the kernel's.
    """
    if not count.forwarded or not count.arrived or not floor.packets:
        return None
    cpu = count.nanos / count.forwarded
    kernel, crypto = floor.kernel_nanos / floor.packets, floor.crypto_ns
    ordered = sorted(latencies)
    return Round(
        packets_a_second=count.arrived / count.seconds,
        cpu_ns=cpu,
        user_ns=None if user is None else cpu * user,
        system_ns=None if user is None else cpu * (1 - user),
        floor_ns=kernel + crypto,
        floor_kernel_ns=kernel,
        floor_crypto_ns=crypto,
        times_floor=cpu / (kernel + crypto),
        packets_a_run=count.datagrams / max(1, count.runs),
        packets_a_call=count.datagrams / max(1, count.calls),
        lost=max(0.0, 1 - count.arrived / max(1, expected)),
        latency_p50_ms=percentile(ordered, 0.5),
        latency_p99_ms=percentile(ordered, 0.99),
        latency_p999_ms=percentile(ordered, 0.999),
        latencies=len(ordered),
        switches_a_packet=count.switches / count.forwarded,
        syscalls_a_packet=count.syscalls / count.forwarded,
    )


def user_share(counts: Sequence[Count]) -> float | None:
    """Return which part of the time was not the kernel's, in all of them together."""
    user, system = (
        sum(each.user_ticks for each in counts),
        sum(each.system_ticks for each in counts),
    )
    return user / (user + system) if user + system else None


def percentile(ordered: Sequence[int], share: float) -> float | None:
    """Return the value, in ms, that this share of the nanoseconds does not exceed.

    None when they are too few for one to lie above it.
    """
    rank = math.ceil(share * len(ordered))
    return ordered[rank - 1] / 1e6 if 0 < rank < len(ordered) else None


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return median, lowest and highest; None when one of them is not known, or there are none.

    A tail that only some rounds had enough packets for would be that of other rounds than the rest.
    """
    every = list(values)
    known = [each for each in every if each is not None]
    if not known or len(known) < len(every):
        return None
    return Spread(statistics.median(known), min(known), max(known))


def spreads(rounds: Sequence[Round]) -> dict[str, Spread | None]:
    """Return the spread of each figure."""
    return {
        name: spread(getattr(each, name) for each in rounds) for name in Round.__struct_fields__
    }


def as_counted(before: Count, after: Count, seconds: float) -> Count:
    """Return what was counted between the two, in so many seconds."""
    first, last = structs.asdict(before), structs.asdict(after)
    return Count(**{name: last[name] - first[name] for name in last} | {"seconds": seconds})
