"""Sockets that somebody else has bound for the daemon: systemd's socket activation.

The protocol is that of sd_listen_fds(3). A stream socket is the TCP port of page, API and
signaling, or, if it is named so, one of media; datagram sockets are the UDP ports of the workers.
Those of the workers are in the order of their numbers.
"""

import os
import socket
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from trio_sfu.config.model import Config
from trio_sfu.config.rules import check, is_loopback
from trio_sfu.errors import ConfigError

_FIRST: Final = 3
_IP: Final = (socket.AF_INET, socket.AF_INET6)
_MEDIA: Final = "media"
"""FileDescriptorName= of the sockets that are for media."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """The sockets; none of a kind: the daemon binds its own.

    ``media`` has those of each worker, ``media_tcp`` those of them that listen. Whoever holds this
    keeps them open: the packet engine uses duplicates, of which a restarted one makes others.
    """

    http: Sequence[socket.socket] = ()
    media: Sequence[Sequence[socket.socket]] = ()
    media_tcp: Sequence[Sequence[socket.socket]] = ()

    def over(self, config: Config) -> Config:
        """Return the settings with the sockets' addresses in place of those that are there.

        There are as many workers as the sockets are for, where the settings leave that open. Raises
        ConfigError when they do not, or such settings would be refused.
        """
        if self.http:
            host, port = _shown(self.http)
            config = replace(config, http=replace(config.http, host=host, port=port))
        if self.media:
            config = _with_workers(config, len(self.media), "sockets", "UDP port")
            addresses = [each.getsockname()[0] for each in self.media[0]]
            port = self.media[0][0].getsockname()[1]
            media = replace(config.media, addresses=addresses, port=port)
            config = replace(config, media=media)
        if self.media_tcp and config.media.tcp:
            config = _with_workers(config, len(self.media_tcp), "TCP sockets", "port")
            port = self.media_tcp[0][0].getsockname()[1]
            # The same number is the default, and needs not be told.
            if port != (config.media.tcp_port or config.media.port):
                config = replace(config, media=replace(config.media, tcp_port=port))
        check(config)
        return config

    def descriptors(self) -> list[list[int]] | None:
        """Return the numbers of the workers' sockets; None: there are none."""
        return _numbers(self.media)

    def tcp_descriptors(self) -> list[list[int]] | None:
        """Return the numbers of the workers' listening sockets; None: there are none."""
        return _numbers(self.media_tcp)


def inherit(environment: MutableMapping[str, str], first: int = _FIRST) -> Inherited:
    """Take the sockets that ``environment`` tells of, and the variables out of it.

    Raises ConfigError (config-sockets) for what is no socket of a kind that is used.
    """
    told = {name: environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if told["PID"] != str(os.getpid()) or not told["FDS"].isdigit():
        return Inherited()
    names = told["FDNAMES"].split(":")
    http: list[socket.socket] = []
    media: dict[int, list[socket.socket]] = {}
    media_tcp: dict[int, list[socket.socket]] = {}
    with ExitStack() as opened:
        for offset in range(int(told["FDS"])):
            name = names[offset] if offset < len(names) else "unknown"
            found = opened.enter_context(_socket(first + offset, name))
            _check(found, f"descriptor {first + offset} ({name})")
            if found.type == socket.SOCK_STREAM and name != _MEDIA:
                http.append(found)
            else:
                kind = media if found.type == socket.SOCK_DGRAM else media_tcp
                kind.setdefault(found.getsockname()[1], []).append(found)
        opened.pop_all()
    return Inherited(http, _by_port(media), _by_port(media_tcp))


def differences(config: Config, effective: Config) -> Iterator[str]:
    """Say where the sockets are not what the settings would have bound."""
    for dotted, wanted, got in (
        ("http.host", config.http.host, effective.http.host),
        ("http.port", config.http.port, effective.http.port),
        ("media.addresses", set(config.media.addresses), set(effective.media.addresses)),
        ("media.port", config.media.port, effective.media.port),
        ("media.tcp_port", config.media.tcp_port, effective.media.tcp_port),
    ):
        if wanted != got and not (wanted == "localhost" and is_loopback(str(got))):
            yield dotted
    # More of them than CPUs are no lack.
    if effective.media.worker_count < config.media.worker_count:
        yield "media.workers"


def _with_workers(config: Config, count: int, sockets: str, one: str) -> Config:
    """Return the settings with as many workers as there are sockets for."""
    if not config.media.workers:
        return replace(config, media=replace(config.media, workers=count))
    if config.media.workers != count:
        raise _error(
            f"media.workers is {config.media.workers}, and there are {sockets} for {count}: one"
            f" {one} is needed for each. `trio-sfu install-service --now` opens them; media.workers"
            " = 0 takes as many as there are"
        )
    return config


def _by_port(sockets: dict[int, list[socket.socket]]) -> list[list[socket.socket]]:
    return [sockets[port] for port in sorted(sockets)]


def _numbers(sockets: Sequence[Sequence[socket.socket]]) -> list[list[int]] | None:
    return [[each.fileno() for each in worker] for worker in sockets] or None


def _socket(number: int, name: str) -> socket.socket:
    try:
        os.set_inheritable(number, False)  # noqa: FBT003  (the standard library's)
        return socket.socket(fileno=number)
    except OSError as error:
        raise _error(f"descriptor {number} ({name}) is no socket: {error.strerror}") from None


def _check(found: socket.socket, called: str) -> None:
    if found.family not in _IP or found.type not in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        raise _error(f"{called} is neither a TCP nor a UDP socket")
    accepts = found.type == socket.SOCK_STREAM
    if accepts and not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise _error(f"{called} does not listen: Accept= must be no")


def _shown(sockets: Sequence[socket.socket]) -> tuple[str, int]:
    """Return the address that says who can reach them."""
    names = [each.getsockname()[:2] for each in sockets]
    host, port = next((name for name in names if not is_loopback(name[0])), names[0])
    return host, port


def _error(message: str) -> ConfigError:
    return ConfigError(f"sockets from outside: {message}", code="config-sockets")
