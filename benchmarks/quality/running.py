"""Plays a scenario once: the path, the daemon, the people, and what is left of them."""

import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import BrowserType

from benchmarks.quality.path import NEAR_ADDRESS, Backend, bad_path
from benchmarks.quality.people import cast
from benchmarks.quality.profile import Profile
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import Scenario, Stage
from tests.process.daemon import running_daemon

SETTINGS = {
    "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (of the namespace)
    "TRIO_SFU_AUTH_OPEN": "true",
    "TRIO_SFU_MEDIA_ADDRESSES": NEAR_ADDRESS,
}


def run(
    scenario: Scenario, chromium: BrowserType, folder: Path, *, seed: int, backend: Backend
) -> Recording:
    """Play the scenario and return what was noted; all files are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    watching = [sys.executable, "-m", "benchmarks.quality.watched_daemon"]
    load = os.getloadavg()[0]
    with ExitStack() as stack:
        path = stack.enter_context(
            bad_path(scenario.down, scenario.up, folder, seed=seed, backend=backend)
        )
        stack.enter_context(path.near.inside())
        daemon = stack.enter_context(
            running_daemon(
                folder,
                environment=SETTINGS | scenario.environment,
                program=[*watching, str(folder / "engine.jsonl")],
            )
        )
        people = stack.enter_context(cast(chromium, path, daemon, folder, scenario.picture))
        stage = Stage(path.go)
        busy = time.monotonic(), _busy()
        facts = scenario.play(people, stage)
        facts["load before"] = load
        facts["processors used"] = (_busy() - busy[1]) / (time.monotonic() - busy[0])
        notes = {seat.name: seat.watched() for seat in people.seats}
        for seat in people.seats:
            seat.browser.screenshot(folder / f"{seat.name}.png")
            (folder / f"{seat.name}-console.log").write_text("\n".join(seat.browser.console))
    facts["capacity"] = {
        "down": _capacity(scenario.down, scenario.seconds),
        "up": _capacity(scenario.up, scenario.seconds),
    }
    for camera in folder.glob("*.y4m"):
        camera.unlink()
    (folder / "notes.json").write_text(json.dumps(notes))
    return Recording(folder, stage.began, stage.began_monotonic, scenario.seconds, notes, facts)


def _capacity(profile: Profile, end: float) -> list[tuple[float, float]]:
    steps = [(at, float(bits)) for at, bits in profile.rates]
    return [*steps, (end, steps[-1][1])] if steps else []


def _busy() -> float:
    """Return the seconds all processors of the machine have worked, whoever for."""
    user, nice, system = (int(word) for word in Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")
