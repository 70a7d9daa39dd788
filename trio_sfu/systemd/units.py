"""The files that make the daemon a service, as they are for one machine. Pure but for reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from trio_sfu.config.model import Config
from trio_sfu.errors import ConfigError

SERVICE: Final = "trio-sfu.service"
SOCKETS: Final = ("trio-sfu.socket", "trio-sfu-media.socket")
UNITS: Final = Path("etc/systemd/system")
DROP_IN: Final = UNITS / f"{SERVICE}.d" / "notify-reload.conf"
SYSCTL: Final = Path("etc/sysctl.d/60-trio-sfu.conf")
SETTINGS: Final = Path("etc/trio-sfu/trio-sfu.toml")
TOKEN: Final = Path("etc/trio-sfu/operator-token")
NOTIFY_RELOAD_SINCE: Final = 253
"""The first systemd that waits for a reload's outcome."""

_FOLDER = Path(__file__).parent
_ANYWHERE = "/usr/bin/env trio-sfu"
_LISTENS = ("ListenStream=", "ListenDatagram=")

FIRST_SETTINGS: Final = """\
# Settings of trio-sfu. What is not here has its default: `trio-sfu serve --help` lists all keys.
# After a change: trio-sfu check-config --config FILE; systemctl reload trio-sfu. After one of the
# addresses and ports below: trio-sfu install-service --now

[http]
# This machine only: a proxy that speaks TLS goes before it.
host = "127.0.0.1"
port = 8080

[media]
# Where clients send their media: addresses of this machine that they can reach.
addresses = ["127.0.0.1", "::1"]
# The first UDP and TCP port for it. There is one for each CPU that may be used, up to 7889:
# `trio-sfu check-config --config FILE` says which. workers = 1 has it all on this one.
port = 7882

[drain]
# Seconds that calls may go on when the service is stopped.
deadline = 30.0
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written below the root; ``ours`` is written anew and removed again."""

    path: Path
    content: str
    mode: int = 0o644
    ours: bool = True


def unit_files(config: Config, program: Path, systemd: int) -> Iterator[File]:
    """Return the units for ``config``, ``program`` and a version of systemd.

    Raises ConfigError when the addresses cannot be those of sockets.
    """
    service = _read(SERVICE).replace(_ANYWHERE, str(program))
    yield File(UNITS / SERVICE, service)
    for name, lines in zip(SOCKETS, (_streams(config), _media(config)), strict=True):
        yield File(UNITS / name, _with_listens(_read(name), lines))
    if systemd >= NOTIFY_RELOAD_SINCE:
        yield File(DROP_IN, "[Service]\nType=notify-reload\nExecReload=\n")
    yield File(SYSCTL, _read(SYSCTL.name))


def _streams(config: Config) -> list[str]:
    hosts = [config.http.host]
    if config.http.host == "localhost":
        hosts = ["127.0.0.1", "::1"]
    port = _port("http.port", config.http.port)
    return [f"ListenStream={_place('http.host', host, port)}" for host in hosts]


def _media(config: Config) -> list[str]:
    first = _port("media.port", config.media.port)
    kinds = [("ListenDatagram", first)]
    if config.media.tcp:
        kinds.append(("ListenStream", config.media.tcp_port or first))
    return [
        f"{kind}={_place('media.addresses', address, port)}"
        for kind, first in kinds
        for port in range(first, first + config.media.worker_count)
        for address in config.media.addresses
    ]


def _port(key: str, port: int) -> int:
    if not port:
        raise ConfigError(f"{key} is 0; a socket unit needs a port")
    return port


def _place(key: str, host: str, port: int) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        raise ConfigError(f'{key} is "{host}"; a socket unit needs an IP address') from None
    return f"[{address}]:{port}" if isinstance(address, IPv6Address) else f"{address}:{port}"


def _with_listens(unit: str, listens: list[str]) -> str:
    """Return the unit with other addresses in the place of the first ones it has."""
    lines: list[str] = []
    for line in unit.splitlines():
        if line.startswith(_LISTENS):
            lines += listens
            listens = []
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text()
