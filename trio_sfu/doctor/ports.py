"""Whether the ports can be had, where no daemon has them yet."""

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from trio_sfu.config.model import Config, Media
from trio_sfu.doctor.finding import Finding, fail, ok
from trio_sfu.doctor.own import own_addresses

_FIRST_FREE: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_IPV6_LOOPBACK: Final = "::1"
_TCP: Final = "TCP port"
_TCP_FOR_MEDIA: Final = "TCP for media"


def check_ports(config: Config) -> Iterator[Finding]:
    """Bind each port once."""
    http, media = config.http, config.media
    page = [(host, http.port) for host in _resolved(http.host)]
    yield _check(_TCP, page, "http.host", "http.port")
    udp = _of_workers(media, media.port)
    found = _check("UDP port", udp, "media.addresses", "media.port")
    yield found
    # What is wrong with the addresses, or the number, need not be said twice.
    if found.state == "ok" and media.tcp and (media.tcp_port or media.port):
        tcp = _of_workers(media, media.tcp_port or media.port)
        of_port = "media.tcp_port" if media.tcp_port else "media.port"
        yield _check(_TCP_FOR_MEDIA, tcp, "media.addresses", of_port)


def _of_workers(media: Media, first: int) -> list[tuple[str, int]]:
    ports = range(first, first + (media.worker_count if first else 1))
    return [(host, port) for port in ports for host in media.addresses]


def _check(check: str, places: Sequence[tuple[str, int]], of_host: str, of_port: str) -> Finding:
    kind = socket.SOCK_DGRAM if check == "UDP port" else socket.SOCK_STREAM
    hosts = list(dict.fromkeys(host for host, _ in places))
    for host, port in places:
        error = _bind(host, port, kind)
        # The default has it, and a machine without IPv6 goes without.
        if error and not (host == _IPV6_LOOPBACK and error.errno == errno.EADDRNOTAVAIL):
            message, remedy = _told(error, host, of_host, of_port)
            if check == _TCP_FOR_MEDIA:
                remedy += "; or another media.tcp_port; or media.tcp = false"
            protocol = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
            place = f"{host} {protocol} port {port} ({of_host}, {of_port})"
            return fail(check, f"{place}: {message}", remedy)
    return ok(check, f"it is free at {', '.join(hosts)}")


def _bind(host: str, port: int, kind: socket.SocketKind) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
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
