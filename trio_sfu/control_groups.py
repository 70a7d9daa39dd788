"""The control groups that the process is in (cgroups(7)): what containers and units may use."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One of them: the folder of its files, whose names are those of the ``version``."""

    folder: Path
    version: Literal[1, 2]


def control_groups(controller: str, root: Path = Path("/")) -> Iterator[ControlGroup]:
    """Yield those in which a controller may set limits: the process's own and those above it."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        version: Literal[1, 2]
        mounts: tuple[str, ...]
        if not controllers:
            version, mounts = 2, ("sys/fs/cgroup", "sys/fs/cgroup/unified")
        elif controller in controllers.split(","):
            version, mounts = 1, (f"sys/fs/cgroup/{controller}",)
        else:
            continue
        for mount in mounts:
            top = root / mount
            folder = top / path.lstrip("/")
            # In a container the path may be the host's: then the mount is the group.
            folders = [folder, *folder.parents] if folder.is_dir() else [top]
            for each in folders:
                if each == top or top in each.parents:
                    yield ControlGroup(each, version)
