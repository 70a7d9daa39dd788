"""A room of four, one of them on a terrible network: what the others notice of it."""

import time
from collections.abc import Sequence

from benchmarks.quality.analysis import freezes, growth, outbound, share_of_time
from benchmarks.quality.charts import (
    frames_panel,
    link_panel,
    picture_panel,
    sent_panel,
)
from benchmarks.quality.drawing import Panel
from benchmarks.quality.marks import Mark
from benchmarks.quality.people import LIGHT, Cast
from benchmarks.quality.profile import Profile
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import (
    PUBLISHER,
    QUEUE,
    VIEWER,
    Facts,
    Scenario,
    Stage,
)

OTHERS = ("bob", "cid")
TOP = LIGHT.camera[1]
WITHOUT = (0.0, 25.0)
JOINS = 27.0
COMING = (27.0, 40.0)
"""The page alone takes her up to ten seconds. Then she costs them what anybody does who comes: a
keyframe, after which the publisher's encoder leaves out pictures."""
WITH = (40.0, 65.0)
LINK = Profile(rates=((0.0, 300_000),), delay=200, queue=QUEUE, loss=10)


def _play(cast: Cast, stage: Stage) -> Facts:
    publisher = cast.seat(PUBLISHER, films=True)
    others = [cast.seat(name) for name in OTHERS]
    terrible = cast.seat(VIEWER, far=True)
    for seat in (publisher, *others):
        seat.join()
    time.sleep(4)
    settled = [cast.settle(seat, PUBLISHER, TOP, within=10) for seat in others]
    stage.go()
    stage.until(JOINS)
    terrible.person.open(f"{terrible.url}/quality?name={VIEWER}&join")
    stage.until(WITH[1])
    return {"top after": settled}


def _judge(recording: Recording) -> list[Mark]:
    marks = []
    for name in OTHERS:
        frames = recording.frames(name, PUBLISHER)
        frozen = [
            sum(each.seconds for each in freezes(frames, *phase))
            for phase in (WITHOUT, WITH, COMING)
        ]
        top = [100 * share_of_time(frames, *phase).get(TOP, 0.0) for phase in (WITHOUT, WITH)]
        marks += [
            Mark(f"{name}: top layer without her", top[0], "% of the time", at_least=90),
            Mark(f"{name}: less of it with her", top[0] - top[1], "points", at_most=5),
            Mark(f"{name}: frozen without her", frozen[0], "s"),
            Mark(f"{name}: frozen while she comes", frozen[2], "s"),
            Mark(f"{name}: more of it with her", frozen[1] - frozen[0], "s", at_most=0.3),
        ]
    sent, asked = (
        [
            growth(
                [(at, outbound(each, "video", field)) for at, each in recording.samples(PUBLISHER)],
                *phase,
            )
            for phase in (WITHOUT, WITH)
        ]
        for field in ("bytesSent", "pliCount")
    )
    shown = recording.frames(VIEWER, PUBLISHER)
    return [
        *marks,
        Mark("the publisher sends, of before", sent[1] / max(sent[0], 1), "x", at_least=0.9),
        Mark("keyframes asked of it with her", asked[1], "in 25 s"),
        Mark("she herself: frames shown", sum(WITH[0] <= f.at < WITH[1] for f in shown) / 25, "/s"),
    ]


def _panels(recording: Recording) -> Sequence[Panel]:
    return [
        picture_panel(recording, OTHERS),
        sent_panel(recording),
        link_panel(recording, "down", recording.facts["capacity"]["down"], VIEWER),
        picture_panel(recording, [VIEWER]),
        frames_panel(recording, VIEWER),
    ]


def terrible_viewer() -> Scenario:
    """Return a room of four in which one has 300 kbit/s, 10 % loss and 200 ms each way."""
    title = "A room of four; after 27 s vera comes: 300 kbit/s, 10 % loss, 200 ms"
    up = Profile(delay=LINK.delay, loss=LINK.loss)
    return Scenario("terrible", title, LINK, up, WITH[1], _play, _judge, _panels, LIGHT)
