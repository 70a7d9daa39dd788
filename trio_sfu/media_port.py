"""The UDP port: from the configuration to the packet engine's settings."""

import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from trio_sfu.activation import Inherited
from trio_sfu.config.model import Media
from trio_sfu.errors import ConfigError
from trio_sfu.events import Journal
from trio_sfu.media.engine import MediaEngine, open_engine
from trio_sfu.media.settings import EngineSettings

_NONE = Inherited()
_OF_SELF_TEST = 3
"""Transports beyond those of the peers, so that a self-test, and who tries whether the port is
reached, take nobody's place."""
_IPV6_LOOPBACK = "::1"


@asynccontextmanager
async def open_media(
    settings: Media, journal: Journal, inherited: Inherited = _NONE
) -> AsyncIterator[MediaEngine]:
    """Start the packet engine. Raises ConfigError when the port cannot be had."""
    descriptors = inherited.descriptors()
    if descriptors is None:
        _check_bindable(settings)
    engine_settings = EngineSettings(
        addresses=[(address, settings.port) for address in _usable(settings)],
        workers=settings.workers,
        max_transports=settings.max_transports + _OF_SELF_TEST,
        descriptors=descriptors,
    )
    async with open_engine(engine_settings, journal) as engine:
        yield engine


def _usable(settings: Media) -> list[str]:
    """Return the addresses, without ::1 on a machine that has none."""
    return [each for each in settings.addresses if each != _IPV6_LOOPBACK or _has_ipv6()]


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((_IPV6_LOOPBACK, 0))
    except OSError:
        return False
    return True


def _check_bindable(settings: Media) -> None:
    """Bind each port once, to name the one that cannot be had."""
    for worker in range(settings.workers if settings.port else 1):
        port = settings.port and settings.port + worker
        for address in _usable(settings):
            with _explained(address, port):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as probe:
                    probe.bind((address, port))


@contextmanager
def _explained(address: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = {
            errno.EADDRINUSE: "the port is taken by another program",
            errno.EACCES: "the port needs rights this user does not have",
            errno.EADDRNOTAVAIL: "this machine does not have the address",
        }.get(error.errno or 0, os.strerror(error.errno or 0))
        raise ConfigError(
            f"cannot use {address} UDP port {port} (media.addresses, media.port): {what}",
            code="config-listen",
        ) from None
