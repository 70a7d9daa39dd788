"""``python -m trio_sfu.testing.faulty_daemon``: ``trio-sfu serve`` with faults on request.

Each line on its standard input is one: ``room NAME``, ``peer ID`` and ``session PEER`` raise
an error in a task of them, ``panic N`` makes a worker of the engine panic, ``overload STEP``
takes a step against overload (``normal``, ``full``, … ``audio``), ``hang SECONDS`` keeps the
event loop from turning. Settings come from the
environment. For tests of what real clients see of it.
"""

import os
import sys

import structlog
import trio

from trio_sfu import logging
from trio_sfu.activation import inherit
from trio_sfu.config.load import load
from trio_sfu.daemon import Daemon
from trio_sfu.overload.levels import Level
from trio_sfu.serving import serve
from trio_sfu.testing.faults import (
    force_overload,
    hang,
    panic,
    raise_in_peer,
    raise_in_room,
    raise_in_session,
)

log = structlog.get_logger(part="faults")


async def listen(daemon: Daemon) -> None:
    """Do what the lines of standard input ask for, until it ends."""
    stream = trio.lowlevel.FdStream(os.dup(sys.stdin.fileno()))
    pending = b""
    async with stream:
        async for data in stream:
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                _do(daemon, *line.decode().split())


def _do(daemon: Daemon, what: str, which: str) -> None:
    try:
        match what:
            case "room":
                raise_in_room(daemon, which)
            case "peer":
                raise_in_peer(daemon, which)
            case "session":
                raise_in_session(daemon, which)
            case "panic":
                panic(daemon, int(which))
            case "overload":
                force_overload(daemon, Level[which.upper()])
            case "hang":
                hang(float(which))
    except LookupError as missing:
        log.warning("no such fault", reason=str(missing))


if __name__ == "__main__":
    inherited = inherit(os.environ)
    settings = inherited.over(load(environment=os.environ))
    lines = settings.log.lines_per_second
    logging.configure(settings.log.level, settings.log.format, lines=lines)
    sys.exit(0 if trio.run(serve, settings, listen, None, inherited) else 1)
