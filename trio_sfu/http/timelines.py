"""``/api/v1/timelines``: what happened to one peer, step by step, also after it has gone."""

from datetime import datetime

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from trio_sfu.events import Journal
from trio_sfu.events.timeline import Side, Timeline
from trio_sfu.http.operations import Operation, Parameter, answer
from trio_sfu.http.refusals import CodedError


class StepReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step, ``at`` seconds after the peer joined.

    ``times`` it was so, the last time at ``until``. ``address`` is there when it was asked for.
    """

    at: float
    side: Side
    what: str
    detail: str = ""
    address: str = ""
    times: int = 1
    until: float | None = None


class TimelineSummary(Struct, frozen=True, kw_only=True):
    """Whose timeline it is. ``by`` and ``reason`` say who ended the peer and why.

    ``seconds`` is how long it was there, or has been. ``code`` is what its client was told,
    ``failure`` the record of the error that was the reason. All four are "" while it is there.
    """

    peer: str
    room: str
    began: datetime
    seconds: float
    here: bool
    by: str = ""
    reason: str = ""
    code: str = ""
    failure: str = ""


class TimelineList(Struct, frozen=True, kw_only=True):
    """All that are kept, those that went first."""

    timelines: list[TimelineSummary]


class TimelineReport(Struct, frozen=True, kw_only=True):
    """A timeline; ``left_out`` counts steps between the first and the newest."""

    summary: TimelineSummary
    steps: list[StepReport]
    left_out: int = 0


def timeline_operations(journal: Journal) -> list[Operation]:
    """Return the operations."""
    does = _Answers(journal)
    return [
        Operation("GET", "/timelines", does.timelines, TimelineList),
        Operation(
            "GET",
            "/timelines/{peer}",
            does.timeline,
            TimelineReport,
            errors=("bad-request", "not-found"),
            parameters=(Parameter("addresses", "query", "Whether addresses are shown.", bool),),
        ),
    ]


class _Answers:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def timelines(self, _request: Request) -> Response:
        """List whose timelines are kept."""
        found = [_summary(each) for each in self._journal.timelines.all()]
        return answer(TimelineList(timelines=found))

    async def timeline(self, request: Request) -> Response:
        """Show what happened to a peer, step by step, also after it has gone."""
        addresses = request.query_params.get("addresses", "false")
        if addresses not in {"true", "false"}:
            raise CodedError("bad-request", "addresses is true or false")
        found = self._journal.timelines.find(request.path_params["peer"])
        if found is None:
            raise CodedError("not-found", "there is no such peer, and was none lately")
        return answer(_report(found, addresses=addresses == "true"))


def _summary(timeline: Timeline) -> TimelineSummary:
    ending = timeline.ending
    return TimelineSummary(
        peer=timeline.peer,
        room=timeline.room,
        began=timeline.began,
        seconds=timeline.seconds,
        here=ending is None,
        by=ending.by if ending is not None else "",
        reason=ending.reason if ending is not None else "",
        code=ending.code if ending is not None else "",
        failure=ending.failure if ending is not None else "",
    )


def _report(timeline: Timeline, *, addresses: bool) -> TimelineReport:
    steps = [
        StepReport(
            at=step.at,
            side=step.side,
            what=step.what,
            detail=step.detail,
            address=step.address if addresses else "",
            times=step.times,
            until=step.until if step.times > 1 else None,
        )
        for step in timeline.steps()
    ]
    return TimelineReport(summary=_summary(timeline), steps=steps, left_out=timeline.left_out)
