"""Puts the service on a machine, says what it does, and takes it off again."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from trio_sfu.config.load import load
from trio_sfu.errors import ConfigError
from trio_sfu.systemd.units import (
    DROP_IN,
    FIRST_SETTINGS,
    SERVICE,
    SETTINGS,
    SOCKETS,
    SYSCTL,
    TOKEN,
    UNITS,
    File,
    unit_files,
)

_RUNNING: Final = Path("/run/systemd/system")
_OLDEST: Final = 250
_HIDDEN: Final = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108  (not written)
_OURS: Final = (*(UNITS / name for name in (SERVICE, *SOCKETS)), DROP_IN, SYSCTL)
_ADMINISTRATORS: Final = 0o600

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the service goes to. ``dry``: nothing is changed, only said."""

    root: Path
    say: Say
    dry: bool = False

    @property
    def is_this(self) -> bool:
        """Whether it is the machine that runs, and not a folder with one."""
        return self.root == Path("/")

    def write(self, file: File) -> bool:
        """Write a file, if that changes anything; return whether it did (or would)."""
        place = self.root / file.path
        try:
            before = place.read_text() if place.exists() else None
            if before == file.content or (before is not None and not file.ours):
                self.say(f"unchanged  {place}")
                return False
            self.say(f"{'written' if before is None else 'replaced':10} {place}")
            if not self.dry:
                place.parent.mkdir(parents=True, exist_ok=True)
                _write(place, file)
        except OSError as error:
            raise _error(f"{place}: {error.strerror}; are you root?") from None
        return True

    def remove(self, path: Path) -> bool:
        """Remove a file; return whether there was one."""
        place = self.root / path
        if not place.exists():
            return False
        self.say(f"removed    {place}")
        if not self.dry:
            try:
                place.unlink()
            except OSError as error:
                raise _error(f"{place}: {error.strerror}; are you root?") from None
        return True

    def systemctl(self, *arguments: str) -> bool:
        """Have systemd do something, where it is the one of this machine; return if it did."""
        if not self.is_this or not _RUNNING.is_dir():
            return False
        self.say(f"run        systemctl {' '.join(arguments)}")
        if self.dry:
            return True
        return subprocess.run(["systemctl", *arguments], check=False).returncode == 0  # noqa: S603, S607

    def opened_before(self, name: str) -> bool:
        """Whether systemd has opened a socket unit before its file was written, as it is now."""
        if not self.is_this or not _RUNNING.is_dir():
            return False
        asked = ["show", "--property=ActiveEnterTimestamp", "--value", "--timestamp=utc", name]
        told = subprocess.run(["systemctl", *asked], check=False, capture_output=True, text=True)  # noqa: S603, S607
        try:
            _day, date, time, zone = told.stdout.split()
            opened = datetime.strptime(f"{date} {time} {zone}", "%Y-%m-%d %H:%M:%S %Z")
            written = (self.root / UNITS / name).stat().st_mtime
        except (OSError, ValueError):  # It has never been opened.
            return False
        return opened.replace(tzinfo=UTC).timestamp() < written

    def systemd(self) -> int:
        """Return the version of its systemd; the oldest that is supported if that is unknown."""
        libraries = self.root.glob("usr/lib*/**/libsystemd-shared-*.so")
        found = [re.search(r"-(\d+)", each.name) for each in libraries]
        return max((int(each[1]) for each in found if each), default=_OLDEST)


