"""The path between two network namespaces: a queue, a wire, and what is wrong with them.

Two back-ends have one interface: the project's own emulator between two TUN devices
(``native/crates/impair``), which logs every packet, and netem (tc-netem(8)) on a cable, where
the kernel has it. Needs root.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.quality import netem
from benchmarks.quality.profile import Profile
from tests.process.network import Network

NEAR_ADDRESS = "10.98.0.1"
FAR_ADDRESS = "10.98.0.2"
DEVICE = "impaired"
"""The name of the device at each end; the emulator makes it (``tun.rs``)."""

ROOT = Path(__file__).parents[2]

Backend = Literal["tun", "netem"]


@dataclass
class BadPath:
    """A path that is there. The daemon is near; ``down`` goes to who is far."""

    near: Network
    far: Network
    down: Profile
    up: Profile
    log: Path | None
    """A line for each packet; None: this back-end notes none."""
    emulator: "subprocess.Popen[str] | None" = None
    changes: netem.Changes | None = field(default=None, repr=False)

    def go(self) -> None:
        """Begin the time of the rates' schedules."""
        if self.emulator is not None and self.emulator.stdin is not None:
            self.emulator.stdin.write("go\n")
            self.emulator.stdin.flush()
        if self.changes is not None:
            self.changes.go()

    def close(self) -> None:
        """End it, so that the log is complete."""
        if self.emulator is not None:
            assert self.emulator.stdin is not None
            self.emulator.stdin.close()
            self.emulator.wait(10)


def emulator_program() -> Path:
    """Build the emulator, if that was not done, and return it."""
    manifest = str(ROOT / "native" / "Cargo.toml")
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest]
    subprocess.run([*command, "-p", "trio-sfu-impair"], check=True)
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "native" / "target"))
    return Path(target, "release", "trio-sfu-impair")


@contextmanager
def bad_path(
    down: Profile, up: Profile, folder: Path, *, seed: int, backend: Backend = "tun"
) -> Iterator[BadPath]:
    """Make two namespaces and the path between them, and remove all of it."""
    with ExitStack() as stack:
        near = stack.enter_context(_namespace(f"trio-sfu-near-{os.getpid()}"))
        far = stack.enter_context(_namespace(f"trio-sfu-far-{os.getpid()}"))
        path = BadPath(near, far, down, up, None)
        if backend == "tun":
            path.log = folder / "path.csv"
            path.emulator = _emulator(path, seed)
        else:
            path.changes = stack.enter_context(netem.cable(near, far, DEVICE, down, up))
        stack.callback(path.close)
        _address(near, NEAR_ADDRESS, FAR_ADDRESS)
        _address(far, FAR_ADDRESS, NEAR_ADDRESS)
        yield path


@contextmanager
def _namespace(name: str) -> Iterator[Network]:
    subprocess.run(["ip", "netns", "add", name], check=True)
    network = Network(name)
    try:
        # IPv6 would send packets of its own.
        _in(network, "sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1")
        _in(network, "ip", "link", "set", "lo", "up")
        yield network
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def _address(network: Network, own: str, other: str) -> None:
    _in(network, "ip", "addr", "add", f"{own}/24", "dev", DEVICE)
    _in(network, "ip", "link", "set", DEVICE, "up")
    # A page without camera permission offers the address of the default route.
    _in(network, "ip", "route", "add", "default", "via", other, "dev", DEVICE)


def _in(network: Network, *command: str) -> None:
    subprocess.run([*network.prefix, *command], check=True)


def _emulator(path: BadPath, seed: int) -> "subprocess.Popen[str]":
    ends = ["--near", path.near.name, "--far", path.far.name, "--seed", str(seed)]
    profiles = ["--down", path.down.words(), "--up", path.up.words(), "--log", str(path.log)]
    process = subprocess.Popen(
        [str(emulator_program()), *ends, *profiles],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError("the emulator did not start")
    return process
