"""``/metrics`` in Prometheus' text format: read from what the daemon keeps anyway."""

from collections.abc import Iterator, Mapping
from importlib import metadata
from math import inf
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from trio_sfu import events
from trio_sfu.events import Histogram, Journal
from trio_sfu.http.engine_metrics import of_engine
from trio_sfu.liveness.health import Health
from trio_sfu.rooms.drain import Drain
from trio_sfu.rooms.quality import Quality

__all__ = ["CONTENT_TYPE_LATEST", "Measured", "registry_of", "render"]

CENSUS: Final[Mapping[str, str]] = {
    "tasks": "Tasks of the event loop",
    "nurseries": "Nurseries of the event loop",
    "file_descriptors": "Open file descriptors",
    "sockets": "Open sockets",
    "asyncio_loops": "Loops of aiortc: of handshakes, and one while the self-test has a client",
    "rooms": "Rooms",
    "peers": "Peers in all rooms",
    "whip_sessions": "Sessions of WHIP and WHEP",
    "addresses": "Addresses of peers that the engine knows",
    "encodings": "Encodings that are or were received",
    "relays": "Tracks that are watched from another worker, once for each such",
    "slots": "Slots of viewers",
    "streams": "TCP connections for media",
    "transports": "Transports of the engine: one a peer",
    "up_tracks": "Tracks that are received",
}
"""What each gauge of the census counts."""


class Measured(Protocol):
    """What the metrics are read from."""

    journal: Journal

    @property
    def ready(self) -> bool:
        """Whether new clients are welcome."""
        ...

    @property
    def drain(self) -> Drain:
        """Whether the daemon is being emptied, and until when."""
        ...

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time of the event loop and of each worker, by the thread's name."""
        ...

    def health(self) -> Health:
        """Return whether all gets on, and what does not."""
        ...

    def loop_lag(self) -> Histogram:
        """Return how late the event loop was, of every beat."""
        ...

    def census(self) -> dict[str, int]:
        """Return what exists now."""
        ...

    def strains(self) -> dict[str, float]:
        """Return how near each resource is to where joins are refused: 1 is there."""
        ...

    def overload_level(self) -> int:
        """Return the step against overload that is taken; 0 is none."""
        ...

    def engine_counters(self) -> dict[str, int]:
        """Return the engine's monotonic counters."""
        ...

    def quality(self) -> Quality:
        """Return how good it is what viewers get."""
        ...

    def webhooks_told(self) -> tuple[Mapping[str, int], int]:
        """Return how many webhooks came to which end, and how many wait."""
        ...


def render(measured: Measured) -> bytes:
    """Return the text of ``/metrics``."""
    return generate_latest(registry_of(measured))