def install(machine: Machine, program: Path | None = None, *, now: bool = False) -> None:
    """Write units, settings and the operators' token; what is right already stays as it is.

    Settings and token that are there are never touched. ``program`` is the ``trio-sfu`` that
    the service runs; None: the one that runs now. ``now``: have it run with them, now and at every
    boot. Raises ConfigError.
    """
    program = program or Path(sys.executable).with_name("trio-sfu")
    if machine.is_this:
        _check_reachable(program)
    settings = machine.root / SETTINGS
    # Before anything is written: nothing is half done because of a wrong key.
    config = load(settings if settings.is_file() else None)
    units = list(unit_files(config, program, machine.systemd()))
    machine.write(File(SETTINGS, FIRST_SETTINGS, ours=False))
    token = f"{secrets.token_urlsafe(32)}\n"
    machine.write(File(TOKEN, token, _ADMINISTRATORS, ours=False))
    written = [file.path for file in units if machine.write(file)]
    changed = bool(written)
    if not any(path == DROP_IN for path in (file.path for file in units)):
        changed |= machine.remove(DROP_IN)
    if changed:
        machine.systemctl("daemon-reload")
    if now:
        others = any(UNITS / name in written or machine.opened_before(name) for name in SOCKETS)
        _run(machine, sockets_too=others)
    else:
        machine.say("To run it so, now and at every boot: trio-sfu install-service --now")


def _run(machine: Machine, *, sockets_too: bool) -> None:
    """Have the service run with what is installed; ``sockets_too``: with other sockets."""
    machine.systemctl("enable", SERVICE)
    if sockets_too:
        # A restart of both would start the sockets first, which the service is in the way of.
        machine.systemctl("stop", SERVICE, *SOCKETS)
    if not machine.systemctl("restart", SERVICE):
        raise _error(f"{SERVICE} does not run: systemctl status {SERVICE}; journalctl -u {SERVICE}")


def uninstall(machine: Machine, *, purge: bool = False) -> None:
    """Stop the service and remove what ``install`` wrote; ``purge``: settings and token too."""
    units = [*SOCKETS, SERVICE]
    if any((machine.root / UNITS / name).exists() for name in units):
        machine.systemctl("disable", "--now", *units)
    gone = [machine.remove(path) for path in _OURS]
    if purge:
        gone += [machine.remove(path) for path in (SETTINGS, TOKEN)]
        state = machine.root / "var/lib/private/trio-sfu"
        if state.exists():
            machine.say(f"removed    {state}")
            if not machine.dry:
                shutil.rmtree(state)
                # systemd's link to it.
                (machine.root / "var/lib/trio-sfu").unlink(missing_ok=True)
    if not machine.dry:
        for folder in (DROP_IN.parent, SETTINGS.parent):
            _remove_empty(machine.root / folder)
    if any(gone):
        machine.systemctl("daemon-reload")
    else:
        machine.say("There was nothing to remove.")
    if not purge and (machine.root / SETTINGS).exists():
        machine.say(f"kept       {machine.root / SETTINGS.parent}; --purge removes it too")


def _write(place: Path, file: File) -> None:
    fresh = place.with_name(f".{place.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(fresh, flags, file.mode), "w") as opened:
        os.fchmod(opened.fileno(), file.mode)
        opened.write(file.content)
    fresh.replace(place)


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _check_reachable(program: Path) -> None:
    """Raise ConfigError when the service's user could not run the program."""
    for place in (program, program.resolve(), Path(sys.executable).resolve(), Path(__file__)):
        if not place.exists():
            raise _error(f"there is no {place}")
        for hidden in _HIDDEN:
            if place.is_relative_to(hidden):
                raise _error(
                    f"{place} is below {hidden}, which the service does not see: install trio-sfu"
                    " where all may read it, for example"
                    " `python3 -m venv /opt/trio-sfu; /opt/trio-sfu/bin/pip install WHEEL`,"
                    " and run /opt/trio-sfu/bin/trio-sfu install-service"
                )
        closed = next((each for each in _above(place) if not each.stat().st_mode & 0o001), None)
        if closed is not None:
            raise _error(f"{closed} is not open to all, so the service cannot run {place}")


def _above(place: Path) -> Iterator[Path]:
    yield from place.parents


def _error(message: str) -> ConfigError:
    return ConfigError(message, code="install-failed")
