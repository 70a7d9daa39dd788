import io
import json
from collections.abc import Iterator

import msgspec
import pytest
import structlog

from trio_sfu import events, logging
from trio_sfu.ids import PeerId, RoomId


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def logged(*facts: events.Fact, level: logging.Level = "info") -> list[dict[str, object]]:
    stream = io.StringIO()
    logging.configure(level, "auto", stream)
    for fact in facts:
        logging.log_fact(fact)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def crash() -> events.PeerCrashed:
    try:
        try:
            raise KeyError("the cause")
        except KeyError as cause:
            raise RuntimeError("what came of it") from cause
    except RuntimeError as error:
        group = ExceptionGroup("tasks", [error])
        failure = events.Failure.of(group, code="peer-failed", path="r/p/requests")
        return events.PeerCrashed(failure, RoomId("r"), PeerId("p"))


def test_a_fact_is_one_json_object_when_nobody_watches() -> None:
    (line,) = logged(events.PeerLeft(RoomId("r"), PeerId("p"), "gone"))
    assert line.pop("timestamp")
    assert line == {
        "event": "peer left",
        "level": "info",
        "room": "r",
        "peer": "p",
        "reason": "gone",
    }


def test_a_fact_is_one_readable_line_on_a_terminal() -> None:
    stream = io.StringIO()
    logging.configure("info", "text", stream)
    logging.log_fact(events.PeerJoined(RoomId("r"), PeerId("p")))
    (line,) = stream.getvalue().splitlines()
    assert "peer joined" in line
    assert "room=r" in line


def test_a_crash_is_one_entry_with_its_path_and_its_causes() -> None:
    noted = crash()
    (line,) = logged(noted)
    assert line["level"] == "error"
    assert (line["room"], line["peer"]) == ("r", "p")
    record = json.loads(msgspec.json.encode(noted.failure))
    for name in ("id", "code", "path", "causes"):
        assert line[name] == record[name]
    first, second = str(line["exception"]).splitlines()
    assert first.startswith("RuntimeError: what came of it, at ")
    assert second.startswith("  because of KeyError: 'the cause', at ")


def test_the_level_is_kept() -> None:
    joined = events.PeerJoined(RoomId("r"), PeerId("p"))
    assert logged(joined, level="warning") == []
    assert len(logged(joined, crash(), level="error")) == 1


def test_no_fact_has_room_for_a_name() -> None:
    for kind in events.FACTS:
        assert not {"name", "display_name", "address"} & set(kind.__slots__)
