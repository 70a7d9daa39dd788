"""How many CPUs the process may use."""

import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from trio_sfu.control_groups import ControlGroup, control_groups


def usable_cpus(root: Path = Path("/")) -> int:
    """Return how many: by its affinity, and by the quotas of its control groups, rounded up."""
    return max(1, min([len(os.sched_getaffinity(0)), *map(ceil, _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    for group in control_groups("cpu", root):
        quota, period = _v1(group) if group.version == 1 else _v2(group)
        # "max" and -1 are no limit.
        if quota.isdigit() and period.isdigit() and int(period):
            yield int(quota) / int(period)


def _v2(group: ControlGroup) -> tuple[str, str]:
    quota, _, period = _text(group.folder / "cpu.max").partition(" ")
    return quota, period


def _v1(group: ControlGroup) -> tuple[str, str]:
    return _text(group.folder / "cpu.cfs_quota_us"), _text(group.folder / "cpu.cfs_period_us")


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
