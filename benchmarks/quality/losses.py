"""Links that lose packets: each for itself, or in bursts."""

from benchmarks.quality.analysis import freezes, growth, inbound
from benchmarks.quality.charts import viewer_panels
from benchmarks.quality.marks import Mark
from benchmarks.quality.profile import Bursts, Profile
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import DELAY, PUBLISHER, QUEUE, VIEWER, Scenario, one_viewer

SECONDS = 60.0
CAPACITY = 5_000_000
BURSTS = Bursts(begin=1, end=25)
"""Runs of four packets on average, 3.8 % of all."""


def sent_frames(recording: Recording, start: float, end: float) -> float:
    """Return how many frames the publisher sent of the encoding of which it sent most."""
    counts: dict[str, list[tuple[float, float]]] = {}
    for at, sample in recording.samples(PUBLISHER):
        for each in sample["outbound"]:
            if each.get("kind") == "video" and each.get("rid"):
                counts.setdefault(each["rid"], []).append((at, each.get("framesSent") or 0))
    return max((growth(count, start, end) for count in counts.values()), default=0.0)


def concealed(recording: Recording, viewer: str, start: float, end: float) -> float:
    """Return the share of the sound that was made up, pauses aside."""

    def grown(field: str) -> float:
        samples = recording.samples(viewer)
        return growth([(at, inbound(each, "audio", field)) for at, each in samples], start, end)

    return (grown("concealedSamples") - grown("silentConcealedSamples")) / max(
        grown("totalSamplesReceived"), 1
    )


def losing(name: str, title: str, *, frames: float, loss: float = 0, bursts: Bursts | None = None,
           concealment: float | None = None) -> Scenario:  # fmt: skip
    """Return a link on the way to the viewer that loses packets. ``frames``: percent to decode."""

    def judge(recording: Recording) -> list[Mark]:
        samples = recording.samples(VIEWER)
        decoded = growth(
            [(at, inbound(each, "video", "framesDecoded")) for at, each in samples], 0, SECONDS
        )
        frozen = freezes(recording.frames(VIEWER, PUBLISHER), 0, SECONDS)
        estimates = [value for at, value in recording.estimates(VIEWER) if at > 10]
        made_up = 100 * concealed(recording, VIEWER, 0, SECONDS)
        return [
            Mark(
                "frames decoded, of those sent",
                100 * decoded / max(sent_frames(recording, 0, SECONDS), 1),
                "%",
                at_least=frames,
            ),
            Mark(
                "frozen",
                100 * sum(each.seconds for each in frozen) / SECONDS,
                "%",
                at_most=2,
            ),
            Mark("longest freeze", max((each.seconds for each in frozen), default=0), "s"),
            Mark("sound concealed", made_up, "%", at_most=concealment),
            Mark("lowest estimate", min(estimates, default=float("nan")) / 1e6, "Mbit/s"),
        ]

    link = Profile(rates=((0.0, CAPACITY),), delay=DELAY, queue=QUEUE, loss=loss, bursts=bursts)
    up = Profile(delay=DELAY)
    return Scenario(name, title, link, up, SECONDS, one_viewer(SECONDS), judge, viewer_panels)


def all_losses() -> list[Scenario]:
    """Return 2, 5 and 10 % of random loss, and bursts."""
    return [
        losing("loss-2", "2 % of the packets are lost", loss=2, frames=97),
        losing("loss-5", "5 % of the packets are lost", loss=5, frames=94, concealment=3),
        losing("loss-10", "10 % of the packets are lost", loss=10, frames=90),
        losing("bursts", "Bursts of loss: 3.8 % in runs of four", bursts=BURSTS, frames=94),
    ]
