"""A peer's timeline as text, and the list of those that are kept. Pure."""

from collections.abc import Iterator, Sequence

from trio_sfu.events.timeline import FIRST
from trio_sfu.http.timelines import StepReport, TimelineReport, TimelineSummary
from trio_sfu.tree.text import duration


def render(report: TimelineReport) -> str:
    """Return the timeline as lines, each ended."""
    return "".join(f"{line}\n" for line in _lines(report))


def render_list(timelines: Sequence[TimelineSummary]) -> str:
    """Return a line for each, those that went first."""
    if not timelines:
        return "No timeline is kept: nobody is there, or was within the last ten minutes.\n"
    return "".join(f"{_entry(each)}\n" for each in timelines)


def _lines(report: TimelineReport) -> Iterator[str]:
    summary = report.summary
    yield f"peer {summary.peer} in room {summary.room}"
    yield f"joined {summary.began:%Y-%m-%d %H:%M:%S} UTC, for {duration(summary.seconds)}"
    yield _how(summary)
    yield ""
    width = max((len(step.what) for step in report.steps), default=0)
    for number, step in enumerate(report.steps):
        if number == FIRST and report.left_out:
            yield f"{'…':>10}  {report.left_out} steps left out"
        yield _line(step, width)


def _entry(summary: TimelineSummary) -> str:
    when = f"{summary.began:%H:%M:%S} UTC  {duration(summary.seconds)}"
    return f"{summary.peer}  {summary.room}  {when}  {_how(summary)}"


def _line(step: StepReport, width: int) -> str:
    line = f"{step.at:10.3f}  {step.side:6}  {step.what:{width}}  {step.detail}"
    if step.address:
        line += f"  [{step.address}]"
    if step.until is not None:
        line += f"  ({step.times} times, until {step.until:.3f})"
    return line.rstrip()


def _how(summary: TimelineSummary) -> str:
    if summary.here:
        return "is there"
    told = f", told {summary.code}" if summary.code else ""
    because = f", because of {summary.failure}" if summary.failure else ""
    return f"ended by the {summary.by}: {summary.reason}{told}{because}"
