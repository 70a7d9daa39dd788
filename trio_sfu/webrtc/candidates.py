"""The host candidates a client is told of (RFC 8445, section 5.1.1)."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import ifaddr


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
    usable = [each for each in _own() if each.version == address.version]
    outside = [each for each in usable if not each.is_loopback]
    return map(str, outside or usable)


@lru_cache(64)
def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(host)


def _own() -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            address = ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
            if not address.is_link_local:
                yield address
