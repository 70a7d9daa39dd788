"""One TCP flow (CUBIC) on the viewer's link."""

import subprocess
import time

from benchmarks.quality.analysis import freezes, share_of_time, used
from benchmarks.quality.charts import viewer_panels
from benchmarks.quality.drawing import Line, Panel
from benchmarks.quality.marks import Mark
from benchmarks.quality.path import NEAR_ADDRESS
from benchmarks.quality.people import Cast
from benchmarks.quality.profile import Profile
from benchmarks.quality.recording import TCP, UDP, Recording
from benchmarks.quality.scenario import (
    DELAY,
    PUBLISHER,
    QUEUE,
    TOP,
    VIEWER,
    Facts,
    Scenario,
    Stage,
)
from tests.process.patience import eventually

CAPACITY = 4_000_000
STARTS, ENDS, OVER = 5.0, 50.0, 60.0
SETTLED = 15.0
PORT = "5201"


def _play(cast: Cast, stage: Stage) -> Facts:
    publisher, viewer = cast.seat(PUBLISHER, films=True), cast.seat(VIEWER, far=True)
    near, far = cast.path.near.prefix, cast.path.far.prefix
    publisher.join()
    time.sleep(5)
    viewer.join()
    settled = cast.settle(viewer, PUBLISHER, TOP, within=12)
    with (cast.folder / "iperf3.log").open("w") as log:
        command = [*near, "iperf3", "--server", "--one-off", "--port", PORT]
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            listening = [*near, "ss", "-Hltn", f"sport = :{PORT}"]
            eventually(
                lambda: subprocess.run(listening, capture_output=True, check=True).stdout,
                within=5,
                why="iperf3 to listen",
            )
            stage.go()
            stage.until(STARTS)
            flow = ["iperf3", "--client", NEAR_ADDRESS, "--port", PORT, "--reverse"]
            seconds = ["--time", f"{ENDS - STARTS:.0f}", "--congestion", "cubic"]
            client = subprocess.Popen([*far, *flow, *seconds], stdout=log, stderr=log)
            stage.until(OVER)
            client.wait(10)
        finally:
            server.terminate()
            server.wait(10)
    return {"top after": settled}


def _judge(recording: Recording) -> list[Mark]:
    packets = recording.packets["down"]
    shares = [
        100 * used([p for p in packets if p.protocol == kind], SETTLED, ENDS) / CAPACITY
        for kind in (UDP, TCP)
    ]
    frames = recording.frames(VIEWER, PUBLISHER)
    frozen = freezes(frames, STARTS, ENDS)
    shown = share_of_time(frames, SETTLED, ENDS)
    return [
        Mark("media's share of the link", shares[0], "%", at_least=25),
        Mark("TCP's share of the link", shares[1], "%", at_least=25),
        Mark("longest freeze", max((each.seconds for each in frozen), default=0), "s"),
        Mark("frozen in all", sum(each.seconds for each in frozen), "s"),
        Mark("top layer", 100 * shown.get(TOP, 0.0), "% of the time"),
    ]


def _panels(recording: Recording) -> list[Panel]:
    lines = []
    for name, kind, colour in (("media", UDP, "#26c"), ("TCP", TCP, "#d80")):
        packets = [p for p in recording.packets["down"] if p.protocol == kind and p.delivered]
        rates = [
            (float(at), used(packets, at - 1, at) / 1e6)
            for at in range(1, int(recording.seconds) + 1)
        ]
        lines.append(Line(name, rates, colour, step=True))
    return [
        Panel("came through, Mbit/s", lines, top=4.5, height=180),
        *viewer_panels(recording),
    ]


def tcp() -> Scenario:
    """Return a link of 4 Mbit/s that media and one TCP flow share."""
    return Scenario(
        "tcp",
        "4 Mbit/s shared with one TCP flow (CUBIC) from 5 s to 50 s",
        Profile(rates=((0.0, CAPACITY),), delay=DELAY, queue=QUEUE),
        Profile(delay=DELAY),
        OVER,
        _play,
        _judge,
        _panels,
    )
