"""Tell systemd how we are (sd_notify(3)), when it wants to know."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import trio

STATUS_EVERY: Final = 1.0
"""Seconds: a room that fills quickly is told of once."""


class Notifier:
    """Sends datagrams to ``$NOTIFY_SOCKET``; does nothing when there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._watchdog_us = int(environment.get("WATCHDOG_USEC", "0") or 0)

    @property
    def watchdog_interval(self) -> float | None:
        """Seconds between two signs of life, a quarter of what systemd waits; or None.

        One that is left out is then not yet the end.
        """
        return self._watchdog_us / 4_000_000 if self._watchdog_us and self._address else None

    def reloading(self) -> None:
        """Say that the settings are being read again; ``READY=1`` ends it (systemd 253)."""
        self.send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def send(self, state: str) -> None:
        """Send e.g. ``READY=1``. Never waits: a full socket loses the message."""
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        with socket.socket(socket.AF_UNIX, kind) as channel, suppress(OSError):
            channel.sendto(state.encode(), self._address)


async def keep_watchdog(notifier: Notifier, turning: Callable[[], bool]) -> None:
    """Send signs of life while this loop turns and ``turning`` says that the workers do.

    The self-test has no say in it. It may fail for what a restart does not mend (no file
    descriptors left, a firewall) while calls go on, and being killed would end them all.
    """
    interval = notifier.watchdog_interval
    if interval is None:
        return
    while True:
        if turning():
            notifier.send("WATCHDOG=1")
        await trio.sleep(interval)


async def keep_status(
    notifier: Notifier, status: Callable[[], str], every: float = STATUS_EVERY
) -> None:
    """Tell systemd the line that ``systemctl status`` shows, when it has changed."""
    told = None
    while True:
        now = status()
        if now != told:
            notifier.send(f"STATUS={now}")
            told = now
        await trio.sleep(every)
