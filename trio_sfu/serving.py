"""A daemon as a process of its own: from its start to a signal, with systemd told of both."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from math import ceil
from typing import Final

import trio

from trio_sfu import logging
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon, open_daemon
from trio_sfu.errors import ConfigError
from trio_sfu.events import DaemonFailed, Failure, Journal
from trio_sfu.notify import Notifier, keep_status, keep_watchdog

_RECEIVE_BUFFER = 4 << 20
"""Bytes, as the kernel counts them, below which a flood of 100,000 datagrams a second was seen
to cost media packets (docs/floods.md)."""

_AFTER_DRAIN_S: Final = 15.0
"""Seconds that systemd is asked to wait for beyond the drain: the stop is bounded by less."""

log = logging.get("daemon")

Beside = Callable[[Daemon], Awaitable[object]]


async def _nothing(_daemon: Daemon) -> None:  # noqa: ASYNC124  (a Beside)
    return


async def serve(config: Config, beside: Beside = _nothing) -> bool:
    """Run a daemon until it is to stop.

    SIGTERM drains it first (``rooms.drain``), a second one or SIGINT stops it now, another one
    then waits for nobody.

    ``beside`` runs as long as the daemon is ready. Returns whether it ended well; an error
    that ended it has been noted. Raises ConfigError when a port cannot be had.
    """
    journal = Journal(logging.log_fact)
    try:
        await _serve(config, beside, journal)
    except* ConfigError:
        raise
    except* Exception as error:
        failure = Failure.of(error, code="daemon-failed", path="daemon")
        journal.note(DaemonFailed(failure))
    return journal.count(DaemonFailed) == 0


async def _serve(config: Config, beside: Beside, journal: Journal) -> None:
    notifier = Notifier()
    impatience = trio.Event()
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as outer:
            async with (
                open_daemon(config, impatience.wait, journal) as daemon,
                trio.open_nursery() as nursery,
            ):
                # Outside of the daemon: signals are heeded until it has stopped.
                outer.start_soon(_heed, signals, daemon, notifier, impatience, name="signals")
                nursery.start_soon(beside, daemon, name="beside")
                turning = daemon.liveness.turning
                nursery.start_soon(keep_watchdog, notifier, turning, name="watchdog")
                nursery.start_soon(keep_status, notifier, lambda: _status(daemon), name="status")
                _log_start(daemon)
                notifier.send("READY=1")
                await daemon.drain.over()
                log.info("stopping")
                notifier.send("STOPPING=1")
                nursery.cancel_scope.cancel()
            outer.cancel_scope.cancel()
    log.info("stopped")


async def _heed(
    signals: AsyncIterator[int], daemon: Daemon, notifier: Notifier, impatience: trio.Event
) -> None:
    async for number in signals:
        log.info("signal", signal=signal.Signals(number).name)
        if not daemon.ready:
            impatience.set()
        elif number == signal.SIGINT:
            daemon.drain.hurry()
        else:
            daemon.drain.terminate()
            limit = ceil(((daemon.drain.seconds() or 0) + _AFTER_DRAIN_S) * 1_000_000)
            notifier.send(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={limit}")


def _status(daemon: Daemon) -> str:
    """Return what ``systemctl status`` shows."""
    state = daemon.drain.state()
    who = f"rooms: {state.rooms}, peers: {state.peers}"
    return who if state.seconds is None else f"draining, stops in {state.seconds:.0f} s; {who}"


def _log_start(daemon: Daemon) -> None:
    media = [f"{host}:{port}" for host, port in daemon.engine.candidates()]
    waiting = daemon.engine.receive_buffer()
    log.info("media", udp=media, gso=daemon.engine.gso(), receive_buffer=waiting)
    if waiting is not None and waiting < _RECEIVE_BUFFER:
        log.warning(
            "small receive buffer: packets are lost in bursts and floods; "
            "set net.core.rmem_max as systemd/60-trio-sfu.conf does",
            receive_buffer=waiting,
        )
    if daemon.config.auth.open:
        log.warning("open: everybody who can reach the port may join")
    log.info("ready", url=daemon.url)
