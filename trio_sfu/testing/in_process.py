"""A daemon inside the test's own process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trio_sfu.config.load import load
from trio_sfu.daemon import Daemon, open_daemon


@asynccontextmanager
async def open_test_daemon(**settings: str) -> AsyncIterator[Daemon]:
    """Start a daemon on free loopback ports; ``rooms__grace="1"`` sets ``rooms.grace``."""
    flags = {"http.port": "0", "media.port": "0", "media.addresses": "127.0.0.1"}
    flags |= {name.replace("__", "."): text for name, text in settings.items()}
    async with open_daemon(load(flags=flags)) as daemon:
        yield daemon
