"""What the doctor says of the unit that systemd has."""

from pathlib import Path

import pytest

from trio_sfu.config.model import Config
from trio_sfu.doctor.service import check_unit

UNIT = (Path(__file__).parents[2] / "trio_sfu/systemd/trio-sfu.service").read_text()
OURS = UNIT.replace("/usr/bin/env trio-sfu", "/opt/trio-sfu/bin/trio-sfu")


def installed(folder: Path, unit: str = OURS, **drop_ins: str) -> tuple[Path]:
    (folder / "trio-sfu.service").write_text(unit)
    own = folder / "trio-sfu.service.d"
    own.mkdir()
    for name, text in drop_ins.items():
        (own / f"{name.replace('_', '-')}.conf").write_text(text)
    return (folder,)


def test_there_is_none(tmp_path: Path) -> None:
    found = check_unit(Config(), (tmp_path,))
    assert (found.state, "install-service" in found.remedy) == ("warn", True)


def test_the_one_of_this_version(tmp_path: Path) -> None:
    newer = "[Service]\nType=notify-reload\nExecReload=\n"
    own = "[Service]\nSupplementaryGroups=ssl-cert\n"
    folders = installed(tmp_path, notify_reload=newer, own=own)
    assert check_unit(Config(), folders).state == "ok"


def test_one_that_never_restarts_a_daemon_that_hangs(tmp_path: Path) -> None:
    folders = installed(tmp_path, "[Service]\nExecStart=trio-sfu serve\n")
    assert "no WatchdogSec=" in check_unit(Config(), folders).message


def test_one_of_another_version(tmp_path: Path) -> None:
    folders = installed(tmp_path, OURS.replace("LimitNOFILE=65536", "LimitNOFILE=1024"))
    found = check_unit(Config(), folders)
    assert (found.state, found.message.endswith("installs: LimitNOFILE")) == ("warn", True)


def test_one_that_allows_less(tmp_path: Path) -> None:
    all_lines = "SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n"
    assert all_lines in OURS
    folders = installed(tmp_path, OURS.replace(all_lines, "SystemCallFilter=~@privileged\n"))
    assert check_unit(Config(), folders).message.endswith("installs: SystemCallFilter")


@pytest.mark.parametrize("line", ["WatchdogSec=0", "Type=simple", "LimitNOFILE=512", "Restart=no"])
def test_a_drop_in_that_takes_a_promise_away(tmp_path: Path, line: str) -> None:
    key = line.partition("=")[0]
    found = check_unit(Config(), installed(tmp_path, own=f"[Service]\n{line}\n"))
    assert (found.state, f"takes the place of the unit's {key}" in found.message) == ("warn", True)
    assert f"remove {key}=" in found.remedy
