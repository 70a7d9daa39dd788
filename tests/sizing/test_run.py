"""A short run, in this process: what it finds, and that nothing is left of it."""

import gc
from pathlib import Path

import pytest

from tests.process.patience import eventually
from trio_sfu.config.model import Config
from trio_sfu.sizing.command import size_up
from trio_sfu.sizing.forwarding import measure_forwarding
from trio_sfu.trial import client, stage
from trio_sfu.trial.client import Client
from trio_sfu.trial.errors import TrialError


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def threads() -> int:
    # A client's encoder has threads, ends with what holds it, and that is held by itself.
    gc.collect()
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def test_a_run_finds_figures_and_leaves_nothing() -> None:
    size_up(Config(), seconds=0.5, subscribers=2, headroom=0.6)  # What stays is there now.
    before = descriptors(), threads()
    report = size_up(Config(), seconds=1, subscribers=5, headroom=0.6)
    assert descriptors() == before[0]
    names = [(task / "comm").read_text() for task in Path("/proc/self/task").iterdir()]
    assert not [name for name in names if name.startswith("sfu-worker")]
    # trio keeps the threads it has lent for 10 s.
    eventually(lambda: threads() <= before[1], within=20, why="threads to end")
    measured = report.measured
    assert measured.checked >= 5
    assert measured.arrived > 0.5
    for nanos in (measured.video_ns, measured.audio_ns, measured.received_ns):
        assert 300 < nanos < 3_000_000
    assert 500_000 < measured.join_ns < 2_000_000_000
    assert report.prediction.streams_a_core > 0


def test_a_port_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors(), threads()
    monkeypatch.setattr(client, "ANSWER", 0.05)
    monkeypatch.setattr(stage.Stage, "settle", lambda *_: None)
    with pytest.raises(TrialError, match=r"no answer from 127\.0\.0\.1 UDP port") as caught:
        measure_forwarding(1, 0.1)
    assert caught.value.code == "trial-no-answer"
    assert descriptors() == before[0]
    assert threads() <= before[1]  # Trio's of the test before may have ended meanwhile.


def test_packets_that_are_damaged_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    send = Client.send

    def damaged(self: Client, packet: bytes) -> None:
        send(self, packet[:-1] + b"x")

    monkeypatch.setattr(Client, "send", damaged)
    with pytest.raises(TrialError, match="not what was sent") as caught:
        measure_forwarding(1, 0.5)
    assert caught.value.code == "trial-damaged"


def test_packets_that_do_not_come_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.Stage, "show", lambda *_: None)
    with pytest.raises(TrialError, match="did not come through") as caught:
        measure_forwarding(1, 0.5)
    assert caught.value.code == "trial-failed"
