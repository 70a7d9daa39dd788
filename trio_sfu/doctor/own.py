"""The addresses of this machine, and which of them mean nothing to others."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Final

import ifaddr

_PRIVATE: Final = [
    ip_network(each)
    for each in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
]
"""RFC 1918, 6598, 3927, 4193, 4291: nobody beyond the own network reaches them."""


def own_addresses() -> set[str]:
    """Return the addresses of all interfaces."""
    return {
        str(ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0]))
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    }


def is_private(host: str) -> bool:
    """Return whether only the own network reaches ``host``."""
    address = ip_address(host)
    return any(address.version == network.version and address in network for network in _PRIVATE)


def listed(hosts: Iterable[str]) -> str:
    """Return them for people."""
    return ", ".join(hosts)
