"""The systemd unit."""

import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parent.parent.parent / "systemd" / "trio-sfu.service"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists: where it is installed is the operator's choice."""
    lines = [
        "ExecStart=/bin/true serve" if line.startswith("ExecStart=") else line
        for line in UNIT.read_text().splitlines()
    ]
    copy = tmp_path / UNIT.name
    copy.write_text("\n".join(lines) + "\n")
    return copy


def verify(unit: Path) -> str:
    """Return all that systemd says of a unit; it exits with 0 even for unknown keys."""
    ended = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    return ended.stdout + ended.stderr


def test_systemd_has_nothing_to_say(unit: Path) -> None:
    assert verify(unit) == ""


def test_verifying_would_notice(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("Type=notify", "Type=notify\nNoSuchKey=1"))
    assert "NoSuchKey" in verify(unit)
