"""Whether the ports can be had, where no daemon has them yet."""

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from trio_sfu.config.model import Config
from trio_sfu.doctor.finding import Finding, fail, ok
from trio_sfu.doctor.own import own_addresses

_FIRST_FREE: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_IPV6_LOOPBACK: Final = "::1"


def check_ports(config: Config) -> Iterator[Finding]:
    """Bind each port once."""
    http, media = config.http, config.media
    yield _check("TCP port", _resolved(http.host), [http.port], "http.host", "http.port")
    last = media.port + (media.workers if media.port else 1)
    ports = range(media.port, last)
    yield _check("UDP port", media.addresses, ports, "media.addresses", "media.port")


def _check(
    check: str, hosts: Iterable[str], ports: Iterable[int], of_host: str, of_port: str
) -> Finding:
    kind = socket.SOCK_STREAM if check == "TCP port" else socket.SOCK_DGRAM
    hosts = list(hosts)
    for port in ports:
        for host in hosts:
            error = _bind(host, port, kind)
            # The default has it, and a machine without IPv6 goes without.
            if error and not (host == _IPV6_LOOPBACK and error.errno == errno.EADDRNOTAVAIL):
                message, remedy = _told(error, host, of_host, of_port)
                place = f"{host} {check} {port} ({of_host}, {of_port})"
                return fail(check, f"{place}: {message}", remedy)
    return ok(check, f"it is free at {', '.join(hosts)}")


def _bind(host: str, port: int, kind: socket.SocketKind) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            if kind is socket.SOCK_STREAM:
                probe.listen()
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            error.errno = errno.EADDRNOTAVAIL
        return error
    return None


def _told(error: OSError, host: str, of_host: str, of_port: str) -> tuple[str, str]:
    match error.errno:
        case errno.EADDRINUSE:
            remedy = f"`ss -lntup` says who has it; end that, or set another {of_port}"
            return "the port is taken by another program", remedy
        case errno.EACCES | errno.EPERM:
            first = _FIRST_FREE.read_text().strip() if _FIRST_FREE.is_file() else "1024"
            remedy = (
                f"set {of_port} to {first} or above, or have systemd hold the port:"
                " `trio-sfu install-service`"
            )
            return "the port needs rights this user does not have", remedy
        case errno.EADDRNOTAVAIL:
            there = ", ".join(sorted(own_addresses())) or "none"
            return f"this machine does not have {host}", f"set {of_host} to one it has: {there}"
        case number:
            return os.strerror(number or 0), f"see whether {of_host} and {of_port} are right"


def _resolved(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return [host]
    return list(dict.fromkeys(str(each[4][0]) for each in found))
