"""A machine that goes from one network to another, each with a gateway of its own.

Both lead to the daemon's network. A gateway lets nobody pass who has not an address of its network.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.process.network import Network


@dataclass(frozen=True)
class Uplink:
    """One of the networks that a machine may be in, and its interface there."""

    home: Network
    client: Network
    number: int

    @property
    def device(self) -> str:
        """The machine's interface."""
        return f"eth{self.number}"

    @property
    def gateway(self) -> str:
        """The gateway's address, in the daemon's namespace."""
        return f"10.97.{self.number}.1"

    def address(self, host: int = 2) -> str:
        """Return an address of this network."""
        return f"10.97.{self.number}.{host}"

    def up(self, *, host: int = 2, metric: int = 100) -> None:
        """Have an address, and a default route that is the better the lower ``metric``."""
        self._ip(f"link set {self.device} up")
        self._ip(f"addr replace {self.address(host)}/24 dev {self.device}")
        self._route(metric)

    def down(self) -> None:
        """Unplug it: its addresses and routes go."""
        self._ip(f"addr flush dev {self.device}")
        self._ip(f"link set {self.device} down")

    def renumber(self, now: int, *, metric: int = 100) -> None:
        """Have another address of the same network, as if DHCP had given it."""
        self._ip(f"addr flush dev {self.device}")
        self.up(host=now, metric=metric)

    def die(self) -> None:
        """Let the gateway swallow everything, without a word."""
        self.home.nft(f"add element inet roaming dead {{ up{self.number} }}")

    def block_udp(self) -> None:
        """Let the gateway pass no UDP."""
        for chain, end in (("in", "iifname"), ("out", "oifname")):
            self.home.nft(
                f"insert rule inet roaming {chain} {end} up{self.number} meta l4proto udp drop"
            )

    def revive(self) -> None:
        """End that, if it is so."""
        self.home.nft("flush set inet roaming dead")

    def _route(self, metric: int) -> None:
        self._ip(f"route replace default via {self.gateway} dev {self.device} metric {metric}")

    def _ip(self, what: str) -> None:
        subprocess.run(["ip", "-n", self.client.name, *what.split()], check=True)


@contextmanager
def two_networks(home: Network) -> Iterator[Sequence[Uplink]]:
    """Make a namespace with a cable to each of two gateways of ``home``; it has no address yet."""
    client = Network(f"{home.name}-roams")
    subprocess.run(["ip", "netns", "add", client.name], check=True)
    uplinks = [Uplink(home, client, number) for number in (1, 2)]
    here, there = ["ip", "-n", home.name], ["ip", "-n", client.name]
    try:
        subprocess.run([*there, "link", "set", "lo", "up"], check=True)
        home.nft(
            "add table inet roaming",
            "add set inet roaming dead { type ifname ; }",
            "add chain inet roaming in { type filter hook input priority 0 ; }",
            "add chain inet roaming out { type filter hook output priority 0 ; }",
            "add rule inet roaming in iifname @dead drop",
            "add rule inet roaming out oifname @dead drop",
        )
        for uplink in uplinks:
            gate = f"up{uplink.number}"
            for command in (
                [*here, "link", "add", gate, "type", "veth", "peer", "name", uplink.device],
                [*here, "link", "set", uplink.device, "netns", client.name],
                [*here, "addr", "add", f"{uplink.gateway}/24", "dev", gate],
                [*here, "link", "set", gate, "up"],
            ):
                subprocess.run(command, check=True)
            own = f"iifname {gate} ip saddr != {uplink.address(0)}/24 drop"
            home.nft(f"add rule inet roaming in {own}")
        yield uplinks
    finally:
        subprocess.run(["ip", "netns", "delete", client.name], check=True)
