"""``/metrics`` in Prometheus' text format: read from what the daemon keeps anyway."""

from collections.abc import Iterator
from math import inf
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from trio_sfu import events
from trio_sfu.events import Journal

__all__ = ["CONTENT_TYPE_LATEST", "Measured", "render"]


class Measured(Protocol):
    """What the metrics are read from."""

    journal: Journal

    def census(self) -> dict[str, int]:
        """Return what exists now."""
        ...

    def engine_counters(self) -> dict[str, int]:
        """Return the engine's monotonic counters."""
        ...


def render(measured: Measured) -> bytes:
    """Return the text of ``/metrics``."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Daemon(measured))
    return generate_latest(registry)


class _Daemon(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        for name, value in self._measured.census().items():
            yield GaugeMetricFamily(f"trio_sfu_{name}", f"{name} that exist now", value=value)
        for name, value in self._measured.engine_counters().items():
            yield CounterMetricFamily(f"trio_sfu_engine_{name}", f"engine: {name}", value=value)
        yield from _from_journal(self._measured.journal)

    def describe(self) -> Iterator[Metric]:
        return iter(())


_LABELLED: list[tuple[str, str, str, type[events.Fact]]] = [
    ("joins_refused", "code", "Joins refused", events.JoinRefused),
    ("peers_left", "reason", "Peers that are gone from their rooms", events.PeerLeft),
    ("signaling_ended", "code", "Signaling sessions the server ended", events.SessionEnded),
    ("requests_refused", "code", "Requests refused", events.RequestRefused),
    ("connections_refused", "reason", "TCP connections refused", events.ConnectionRefused),
]
_PLAIN: list[tuple[str, str, type[events.Fact]]] = [
    ("rooms_opened", "Rooms opened", events.RoomOpened),
    ("room_crashes", "Rooms ended by an error", events.RoomCrashed),
    ("peer_crashes", "Peers ended by an error", events.PeerCrashed),
    ("connection_crashes", "TCP connections ended by an error", events.ConnectionCrashed),
    ("peers_connected", "DTLS handshakes done", events.PeerConnected),
]

_HISTOGRAMS: list[tuple[str, str, type[events.Fact]]] = [
    (
        "peer_teardown_seconds",
        "From the moment a peer's end was decided to the moment nothing of it was left",
        events.PeerTornDown,
    ),
]


def _from_journal(journal: Journal) -> Iterator[Metric]:
    joins = CounterMetricFamily("trio_sfu_joins", "Joins by outcome", labels=["outcome"])
    joins.add_metric(["joined"], journal.count(events.PeerJoined))
    for code, count in journal.by_label(events.JoinRefused).items():
        joins.add_metric([code], count)
    yield joins
    for name, label, text, kind in _LABELLED:
        family = CounterMetricFamily(f"trio_sfu_{name}", text, labels=[label])
        for value, count in journal.by_label(kind).items():
            family.add_metric([value], count)
        yield family
    for name, text, kind in _PLAIN:
        yield CounterMetricFamily(f"trio_sfu_{name}", text, value=journal.count(kind))
    for name, text, kind in _HISTOGRAMS:
        histogram = journal.histogram(kind)
        buckets = [(_bound(bound), n) for bound, n in histogram.cumulative()]
        yield HistogramMetricFamily(
            f"trio_sfu_{name}", text, buckets=buckets, sum_value=histogram.total
        )


def _bound(seconds: float) -> str:
    return "+Inf" if seconds == inf else str(float(seconds))
