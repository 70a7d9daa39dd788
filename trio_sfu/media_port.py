"""The media ports: from the configuration to the packet engine's settings."""

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
    tcp_descriptors = inherited.tcp_descriptors() if settings.tcp else None
    if descriptors is None:
        _check_bindable(settings)
    if settings.tcp and tcp_descriptors is None:
        _check_bindable_by_tcp(settings)
    engine_settings = EngineSettings(
        addresses=[(address, settings.port) for address in _usable(settings)],
        workers=settings.worker_count,
        spread_above=settings.spread_above,
        max_transports=settings.max_transports + _OF_SELF_TEST,
        descriptors=descriptors,
        tcp_port=settings.tcp_port if settings.tcp else None,
        tcp_descriptors=tcp_descriptors,
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
    for worker in range(settings.worker_count if settings.port else 1):
        port = settings.port and settings.port + worker
        for address in _usable(settings):
            what = f"{address} UDP port {port} ({_keys('media.port', worker)})"
            with _explained(what), _socket(address, socket.SOCK_DGRAM) as probe:
                probe.bind((address, port))


def _check_bindable_by_tcp(settings: Media) -> None:
    first = settings.tcp_port or settings.port
    for worker in range(settings.worker_count if first else 0):
        port = first + worker
        for address in _usable(settings):
            what = f"{address} TCP port {port} ({_keys('media.tcp_port', worker)})"
            with _explained(what), _socket(address, socket.SOCK_STREAM) as probe:
                # As the engine has it: connections of an earlier daemon do not matter.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if probe.family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
                probe.listen()


def _keys(of_port: str, worker: int) -> str:
    keys = ["media.addresses", of_port]
    return ", ".join([*keys, "media.workers"] if worker else keys)


def _socket(address: str, kind: socket.SocketKind) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = {
            errno.EADDRINUSE: "the port is taken by another program",
            errno.EACCES: "the port needs rights this user does not have",
            errno.EADDRNOTAVAIL: "this machine does not have the address",
        }.get(error.errno or 0, os.strerror(error.errno or 0))
        raise ConfigError(f"cannot use {what}: {why}", code="config-listen") from None
