"""What every test may use."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.process.daemon import Daemon, running_daemon

# The machine is shared, so an example's time says nothing about the code. And each run tries
# the same examples: a change is judged by itself.
settings.register_profile("trio-sfu", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("trio-sfu")
# `make soak` asks for it, and looks for others.
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=5_000)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def artifacts(request: pytest.FixtureRequest) -> Path:
    """A folder for what helps to understand a failure; CI keeps ``artifacts/``."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.nodeid.removeprefix("tests/"))
    folder = ROOT / "artifacts" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def daemon(artifacts: Path) -> Iterator[Daemon]:
    """A daemon of the test's own, with defaults; it must end cleanly."""
    with running_daemon(artifacts) as running:
        yield running


MEASUREMENTS = pytest.StashKey[dict[str, str]]()

Measure = Callable[[str, str], None]


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Note a number: ``measure("join", "230 ms")``. The end of the run lists them."""
    noted = request.config.stash.setdefault(MEASUREMENTS, {})

    def note(what: str, value: str) -> None:
        noted[what] = value

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what was measured, and keep it for CI."""
    noted = terminalreporter.config.stash.get(MEASUREMENTS, {})
    if not noted:
        return
    terminalreporter.section("measured")
    for what, value in noted.items():
        terminalreporter.write_line(f"{what}: {value}")
    # Two runs may go on at once (tools/test).
    kept = ROOT / os.environ.get("MEASUREMENTS_FILE", "artifacts/measurements.json")
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(noted, indent=1) + "\n")


def pytest_report_header() -> list[str]:
    """Say what decides how the tests run."""
    return [f"cores: {os.cpu_count()}, root: {os.geteuid() == 0}"]
