"""How many of its file descriptors the process uses."""

import resource
from pathlib import Path
from typing import Final

_OPEN: Final = Path("/proc/self/fd")


class DescriptorGauge:
    """The share of the descriptors the process may have that are open."""

    def read(self) -> float:
        """Return the share, 0 to 1. Raises OSError when it cannot be told."""
        limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit in (0, resource.RLIM_INFINITY):
            return 0.0
        return _open() / limit


def raise_limit() -> None:
    """Use as many descriptors as the system lets the process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _open() -> int:
    # Linux 6.2 and later tells the number as a size, without listing them.
    return _OPEN.stat().st_size or sum(1 for _ in _OPEN.iterdir())
