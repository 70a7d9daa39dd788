"""A worker that stands still holds up nobody on another, and what waits for it is bounded."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.patience import eventually
from tests.process.threads import stopped, thread_named

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]
PACKETS = 7_000
MOST_PACKETS = 4_096
"""That wait in an engine for another one (native/crates/core/src/relay)."""
RING = 8
"""Batches, each of one turn, under way between two workers (native/crates/driver/src/links.rs)."""
A_TURN = 64
"""More packets than a turn brings at the rate they are spoken with."""
SOUND = 100
"""Packets; of sound an engine keeps little more for anybody."""
GAP = 0.5


class Engine:
    """The program, and what it answers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, what: str) -> dict[str, float]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float]:
        assert self.process.stdout is not None
        answer: dict[str, float] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def relaying() -> Iterator[Engine]:
    command = [sys.executable, "-m", "tests.native.relaying"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        engine = Engine(process)
        try:
            engine.answer()
            yield engine
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_what_waits_for_a_worker_that_stands_still_is_bounded_and_counted(
    measure: Callable[[str, str], None],
) -> None:
    with relaying() as engine:
        before = engine.ask("counters")
        with stopped(thread_named(engine.process.pid, "sfu-worker-1")):
            heard = engine.ask(f"speak {PACKETS}")
            assert heard["near"] == PACKETS, "who is on the worker that turns has missed nothing"
            assert heard["longest"] < GAP

        def grown(name: str) -> float:
            return engine.ask("counters")[name] - before[name]

        eventually(
            lambda: grown("relay_received") == grown("relay_sent"),
            within=10,
            why="all that was kept to be taken",
        )
        waited, dropped = grown("relay_sent"), grown("relay_dropped")
        assert waited + dropped == PACKETS
        assert MOST_PACKETS < waited < MOST_PACKETS + RING * A_TURN
        measure("packets that waited for a worker that stood still", f"{waited:.0f} of {PACKETS}")
        # It sees that some are missing with the first that comes after them, and goes on.
        spoken = engine.ask("speak 200")["spoken"]
        eventually(
            lambda: engine.ask("newest")["newest"] == spoken,
            within=10,
            why="the other to hear again",
        )
        assert (grown("relay_dropped"), grown("relay_gaps")) == (dropped, 1)
        assert grown("relay_received") == waited + 200


def test_two_seconds_of_sound_come_late_and_whole() -> None:
    with relaying() as engine:
        before = engine.ask("counters")
        with stopped(thread_named(engine.process.pid, "sfu-worker-1")):
            assert engine.ask(f"speak {SOUND}")["near"] == SOUND

        def sent() -> float:
            return engine.ask("counters")["far"] - before["far"]

        eventually(lambda: sent() == SOUND, within=10, why="all of them to be sent")
        after = engine.ask("counters")
        for name in ("relay_dropped", "relay_gaps"):
            assert after[name] == before[name], name
