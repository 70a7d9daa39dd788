"""A network namespace of the test's own, with one address that is not loopback.

Firefox gathers no ICE candidates from loopback alone. In the namespace there is a
second address, yet a page from 127.0.0.1 is still a secure context.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "10.99.0.1"
GATEWAY = "10.99.0.2"
INSIDE = "10.98.0.1"
BEHIND_NAT = "10.98.0.2"
IN = {"input": "iifname"}
OUT = {"output": "oifname"}
BOTH_WAYS = IN | OUT


@dataclass(frozen=True)
class Network:
    """A named namespace."""

    name: str

    @property
    def prefix(self) -> list[str]:
        """What to put before a command to run it inside."""
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    def wrapper(self, folder: Path, command: str, *arguments: str, without: str = "") -> Path:
        """Write a program that runs ``command`` inside, for who takes only a path.

        It gets ``arguments`` before those that it is given, of which ``without`` is left out.
        """
        script = folder / f"{Path(command).name}-in-{self.name}"
        words = " ".join([*self.prefix, command, *arguments])
        leave_out = f'for each; do shift; [ "$each" = "{without}" ] || set -- "$@" "$each"; done\n'
        script.write_text(f'#!/bin/sh\n{leave_out if without else ""}exec {words} "$@"\n')
        script.chmod(0o755)
        return script

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread's new sockets and processes be inside."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        within = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _setns(within)
            try:
                yield
            finally:
                _setns(outside)
        finally:
            os.close(outside)
            os.close(within)

    def nft(self, *rules: str) -> None:
        """Have ``nft`` do something inside."""
        for rule in rules:
            subprocess.run([*self.prefix, "nft", *rule.split()], check=True)


def _setns(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def own_network() -> Iterator[Network]:
    """Make the namespace and remove it. Needs root."""
    network = Network(f"trio-sfu-{os.getpid()}")
    ip = ["ip", "-n", network.name]
    subprocess.run(["ip", "netns", "add", network.name], check=True)
    try:
        for command in (
            [*ip, "link", "set", "lo", "up"],
            [*ip, "link", "add", "here", "type", "veth", "peer", "name", "there"],
            [*ip, "addr", "add", f"{ADDRESS}/24", "dev", "here"],
            [*ip, "link", "set", "here", "up"],
            [*ip, "link", "set", "there", "up"],
            # Firefox offers the default route's address; nobody is at the gateway.
            [*ip, "route", "add", "default", "via", GATEWAY, "dev", "here"],
        ):
            subprocess.run(command, check=True)
        yield network
    finally:
        subprocess.run(["ip", "netns", "delete", network.name], check=True)


@contextmanager
def neighbour(network: Network) -> Iterator[Network]:
    """Make a second namespace at the other end of ``network``'s cable, with ``GATEWAY``."""
    other = Network(f"{network.name}-next")
    here, there = ["ip", "-n", network.name], ["ip", "-n", other.name]
    subprocess.run(["ip", "netns", "add", other.name], check=True)
    try:
        for command in (
            [*here, "link", "set", "there", "netns", other.name],
            [*there, "link", "set", "lo", "up"],
            [*there, "addr", "add", f"{GATEWAY}/24", "dev", "there"],
            [*there, "link", "set", "there", "up"],
            [*there, "route", "add", "default", "via", ADDRESS, "dev", "there"],
        ):
            subprocess.run(command, check=True)
        yield other
    finally:
        subprocess.run(["ip", "netns", "delete", other.name], check=True)


@contextmanager
def behind_nat(network: Network) -> Iterator[tuple[Network, Network]]:
    """Make a router at the other end of ``network``'s cable, and a namespace behind that.

    The router gives every flow a random port of its own (a symmetric NAT), and ``network`` knows
    no way to the addresses behind it. Returns the router and who is behind it.
    """
    with neighbour(network) as router:
        client = Network(f"{network.name}-nat")
        ip, inside = ["ip", "-n", router.name], ["ip", "-n", client.name]
        subprocess.run(["ip", "netns", "add", client.name], check=True)
        try:
            for command in (
                [*ip, "link", "add", "inside", "type", "veth", "peer", "name", "eth0"],
                [*ip, "link", "set", "eth0", "netns", client.name],
                [*ip, "addr", "add", f"{INSIDE}/24", "dev", "inside"],
                [*ip, "link", "set", "inside", "up"],
                [*inside, "link", "set", "lo", "up"],
                [*inside, "addr", "add", f"{BEHIND_NAT}/24", "dev", "eth0"],
                [*inside, "link", "set", "eth0", "up"],
                [*inside, "route", "add", "default", "via", INSIDE, "dev", "eth0"],
                [*router.prefix, "sysctl", "-qw", "net.ipv4.ip_forward=1"],
            ):
                subprocess.run(command, check=True)
            router.nft(
                "add table ip nat",
                "add chain ip nat out { type nat hook postrouting priority srcnat ; }",
                "add rule ip nat out oifname there masquerade random",
                "add table ip filter",
                "add chain ip filter through { type filter hook forward priority filter ; }",
            )
            yield router, client
        finally:
            subprocess.run(["ip", "netns", "delete", client.name], check=True)


def refuse(router: Network, what: str) -> None:
    """Have a router of ``behind_nat`` drop what the nft expression ``what`` says."""
    router.nft(f"add rule ip filter through {what} drop")


@contextmanager
def blocked(
    network: Network, what: str = "", ways: Mapping[str, str] = BOTH_WAYS
) -> Iterator[None]:
    """Drop what comes and goes by the cable: all, or what the nft expression ``what`` says."""
    network.nft("add table inet blocking")
    try:
        for hook, interface in ways.items():
            network.nft(
                f"add chain inet blocking {hook} {{ type filter hook {hook} priority 0 ; }}",
                f"add rule inet blocking {hook} {interface} here {what} drop",
            )
        yield
    finally:
        network.nft("delete table inet blocking")
