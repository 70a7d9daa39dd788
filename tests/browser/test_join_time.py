"""How long a join takes (issue 2, point 7)."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.join.measuring import ROOM, summary, table, time_joins
from tests.browser.participant import PersonFactory, chromium_of
from tests.process.daemon import Daemon

JOINS = 20
BOUND_MS = 1_500
"""Ten times what is usual on an idle machine: a step that waits for a timer would show."""


def test_twenty_joins(
    daemon: Daemon, person: PersonFactory, artifacts: Path, measure: Callable[[str, str], None]
) -> None:
    person("alice", fps=30).join(daemon.url, ROOM)
    joins = time_joins(chromium_of(person("bob")), daemon.url, JOINS)

    (artifacts / "joins.txt").write_text("\n".join(table(joins)) + "\n")
    frame = summary(joins)["frame"]
    measure(
        f"socket open to first decoded frame, {JOINS} joins",
        f"median {frame['median']:.0f} ms, {frame['min']:.0f} to {frame['max']:.0f} ms",
    )
    assert frame["median"] < BOUND_MS
