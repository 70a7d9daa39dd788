"""`trio-sfu install-service` and `uninstall-service`, into a folder."""

import stat
from pathlib import Path

import pytest

from tests.process.test_tree import run

PROGRAM = "/opt/trio-sfu/bin/trio-sfu"
UNITS = ("trio-sfu.service", "trio-sfu.socket", "trio-sfu-media.socket")


def install(root: Path, *more: str) -> str:
    done = run("install-service", "--root", str(root), "--program", PROGRAM, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def uninstall(root: Path, *more: str) -> str:
    done = run("uninstall-service", "--root", str(root), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(root: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()
    }


def test_it_writes_says_so_and_takes_it_all_away_again(tmp_path: Path) -> None:
    said = install(tmp_path)
    for name in UNITS:
        unit = tmp_path / "etc/systemd/system" / name
        assert f"written    {unit}" in said
        assert stat.S_IMODE(unit.stat().st_mode) == 0o644
    service = (tmp_path / "etc/systemd/system/trio-sfu.service").read_text()
    assert f"ExecStart={PROGRAM} serve --config /etc/trio-sfu/trio-sfu.toml" in service
    token = tmp_path / "etc/trio-sfu/operator-token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    settings = str(tmp_path / "etc/trio-sfu/trio-sfu.toml")
    flags = ("--config", settings, "--token-file", str(token))
    assert run("check-config", *flags).returncode == 0
    assert f"kept       {token.parent}" in uninstall(tmp_path)
    assert set(files(tmp_path)) == {"etc/trio-sfu/operator-token", "etc/trio-sfu/trio-sfu.toml"}
    uninstall(tmp_path, "--purge")
    assert files(tmp_path) == {}
    assert "There was nothing to remove." in uninstall(tmp_path)


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    install(tmp_path)
    before = files(tmp_path)
    said = install(tmp_path)
    assert files(tmp_path) == before
    assert "written" not in said
    assert "replaced" not in said


def test_settings_and_token_of_the_operator_stay_and_the_sockets_follow_them(
    tmp_path: Path,
) -> None:
    install(tmp_path)
    settings = tmp_path / "etc/trio-sfu/trio-sfu.toml"
    settings.write_text("[http]\nport = 9000\n")
    token = (tmp_path / "etc/trio-sfu/operator-token").read_text()
    said = install(tmp_path)
    assert settings.read_text() == "[http]\nport = 9000\n"
    assert (tmp_path / "etc/trio-sfu/operator-token").read_text() == token
    socket = tmp_path / "etc/systemd/system/trio-sfu.socket"
    assert f"replaced   {socket}" in said
    assert "ListenStream=127.0.0.1:9000\n" in socket.read_text()


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    said = install(tmp_path, "--dry-run")
    assert files(tmp_path) == {}
    assert said == install(tmp_path)
    before = files(tmp_path)
    uninstall(tmp_path, "--dry-run", "--purge")
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("[http]\nprot = 1\n", ":2: no key http.prot. Did you mean port?"),
        ("[http]\nport = 0\n", "http.port is 0; a socket unit needs a port"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_written(
    tmp_path: Path, settings: str, why: str
) -> None:
    file = tmp_path / "etc/trio-sfu/trio-sfu.toml"
    file.parent.mkdir(parents=True)
    file.write_text(settings)
    done = run("install-service", "--root", str(tmp_path), "--program", PROGRAM)
    assert done.returncode == 1
    assert why in done.stderr
    assert list(files(tmp_path)) == ["etc/trio-sfu/trio-sfu.toml"]


def test_a_program_that_the_service_cannot_see_is_refused(tmp_path: Path) -> None:
    """Into this machine: pytest's own folder is below /tmp, which the service has of its own."""
    program = tmp_path / "trio-sfu"
    program.touch(0o755)
    done = run("install-service", "--dry-run", "--program", str(program))
    assert done.returncode == 1
    assert "which the service does not see: install trio-sfu where all may read it" in done.stderr


def test_purging_removes_the_state_and_the_link_to_it(tmp_path: Path) -> None:
    install(tmp_path)
    state = tmp_path / "var/lib/private/trio-sfu"
    state.mkdir(parents=True)
    link = tmp_path / "var/lib/trio-sfu"
    link.symlink_to("private/trio-sfu")
    uninstall(tmp_path)
    assert state.is_dir()
    uninstall(tmp_path, "--purge")
    assert not state.exists()
    assert not link.is_symlink()


def test_what_is_in_a_folder_cannot_be_started(tmp_path: Path) -> None:
    done = run("install-service", "--root", str(tmp_path), "--program", PROGRAM, "--now")
    assert done.returncode == 2
    assert "--now is for this machine" in done.stderr
    assert files(tmp_path) == {}