def registry_of(measured: Measured) -> CollectorRegistry:
    """Return all metrics: those of the daemon and of its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Daemon(measured))
    ProcessCollector(registry=registry)
    return registry


def _all(measured: Measured) -> Iterator[Metric]:
    build = GaugeMetricFamily("trio_sfu_build_info", "Which version this is", labels=["version"])
    build.add_metric([metadata.version("trio-sfu")], 1)
    yield build
    yield GaugeMetricFamily(
        "trio_sfu_ready", "Whether new clients are welcome", value=measured.ready
    )
    yield GaugeMetricFamily(
        "trio_sfu_draining",
        "Whether the daemon is being emptied: it opens no new rooms",
        value=measured.drain.active,
    )
    for name, value in measured.census().items():
        text = f"{CENSUS.get(name, name)}, now"
        yield GaugeMetricFamily(f"trio_sfu_{name}", text, value=value)
    yield from of_engine(measured.engine_counters())
    yield from _of_strain(measured)
    yield from _of_health(measured.health())
    yield _histogram("loop_lag_seconds", "How late the loop woke", measured.loop_lag())
    yield from _of_quality(measured.quality())
    yield from _of_webhooks(*measured.webhooks_told())
    yield from _from_journal(measured.journal)


class _Daemon(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        return _all(self._measured)

    def describe(self) -> Iterator[Metric]:
        return iter(())


def _of_strain(measured: Measured) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "trio_sfu_overload_level",
        "Step against overload: 0 none, 1 no new joins, then less and less video",
        value=measured.overload_level(),
    )
    strain = GaugeMetricFamily(
        "trio_sfu_strain", "Use of a resource; at 1 joins are refused", labels=["resource"]
    )
    for resource, use in measured.strains().items():
        strain.add_metric([resource], use)
    yield strain
    cpu = CounterMetricFamily(
        "trio_sfu_thread_cpu_seconds",
        "CPU time of the event loop (loop) and of each worker of the engine (worker-N)",
        labels=["thread"],
    )
    for thread, seconds in measured.cpu_seconds().items():
        cpu.add_metric([thread], seconds)
    yield cpu


def _of_health(health: Health) -> Iterator[Metric]:
    text = "Whether calls can be had (1) or something is stuck (0)"
    yield GaugeMetricFamily("trio_sfu_healthy", text, value=health.ok)
    text = "The worst lag of the event loop in the last 5 s"
    yield GaugeMetricFamily("trio_sfu_loop_lag_recent_seconds", text, value=health.loop_lag)
    text = "How long a worker of the engine has stood still"
    workers = GaugeMetricFamily("trio_sfu_engine_worker_idle_seconds", text, labels=["worker"])
    for number, idle in enumerate(health.workers):
        workers.add_metric([str(number)], idle)
    yield workers
    if health.self_test is not None and health.self_test_age is not None:
        passed = health.self_test.outcome != "failed"
        yield GaugeMetricFamily("trio_sfu_self_test_passed", "The last self-test", value=passed)
        text = "How long the last self-test took"
        seconds = health.self_test.seconds
        yield GaugeMetricFamily("trio_sfu_self_test_last_seconds", text, value=seconds)
        age = health.self_test_age
        text = "How long ago the last self-test ended"
        yield GaugeMetricFamily("trio_sfu_self_test_age_seconds", text, value=age)


def _of_webhooks(outcomes: Mapping[str, int], waiting: int) -> Iterator[Metric]:
    text = "Webhooks by how they ended"
    told = CounterMetricFamily("trio_sfu_webhooks", text, labels=["outcome"])
    for outcome, count in outcomes.items():
        told.add_metric([outcome], count)
    yield told
    text = "Webhooks that are not delivered yet"
    yield GaugeMetricFamily("trio_sfu_webhooks_waiting", text, value=waiting)


def _of_quality(quality: Quality) -> Iterator[Metric]:
    for name, text, histogram in (
        (
            "viewer_estimate_bits_per_second",
            "What the network to a viewer carries, at moments",
            quality.estimates,
        ),
        (
            "slot_height_pixels",
            "Height of the picture on a slot that is looked at, at moments; 0: paused",
            quality.heights,
        ),
        (
            "viewer_loss_ratio",
            "Share of the packets to a viewer that get lost, at moments",
            quality.losses,
        ),
        (
            "viewer_frozen_ratio",
            "Share of the time in which pictures stood still, by what browsers say",
            quality.frozen,
        ),
        (
            "viewer_concealed_ratio",
            "Share of the sound that had to be made up, by what browsers say",
            quality.concealed,
        ),
    ):
        yield _histogram(name, text, histogram)


def _from_journal(journal: Journal) -> Iterator[Metric]:
    text = "Joins by outcome: joined, or the code they were refused with"
    joins = CounterMetricFamily("trio_sfu_joins", text, labels=["outcome"])
    joins.add_metric(["joined"], journal.count(events.PeerJoined))
    for code, count in _by_label(journal, events.JoinRefused).items():
        joins.add_metric([code], count)
    yield joins
    for kind in events.FACTS:
        if kind.counter is not None:
            yield _metric(journal, kind, *kind.counter)


def _metric(journal: Journal, kind: type[events.Fact], name: str, text: str) -> Metric:
    if kind.measure is not None:
        return _histogram(name, text, journal.histogram(kind))
    if kind.label is None:
        return CounterMetricFamily(f"trio_sfu_{name}", text, value=journal.count(kind))
    family = CounterMetricFamily(f"trio_sfu_{name}", text, labels=[kind.label])
    for value, count in _by_label(journal, kind).items():
        family.add_metric([value], count)
    return family


def _by_label(journal: Journal, kind: type[events.Fact]) -> dict[str, int]:
    return {**dict.fromkeys(kind.labels, 0), **journal.by_label(kind)}


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    buckets = [(_bound(bound), n) for bound, n in histogram.cumulative()]
    return HistogramMetricFamily(
        f"trio_sfu_{name}", text, buckets=buckets, sum_value=histogram.total
    )


def _bound(seconds: float) -> str:
    return "+Inf" if seconds == inf else str(float(seconds))
