"""A host behind NAT, a router, and the world beyond: three network namespaces. Needs root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.process.network import Network

INSIDE: Final = ("10.50.0.2", "fd50::2")
ROUTER_INSIDE: Final = ("10.50.0.1", "fd50::1")
ROUTER: Final = ("198.51.100.1", "2001:db8:50::1")
WORLD: Final = ("198.51.100.2", "2001:db8:50::2")


@dataclass(frozen=True)
class Translated:
    """``inside`` is seen at ``ROUTER`` from ``world``, IPv4 and IPv6."""

    inside: Network
    router: Network
    world: Network

    @contextmanager
    def moved(self, outer: str) -> Iterator[None]:
        """Let the router be at another IPv4 address outside, in the block."""
        self._change(ROUTER[0], outer)
        try:
            yield
        finally:
            self._change(outer, ROUTER[0])

    def _change(self, old: str, new: str) -> None:
        _ip(self.router.name, "addr", "del", f"{old}/24", "dev", "outer")
        _ip(self.router.name, "addr", "add", f"{new}/24", "dev", "outer")

    def forward(self, protocol: str, port: int) -> None:
        """Have the router pass a port on."""
        for family, host in (("ip", INSIDE[0]), ("ip6", INSIDE[1])):
            what = f"iifname outer {protocol} dport {port} dnat to {host}"
            self.router.nft(f"add rule {family} nat prerouting {what}")


@contextmanager
def translated() -> Iterator[Translated]:
    """Make them and remove them."""
    names = [f"trio-sfu-{os.getpid()}-{each}" for each in ("inside", "router", "world")]
    inside, router, world = map(Network, names)
    for name in names:
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for name in names:
            _ip(name, "link", "set", "lo", "up")
            enter = ["nsenter", f"--net=/run/netns/{name}", "sysctl", "-qw"]
            settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]
            # Else an address is not usable for a second or two.
            settings += ["net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0"]
            subprocess.run([*enter, *settings], check=True)
        _cable(router, "inner", ROUTER_INSIDE, inside, INSIDE)
        _cable(router, "outer", ROUTER, world, WORLD)
        for version, gateway in (("-4", ROUTER_INSIDE[0]), ("-6", ROUTER_INSIDE[1])):
            _ip(inside.name, version, "route", "add", "default", "via", gateway)
        for family in ("ip", "ip6"):
            nat = f"{family} nat"
            router.nft(
                f"add table {nat}",
                f"add chain {nat} prerouting {{ type nat hook prerouting priority -100 ; }}",
                f"add chain {nat} postrouting {{ type nat hook postrouting priority 100 ; }}",
                f"add rule {nat} postrouting oifname outer masquerade",
            )
        yield Translated(inside, router, world)
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


def _cable(
    one: Network, device: str, its: tuple[str, str], other: Network, others: tuple[str, str]
) -> None:
    peer = ["peer", "name", "wire", "netns", other.name]
    _ip(one.name, "link", "add", device, "type", "veth", *peer)
    for network, name, (ipv4, ipv6) in ((one, device, its), (other, "wire", others)):
        _ip(network.name, "addr", "add", f"{ipv4}/24", "dev", name)
        _ip(network.name, "addr", "add", f"{ipv6}/64", "dev", name, "nodad")
        _ip(network.name, "link", "set", name, "up")


def _ip(network: str, *command: str) -> None:
    subprocess.run(["ip", "-n", network, *command], check=True)
