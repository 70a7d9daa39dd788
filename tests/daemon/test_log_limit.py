"""How many lines the log gets, whatever happens, and what is said of the rest."""

import io
import json
from collections import Counter, deque
from collections.abc import Iterator
from unittest import mock

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from trio_sfu import events, logging
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.log_limit import KINDS, OTHER, LineLimit

LINES = 30
KIND = st.sampled_from(["peer joined", "peer left", "join refused", "room crashed"])
LEVEL = st.sampled_from(["info", "warning", "error"])


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.set_level("info")


@given(st.lists(st.tuples(st.floats(0, 0.2), KIND, LEVEL), max_size=400))
def test_there_are_never_more_in_a_second(lines: list[tuple[float, str, str]]) -> None:
    limit, now, told = LineLimit(LINES), 100.0, 0
    written: deque[float] = deque()
    for passed, kind, level in lines:
        now += passed
        if limit.admits(now, kind, level):
            written.append(now)
        if (summary := limit.summary(now)) is not None:
            written.append(now)
            told += sum(summary.values())
        while written and now - written[0] >= 1:
            written.popleft()
        assert len(written) <= LINES
    rest = limit.summary(now + 10) or {}
    assert told + sum(rest.values()) <= len(lines)


@given(st.lists(st.tuples(st.floats(0, 0.2), KIND, LEVEL), max_size=400))
def test_every_line_is_written_or_counted(lines: list[tuple[float, str, str]]) -> None:
    limit, now = LineLimit(LINES), 100.0
    seen: Counter[str] = Counter()
    for passed, kind, level in lines:
        now += passed
        seen[kind] += limit.admits(now, kind, level)
        seen.update(limit.summary(now) or {})
    seen.update(limit.summary(now + 10) or {})
    assert +seen == Counter(kind for _, kind, _ in lines)


def test_what_is_rare_is_not_crowded_out_by_what_is_frequent() -> None:
    limit = LineLimit(LINES)
    written = [limit.admits(0.0, "peer joined", "info") for _ in range(1_000)]
    assert 0 < sum(written) <= LINES / 4
    assert limit.admits(0.0, "room opened", "info")
    assert limit.admits(0.1, "overload changed", "warning")
    assert limit.admits(0.2, "engine failed", "error")


def test_errors_have_room_when_there_are_many_warnings() -> None:
    limit = LineLimit(LINES)
    for number in range(100):
        limit.admits(0.0, f"warning {number}", "warning")
    assert limit.admits(0.0, "room crashed", "error")


def test_errors_are_limited_too() -> None:
    limit = LineLimit(LINES)
    assert sum(limit.admits(0.0, f"error {n}", "error") for n in range(100)) == LINES - 1


def test_kinds_that_are_told_are_bounded() -> None:
    limit = LineLimit(1)
    for number in range(10 * KINDS):
        limit.admits(0.0, f"kind {number}", "info")
    summary = limit.summary(5.0)
    assert summary is not None
    assert len(summary) == KINDS + 1
    assert summary[OTHER] == 9 * KINDS


def test_without_a_limit_all_is_written() -> None:
    limit = LineLimit(0)
    assert all(limit.admits(0.0, "peer joined", "info") for _ in range(1_000))
    assert limit.summary(10.0) is None


def test_the_log_says_what_it_has_left_out() -> None:
    stream = io.StringIO()
    with mock.patch("time.monotonic", return_value=100.0):
        logging.configure("info", "json", stream, LINES)
        for _ in range(50):
            logging.log_fact(events.PeerJoined(RoomId("r"), PeerId("p")))
        logging.log_fact(events.PeerLeft(RoomId("r"), PeerId("p"), "left"))
        logging.tell_left_out()
        logging.tell_left_out()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    counts = Counter(line["event"] for line in lines)
    assert counts["peer left"] == counts["log lines left out"] == 1
    summary = lines[-1]
    assert (summary["event"], summary["level"]) == ("log lines left out", "warning")
    assert summary["lines"] == 50 - counts["peer joined"]
    assert summary["kinds"] == {"peer joined": summary["lines"]}
