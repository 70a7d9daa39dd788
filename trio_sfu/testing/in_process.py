"""A daemon inside the test's own process."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_sfu.config.load import load
from trio_sfu.daemon import Daemon, open_daemon


@asynccontextmanager
async def open_test_daemon(**settings: str) -> AsyncIterator[Daemon]:
    """Start a daemon on free loopback ports; ``rooms__grace="1"`` sets ``rooms.grace``."""
    # An earlier daemon of this process keeps its engine's eventfds until its objects are
    # collected, which would change the census in the middle of a test.
    gc.collect()
    flags = {"http.port": "0", "media.port": "0", "media.addresses": "127.0.0.1"}
    # A self-test would be in the census of whoever looks at the wrong moment.
    flags["liveness.self_test_interval"] = "0"
    # The clients of the test are in the same loop.
    flags["overload.max_lag"] = "10"
    flags |= {name.replace("__", "."): text for name, text in settings.items()}
    async with open_daemon(load(flags=flags)) as daemon:
        while any(each.state == "starting" for each in daemon.services.services.values()):
            await trio.lowlevel.checkpoint()
        yield daemon
