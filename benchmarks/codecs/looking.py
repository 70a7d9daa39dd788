"""What a viewer gets of a layer."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.codecs.modes import Layer
from tests.browser.participant import Participant
from tests.process.patience import eventually

LOOK = 3.0
"""Seconds that a layer is looked at."""

NUMBERS = """async () => {
    const report = await window.trioSfu.pc.getStats();
    const all = [...report.values()].filter((s) =>
        s.type === "inbound-rtp" && s.kind === "video" && s.framesDecoded);
    return all.map((s) => ({
        codec: report.get(s.codecId)?.mimeType.toLowerCase(),
        decoded: s.framesDecoded,
        plis: s.pliCount ?? 0,
        freezes: s.freezeCount ?? 0,
        lost: s.packetsLost,
    }))[0] ?? null;
}"""


@dataclass(frozen=True)
class Seen:
    """How a layer came: pictures a second, and what a decoder complained of."""

    layer: str
    codec: str
    rate: float
    plis: int
    right: bool
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether it is decoded without an error."""
        return not self.error and self.right and not self.plis and self.rate > 0


def steer(file: Path, layer: Layer) -> None:
    """Have every viewer be shown a layer."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps([layer.rid, layer.spatial, layer.temporal]))
    new.rename(file)


def look(viewer: Participant, publisher: Participant, layer: Layer, within: float) -> Seen:
    """Wait for a layer at a viewer, and watch it for some time."""

    def numbers() -> dict[str, Any]:
        return dict(viewer.page.run(NUMBERS) or {})

    try:
        viewer.sees_size(publisher.name, layer.size, within=within)
        eventually(
            lambda: viewer.see("pattern", publisher.name) == publisher.pattern,
            within=5,
            why="the picture",
        )
        time.sleep(0.5)  # what is on its way of the layer before
        before, begun = numbers(), time.monotonic()
        time.sleep(LOOK)
        after, took = numbers(), time.monotonic() - begun
        right = viewer.see("pattern", publisher.name) == publisher.pattern
        broken = viewer.see("broken", publisher.name) or ""
    except AssertionError as error:
        return Seen(layer.name, "", 0.0, 0, right=False, error=str(error))
    rate = round((after["decoded"] - before["decoded"]) / took, 1)
    plis = after["plis"] - before["plis"]
    return Seen(layer.name, after["codec"], rate, plis, right, broken)


def as_row(seen: Seen) -> dict[str, Any]:
    """Return it for the JSON file."""
    return {**asdict(seen), "good": seen.good}
