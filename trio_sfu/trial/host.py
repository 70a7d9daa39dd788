"""What the machine, and the user who asks, give a daemon."""

import os
import resource
from pathlib import Path
from typing import Final

from msgspec import Struct

from trio_sfu.overload.memory import MemoryGauge

_NETWORK: Final = Path("/sys/class/net")
_MEMINFO: Final = Path("/proc/meminfo")
_VIRTUAL: Final = Path("device")
"""What an interface has that is a device; a bridge or a tunnel has none."""


class Host(Struct, frozen=True, kw_only=True):
    """The machine, as far as it says."""

    cores: int
    """Those that the process may run on."""
    load: float
    """The mean of the last minute: what runs or wants to."""
    memory_bytes: int
    """What the process may have."""
    memory_free_bytes: int
    """What is not used by others."""
    link_mbit: int | None
    """Of the fastest network device that is up; None: none says."""
    link_name: str | None
    descriptors: int | None
    """None: any number."""

    @property
    def busy(self) -> bool:
        """Whether it has more to do than it has cores for."""
        return self.load > self.cores


def look(memory_limit: int = 0) -> Host:
    """Look at the machine; ``memory_limit`` (bytes) is the setting, 0: none."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    name, speed = fastest_link()
    allowed = MemoryGauge(memory_limit).allowed()
    return Host(
        cores=len(os.sched_getaffinity(0)),
        load=round(os.getloadavg()[0], 2),
        memory_bytes=allowed,
        memory_free_bytes=min(allowed, _available()),
        link_mbit=speed,
        link_name=name,
        descriptors=None if most == resource.RLIM_INFINITY else most,
    )


def fastest_link(folder: Path = _NETWORK) -> tuple[str | None, int | None]:
    """Return name and Mbit/s of the fastest device that is up; None twice when none says."""
    found: list[tuple[int, str]] = []
    for link in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            up = (link / "operstate").read_text().strip() == "up"
            speed = int((link / "speed").read_text())
        except (OSError, ValueError):
            continue  # Loopback, and others that have no speed.
        if up and speed > 0 and (link / _VIRTUAL).exists():
            found.append((speed, link.name))
    speed, name = max(found, default=(0, ""))
    return (name, speed) if name else (None, None)


def _available() -> int:
    for line in _MEMINFO.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1_024
    return MemoryGauge().allowed()
