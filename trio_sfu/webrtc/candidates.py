"""The host candidates a client is told of (RFC 8445, section 5.1.1)."""

import ipaddress
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import ifaddr

LOOK_EVERY: Final = 1.0
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def host_candidates(
    bound: Sequence[tuple[str, int]], announced: Sequence[str] = ()
) -> list[tuple[str, int]]:
    """Return where clients can reach the sockets ``bound``.

    ``announced`` addresses (of a host behind NAT) replace the bound ones. A wildcard
    stands for the addresses of every interface; for those of loopback only when there
    is no other, and never for IPv6 link-local ones, which mean nothing without a zone.
    """
    found: dict[tuple[str, int], None] = {}
    for host, port in bound:
        for each in announced or _expand(host):
            found[each, port] = None
    return list(found)


def _expand(host: str) -> Iterable[str]:
    address = _parsed(host)
    if not address.is_unspecified:
        return [host]
    usable = [each for each in _interfaces.addresses() if each.version == address.version]
    outside = [each for each in usable if not each.is_loopback]
    return map(str, outside or usable)


@lru_cache(64)
def _parsed(host: str) -> Address:
    return ipaddress.ip_address(host)


class Interfaces:
    """The addresses of this machine, looked up once in ``LOOK_EVERY`` seconds at most.

    Each look asks the kernel for all interfaces, which took a millisecond of each join.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses: Sequence[Address] = ()
        self._until = -math.inf

    def addresses(self) -> Sequence[Address]:
        """Return all but link-local ones; a new one is there after a second."""
        now = self._clock()
        if now >= self._until:
            self._addresses, self._until = tuple(_own()), now + LOOK_EVERY
        return self._addresses


_interfaces = Interfaces()


def _own() -> Iterator[Address]:
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            address = ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
            if not address.is_link_local:
                yield address
