"""The figures of ``trio-sfu top``: from readings of ``/metrics``. Pure."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from trio_sfu.console.scrape import Between, Scrape

WINDOW_S: Final = 30.0
"""What is measured at moments only, such as loss, is told of so long a time."""
HARMLESS: Final = frozenset({"layer_limited", "nack_repeated", "duplicate"})
"""Reasons of drops that are as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the daemon does. Rates are of a second, times seconds; None: not measured."""

    version: str
    uptime: float
    healthy: bool
    ready: bool
    draining: bool
    overload: int
    strain: tuple[str, float]
    """The resource that is used most, and how much: 1 is where joins are refused."""
    rooms: int
    peers: int
    joins: float
    refused: float
    left: float
    lost: float
    """Peers that went without a goodbye."""
    bits_in: float
    bits_out: float
    packets_in: float
    packets_out: float
    loss: float | None
    """The share of packets to viewers that get lost, over all viewers."""
    estimate: float | None
    """What half of the viewers' networks carry at least, about, in bits/s."""
    retransmitted: float
    keyframes_asked: float
    drops: float
    cpu: float
    """Of one core, as all that follow: the process, the loop, the busiest worker."""
    cpu_loop: float
    cpu_worker: float
    memory: float
    loop_lag: float
    forward: float | None
    """Ninety-nine in a hundred packets were in the engine for no longer than that."""
    failures: float
    """Crashes and restarts since the start."""


class History:
    """The newest readings, as far back as a figure needs them."""

    def __init__(self) -> None:
        self._scrapes: deque[Scrape] = deque()

    def add(self, scrape: Scrape) -> Figures | None:
        """Take a reading; return the figures, from the second one on."""
        started = "process_start_time_seconds"
        if self._scrapes and self._scrapes[-1].value(started) != scrape.value(started):
            self._scrapes.clear()  # Another daemon: nothing compares.
        self._scrapes.append(scrape)
        while len(self._scrapes) > 2 and self._scrapes[1].at <= scrape.at - WINDOW_S:
            self._scrapes.popleft()
        if len(self._scrapes) == 1:
            return None
        return _figures(
            Between(self._scrapes[-2], scrape), Between(self._scrapes[0], scrape), scrape
        )


def _figures(last: Between, window: Between, now: Scrape) -> Figures:
    joins = last.rates_by("trio_sfu_joins_total", "outcome")
    left = last.rates_by("trio_sfu_peers_left_total", "reason")
    cpu = last.rates_by("trio_sfu_thread_cpu_seconds_total", "thread")
    drops = last.rates_by("trio_sfu_engine_drops_total", "reason")
    strain = now.by("trio_sfu_strain", "resource")
    return Figures(
        version=next(iter(now.by("trio_sfu_build_info", "version")), ""),
        uptime=now.at - now.value("process_start_time_seconds"),
        healthy=now.value("trio_sfu_healthy") == 1,
        ready=now.value("trio_sfu_ready") == 1,
        draining=now.value("trio_sfu_draining") == 1,
        overload=int(now.value("trio_sfu_overload_level")),
        strain=max(strain.items(), key=lambda each: each[1], default=("", 0.0)),
        rooms=int(now.value("trio_sfu_rooms")),
        peers=int(now.value("trio_sfu_peers")),
        joins=joins.get("joined", 0.0),
        refused=sum(rate for outcome, rate in joins.items() if outcome != "joined"),
        left=sum(left.values()),
        lost=sum(left.get(reason, 0.0) for reason in ("gone", "timeout", "failed")),
        bits_in=8 * last.rate("trio_sfu_engine_bytes_received_total"),
        bits_out=8 * last.rate("trio_sfu_engine_bytes_sent_total"),
        packets_in=last.rate("trio_sfu_engine_rtp_received_total"),
        packets_out=last.rate("trio_sfu_engine_rtp_forwarded_total"),
        loss=window.mean("trio_sfu_viewer_loss_ratio"),
        estimate=window.quantile("trio_sfu_viewer_estimate_bits_per_second", 0.5),
        retransmitted=last.rate("trio_sfu_engine_rtx_sent_total"),
        keyframes_asked=last.rate("trio_sfu_engine_plis_sent_total"),
        drops=sum(rate for reason, rate in drops.items() if reason not in HARMLESS),
        cpu=last.rate("process_cpu_seconds_total"),
        cpu_loop=cpu.get("loop", 0.0),
        cpu_worker=max((rate for name, rate in cpu.items() if name != "loop"), default=0.0),
        memory=now.value("process_resident_memory_bytes"),
        loop_lag=now.value("trio_sfu_loop_lag_recent_seconds"),
        forward=last.quantile("trio_sfu_engine_forward_latency_seconds", 0.99),
        failures=sum(
            now.value(f"trio_sfu_{name}_total")
            for name in ("peer_crashes", "room_crashes", "engine_restarts", "service_failures")
        ),
    )
