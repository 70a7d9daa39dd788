"""The systemd units, as systemd itself judges them."""

import json
import re
import subprocess
from functools import partial
from pathlib import Path

import pytest

from trio_sfu.config import load, model
from trio_sfu.systemd.units import SERVICE, SOCKETS, UNITS, unit_files

PROGRAM = Path("/bin/true")
MOST_EXPOSED = 1.5


def written(folder: Path, systemd: int = 252, **flags: str) -> dict[str, Path]:
    """The units as they are installed, with a program that exists."""
    config = load(flags={name.replace("__", "."): text for name, text in flags.items()})
    units = {}
    for file in unit_files(config, PROGRAM, systemd):
        place = folder / file.path.relative_to("etc")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.content)
        units[file.path.name] = place
    return units


@pytest.fixture
def units(tmp_path: Path) -> dict[str, Path]:
    return written(tmp_path)


def verify(*units: Path) -> str:
    """Return all that systemd says of units; it exits with 0 even for unknown keys."""
    ended = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout + ended.stderr


def listens(unit: Path) -> list[str]:
    return re.findall(r"^Listen\w+=.*$", unit.read_text(), re.MULTILINE)


def test_systemd_has_nothing_to_say(units: dict[str, Path]) -> None:
    assert verify(*(units[name] for name in (SERVICE, *SOCKETS))) == ""


def test_verifying_would_notice(units: dict[str, Path]) -> None:
    unit = units[SERVICE]
    unit.write_text(unit.read_text().replace("Type=notify", "Type=notify\nNoSuchKey=1"))
    assert "NoSuchKey" in verify(unit)


def test_the_service_is_hardly_exposed(units: dict[str, Path], measure: object) -> None:
    def score(unit: Path) -> float:
        ended = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"Overall exposure level for \S+ (\d+\.\d+)", ended.stdout)
        assert found is not None, ended.stdout + ended.stderr
        return float(found[1])

    exposed = score(units[SERVICE])
    assert callable(measure)
    measure("exposure of the service (systemd-analyze security)", str(exposed))
    assert exposed <= MOST_EXPOSED
    unit = units[SERVICE]
    unit.write_text(unit.read_text().replace("PrivateDevices=yes\n", ""))
    assert score(unit) > exposed, "a line that is left out would be noticed"


def test_the_sockets_are_those_of_the_settings(tmp_path: Path) -> None:
    units = written(
        tmp_path,
        http__host="::1",
        http__port="443",
        media__addresses="192.0.2.7,2001:db8::7",
        media__port="5000",
        media__workers="2",
    )
    assert listens(units["trio-sfu.socket"]) == ["ListenStream=[::1]:443"]
    assert listens(units["trio-sfu-media.socket"]) == [
        "ListenDatagram=192.0.2.7:5000",
        "ListenDatagram=[2001:db8::7]:5000",
        "ListenDatagram=192.0.2.7:5001",
        "ListenDatagram=[2001:db8::7]:5001",
        "ListenStream=192.0.2.7:5000",
        "ListenStream=[2001:db8::7]:5000",
        "ListenStream=192.0.2.7:5001",
        "ListenStream=[2001:db8::7]:5001",
    ]


def test_the_tcp_sockets_for_media_are_where_the_settings_say(tmp_path: Path) -> None:
    folders = tmp_path / "another", tmp_path / "none"
    at = partial(written, media__addresses="192.0.2.7", media__port="5000", media__workers="1")
    another, none = at(folders[0], media__tcp_port="443"), at(folders[1], media__tcp="false")
    datagrams = "ListenDatagram=192.0.2.7:5000"
    streams = "ListenStream=192.0.2.7:443"
    assert listens(another["trio-sfu-media.socket"]) == [datagrams, streams]
    assert listens(none["trio-sfu-media.socket"]) == [datagrams]


def test_there_are_as_many_as_cpus_where_the_settings_leave_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cpus, count in ((1, 1), (4, 4), (48, 8)):
        monkeypatch.setattr(model, "usable_cpus", lambda cpus=cpus: cpus)
        media = written(tmp_path, media__addresses="192.0.2.7")["trio-sfu-media.socket"]
        of_each = [f"192.0.2.7:{7882 + number}" for number in range(count)]
        assert listens(media) == [
            *(f"ListenDatagram={place}" for place in of_each),
            *(f"ListenStream={place}" for place in of_each),
        ]


def test_the_files_in_the_package_are_those_of_one_worker(tmp_path: Path) -> None:
    units = written(tmp_path, media__workers="1")
    folder = Path(__file__).parents[2] / "trio_sfu" / "systemd"
    for name in SOCKETS:
        assert units[name].read_text() == (folder / name).read_text()


def test_only_a_systemd_that_knows_it_is_told_to_wait_for_reloads(tmp_path: Path) -> None:
    older, newer = written(tmp_path / "older", 252), written(tmp_path / "newer", 253)
    assert "notify-reload.conf" not in older
    assert "Type=notify-reload" in newer["notify-reload.conf"].read_text()
    assert newer["notify-reload.conf"].parent.name == f"{SERVICE}.d"
    assert UNITS.name == "system"


def test_the_stop_is_given_enough_time(units: dict[str, Path]) -> None:
    seconds = re.search(r"TimeoutStopSec=(\d+)", units[SERVICE].read_text())
    assert seconds is not None
    assert int(seconds[1]) >= load().drain.deadline + 15, json.dumps(seconds[1])
