"""What ``trio-sfu size`` does."""

import time
from typing import Final

from trio_sfu.config.model import Config
from trio_sfu.sizing.forwarding import measure_forwarding
from trio_sfu.sizing.predict import Measured, predict
from trio_sfu.sizing.report import Report, warnings
from trio_sfu.trial.host import look
from trio_sfu.trial.joining import measure_joins

JOINS: Final = 0.15
"""The share of the time that is for joins."""
_MIB: Final = 1_048_576


def size_up(config: Config, *, seconds: float, subscribers: int, headroom: float) -> Report:
    """Measure for some ``seconds``, and predict; ``headroom`` is 0 to 1. Raises TrialError.

    Opens UDP ports on loopback that nobody else has, and leaves nothing behind.
    """
    host = look(config.overload.memory_limit * _MIB)
    began = time.monotonic()
    packets = measure_forwarding(subscribers, seconds * (1 - JOINS))
    joins = measure_joins(seconds * JOINS)
    measured = Measured(
        seconds=round(time.monotonic() - began, 2),
        subscribers=subscribers,
        video_ns=round(packets.video_ns, 1),
        audio_ns=round(packets.audio_ns, 1),
        received_ns=round(packets.received_ns, 1),
        join_ns=round(joins.each_ns),
        subscriber_bytes=round(packets.transport_bytes),
        receive_buffer_bytes=packets.receive_buffer,
        gso=packets.gso,
        arrived=round(packets.arrived, 4),
        checked=packets.checked,
    )
    return Report(
        host=host,
        measured=measured,
        headroom=headroom,
        prediction=predict(measured, host, config, headroom),
        warnings=warnings(host, measured, headroom, config.overload.max_busy),
    )
