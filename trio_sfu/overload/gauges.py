"""What the daemon's resources say now. The only part here that reads the machine."""

import errno
from collections.abc import Callable
from typing import Protocol, TypeVar

from trio_sfu.overload.descriptors import DescriptorGauge
from trio_sfu.overload.memory import MemoryGauge
from trio_sfu.overload.strain import Readings
from trio_sfu.overload.workers import WorkerGauge

T = TypeVar("T")


class Gauges(Protocol):
    """Something that reads the resources."""

    def read(self, now: float, lag: float) -> Readings:
        """Return what they say at ``now``, the loop being late by ``lag`` seconds."""
        ...


class ProcessGauges:
    """Those of this process.

    ``memory_limit`` in bytes; 0: what the control group or the machine allows.
    """

    def __init__(self, memory_limit: int = 0) -> None:
        self._workers = WorkerGauge()
        self._memory = MemoryGauge(memory_limit)
        self._descriptors = DescriptorGauge()

    def read(self, now: float, lag: float) -> Readings:
        """Return what they say at ``now``, the loop being late by ``lag`` seconds."""
        return Readings(
            lag=lag,
            workers=_or([], lambda: self._workers.read(now), []),
            memory=_or(0.0, self._memory.read, 0.0),
            # What cannot even be opened is used up.
            descriptors=_or(1.0, self._descriptors.read, 0.0),
        )


def _or(exhausted: T, read: Callable[[], T], unknown: T) -> T:
    """Return what ``read`` does; without a descriptor to read by, ``exhausted``."""
    try:
        return read()
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return exhausted
        return unknown  # This kernel does not tell.
