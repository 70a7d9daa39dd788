"""A timeline as text."""

from datetime import UTC, datetime

from trio_sfu.console.timeline import render, render_list
from trio_sfu.events.timeline import FIRST
from trio_sfu.http.timelines import StepReport, TimelineReport, TimelineSummary

BEGAN = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
GONE = TimelineSummary(
    peer="p-000000000a",
    room="standup",
    began=BEGAN,
    seconds=65.0,
    here=False,
    by="server",
    reason="failed",
    code="peer-failed",
    failure="f-12345678",
)
HERE = TimelineSummary(peer="p-000000000b", room="standup", began=BEGAN, seconds=3.0, here=True)


def test_a_step_is_a_line() -> None:
    steps = [
        StepReport(at=0.0, side="client", what="join"),
        StepReport(at=0.25, side="media", what="ICE path", detail="IPv4", address="192.0.2.7 9"),
        StepReport(at=1.0, side="server", what="slot-state", detail="v0 h", times=3, until=60.5),
    ]
    assert render(TimelineReport(summary=GONE, steps=steps)).splitlines() == [
        "peer p-000000000a in room standup",
        "joined 2026-03-01 12:30:05 UTC, for 1m05s",
        "ended by the server: failed, told peer-failed, because of f-12345678",
        "",
        "     0.000  client  join",
        "     0.250  media   ICE path    IPv4  [192.0.2.7 9]",
        "     1.000  server  slot-state  v0 h  (3 times, until 60.500)",
    ]


def test_what_was_left_out_is_said_where_it_was() -> None:
    steps = [StepReport(at=float(n), side="client", what="ping") for n in range(FIRST + 2)]
    lines = render(TimelineReport(summary=HERE, steps=steps, left_out=7)).splitlines()
    assert lines[2] == "is there"
    assert lines[4 + FIRST].split() == ["…", "7", "steps", "left", "out"]


def test_a_list_has_a_line_for_each() -> None:
    assert render_list([GONE, HERE]).splitlines() == [
        "p-000000000a  standup  12:30:05 UTC  1m05s  ended by the server: failed, told peer-failed,"
        " because of f-12345678",
        "p-000000000b  standup  12:30:05 UTC  3.0s  is there",
    ]
    assert "No timeline" in render_list([])
