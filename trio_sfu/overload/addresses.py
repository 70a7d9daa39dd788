"""Who counts as one when a limit is for each address."""

from ipaddress import IPv6Address, ip_address, ip_network

_SITE = 64  # bits: what one customer has of IPv6 (RFC 6177)


def counted_as(address: str) -> str | None:
    """Return the key a peer's address is counted under; None: it is not limited.

    An IPv6 address counts as its /64. This machine is not limited: behind a proxy that
    runs here everybody's address is a loopback one.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return None
    if isinstance(ip, IPv6Address):
        return str(ip_network((ip, _SITE), strict=False))
    return str(ip)
