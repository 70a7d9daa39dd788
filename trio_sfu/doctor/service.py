"""Whether systemd runs the daemon as this version wants to be run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from trio_sfu.config.model import Config
from trio_sfu.doctor.finding import Finding, ok, warn
from trio_sfu.errors import ConfigError
from trio_sfu.systemd.units import DROP_IN, SERVICE, unit_files

_UNITS: Final = (
    Path("/etc/systemd/system"),
    Path("/run/systemd/system"),
    Path("/usr/local/lib/systemd/system"),
    Path("/usr/lib/systemd/system"),
    Path("/lib/systemd/system"),
)
_CHECK: Final = "systemd unit"
_DECIDING: Final = (
    *("Type", "NotifyAccess", "ExecStart", "ExecReload", "Restart", "WatchdogSec"),
    *("TimeoutStopSec", "LimitNOFILE", "RestrictAddressFamilies", "SystemCallFilter"),
)
"""Keys without whose values a promise of docs/operate.md is not kept."""
_MACHINES_OWN: Final = ("ExecStart",)
"""They have the program's path, which is another one on every machine."""


def check_unit(config: Config, folders: tuple[Path, ...] = _UNITS) -> Finding:
    """Whether systemd knows the daemon, and nothing takes away what the unit says."""
    for folder in folders:
        unit = folder / SERVICE
        if unit.is_file():
            return _compared(config, unit, folders)
    message = "there is none: nobody starts the daemon again after a crash or a boot"
    return warn(_CHECK, message, "run `trio-sfu install-service`")


def _compared(config: Config, unit: Path, folders: tuple[Path, ...]) -> Finding:
    here, wanted = _values(unit.read_text(errors="replace")), _wanted(config)
    if "WatchdogSec" not in here:
        message = f"{unit} has no WatchdogSec=: a daemon that hangs is not restarted"
        return warn(_CHECK, message, "run `trio-sfu install-service`, which writes the unit anew")
    differing = [
        key
        for key in _DECIDING
        if key not in _MACHINES_OWN and here.get(key) != wanted.get(key, here.get(key))
    ]
    if differing:
        message = f"{unit} is not what this version installs: {', '.join(differing)}"
        remedy = "run `trio-sfu install-service`; put what is your own into a drop-in"
        return warn(_CHECK, message, remedy)
    for file in _drop_ins(folders):
        own = [key for key in _values(file.read_text(errors="replace")) if key in _DECIDING]
        if own:
            message = f"{file} takes the place of the unit's {', '.join(own)}"
            remedy = f"remove {own[0]}= from it, then `systemctl daemon-reload` and restart"
            return warn(_CHECK, message, remedy)
    return ok(_CHECK, str(unit))


def _drop_ins(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        for file in sorted((folder / f"{SERVICE}.d").glob("*.conf")):
            if file.name != DROP_IN.name:
                yield file


def _wanted(config: Config) -> dict[str, str]:
    try:
        files = list(unit_files(config, Path("trio-sfu"), 0))
    except ConfigError:  # A port that the system chooses: a unit could not have it.
        files = list(unit_files(Config(), Path("trio-sfu"), 0))
    return _values(files[0].content)


def _values(text: str) -> dict[str, str]:
    """Return the keys of the section Service; one that is there several times has several lines."""
    values: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith(("#", ";")):
            key, value = (part.strip() for part in line.split("=", 1))
            values[key] = f"{values[key]}\n{value}" if key in values else value
    return values
