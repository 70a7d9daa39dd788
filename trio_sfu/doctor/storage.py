"""Whether there is room for what is written: the service's folder, and the log."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from trio_sfu.doctor.finding import Finding, fail, ok, warn

_MIB: Final = 1_048_576
_LOW, _GONE = 64 * _MIB, 1 * _MIB
_STATE: Final = Path("/var/lib/trio-sfu")
_LOGS: Final = (Path("/var/log/journal"), Path("/run/log/journal"), Path("/var/log"))


def folders() -> list[Path]:
    """Return the folders that the daemon, or the journal for it, writes to."""
    given = os.environ.get("STATE_DIRECTORY", "")
    state = [Path(each) for each in given.split(":") if each] or [_STATE]
    logs = [each for each in _LOGS if each.is_dir()][:1]
    return [each for each in state if given or each.is_dir()] + logs


def check_storage(places: Iterable[Path] | None = None) -> Finding:
    """Whether they can be written to, and have room."""
    check = "disk"
    given = folders() if places is None else list(places)
    remedy = "remove what is not needed: `journalctl --vacuum-size=200M`, `du -x / | sort -n`"
    least = None
    for folder in given:
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return fail(check, f"{folder}: {error.strerror}", f"make the folder: mkdir {folder}")
        message = f"{folder} has {free // _MIB} MiB left"
        if free < _GONE:
            return fail(check, message, remedy)
        if free < _LOW and least is None:
            least = warn(check, message, remedy)
    if least is not None:
        return least
    for folder in given[:-1]:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            message = f"{folder} cannot be written to: {error.strerror}"
            return fail(check, message, "give it to the daemon's user, or mount it read-write")
    return ok(check, f"there is room in {', '.join(map(str, given)) or 'memory'}")
