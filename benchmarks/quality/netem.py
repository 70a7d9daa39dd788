"""The other back-end: tc-netem(8) on a cable between the namespaces, where the kernel has it."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.quality.profile import Profile
from tests.process.network import Network

PACKET = 1200
"""Bytes: netem counts its queue in packets."""
UNLIMITED = 10_000


def options(profile: Profile, rate: float) -> list[str]:
    """Return netem's words for ``profile`` while the capacity is ``rate`` bits/s."""
    waiting = UNLIMITED
    if profile.queue is not None and profile.rates:
        # Packets on the wire count as well.
        wire = rate / 8 * profile.delay / 1000
        waiting = max(1, round((profile.queue + wire) / PACKET))
    words = ["limit", str(waiting)]
    if profile.rates:
        words += ["rate", f"{round(rate)}bit"]
    # Jitter beside a rate keeps the order: a netem queue with a rate is one.
    words += ["delay", f"{profile.delay + profile.jitter / 2:g}ms", f"{profile.jitter / 2:g}ms"]
    if profile.bursts is not None:
        each = profile.bursts
        words += ["loss", "gemodel", f"{each.begin:g}%", f"{each.end:g}%", f"{each.loss:g}%", "0%"]
    elif profile.loss:
        words += ["loss", "random", f"{profile.loss:g}%"]
    if profile.reorder is not None:
        words += ["reorder", f"{profile.reorder[0]:g}%"]
    if profile.duplicate:
        words += ["duplicate", f"{profile.duplicate:g}%"]
    return words


class Changes:
    """Applies the steps of both directions' schedules at their times."""

    def __init__(self, device: str, ends: list[tuple[Network, Profile]]) -> None:
        self._device = device
        self._ends = ends
        self._timers: list[threading.Timer] = []
        for network, profile in ends:
            self._apply(network, profile, profile.rate_at(0))

    def go(self) -> None:
        """Begin the schedules."""
        for network, profile in self._ends:
            for at, bits in profile.rates[1:]:
                timer = threading.Timer(at, self._apply, (network, profile, float(bits)))
                timer.daemon = True
                timer.start()
                self._timers.append(timer)

    def stop(self) -> None:
        """Apply no further step."""
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def _apply(self, network: Network, profile: Profile, rate: float) -> None:
        command = ["tc", "qdisc", "replace", "dev", self._device, "root", "netem"]
        subprocess.run([*network.prefix, *command, *options(profile, rate)], check=True)


@contextmanager
def cable(
    near: Network, far: Network, device: str, down: Profile, up: Profile
) -> Iterator[Changes]:
    """Lay a cable whose ends are called ``device``, with ``down`` on the near one's way out."""
    command = ["ip", "link", "add", device, "netns", near.name, "type", "veth"]
    subprocess.run([*command, "peer", "name", device, "netns", far.name], check=True)
    changes = Changes(device, [(near, down), (far, up)])
    try:
        yield changes
    finally:
        changes.stop()
