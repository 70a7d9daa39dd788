"""A daemon as a process of its own: from its start to a signal, with systemd told of both."""

import signal
from collections.abc import Awaitable, Callable

import trio

from trio_sfu import logging
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon, open_daemon
from trio_sfu.errors import ConfigError
from trio_sfu.events import DaemonFailed, Failure, Journal
from trio_sfu.notify import Notifier, keep_watchdog

_RECEIVE_BUFFER = 4 << 20
"""Bytes, as the kernel counts them, below which a flood of 100,000 datagrams a second was seen
to cost media packets (docs/floods.md)."""

log = logging.get("daemon")

Beside = Callable[[Daemon], Awaitable[object]]


async def _nothing(_daemon: Daemon) -> None:  # noqa: ASYNC124  (a Beside)
    return


async def serve(config: Config, beside: Beside = _nothing) -> bool:
    """Run a daemon until SIGTERM or SIGINT; a second signal hurries the stop.

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
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with (
            open_daemon(config, signals.__anext__, journal) as daemon,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(beside, daemon, name="beside")
            nursery.start_soon(keep_watchdog, notifier, daemon.liveness.turning, name="watchdog")
            _log_start(daemon)
            notifier.send("READY=1")
            log.info("stopping", signal=signal.Signals(await anext(signals)).name)
            notifier.send("STOPPING=1")
            nursery.cancel_scope.cancel()
    log.info("stopped")


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
    policy = daemon.gate.policy
    if policy is not None:
        log.info("tokens: nobody joins without one", keys=sorted(policy.keys))
    elif daemon.config.auth.open:
        log.warning("open: everybody who can reach the port may join")
    else:
        log.info("open: everybody on this machine may join, and whoever a proxy on it lets in")
    log.info("ready", url=daemon.url)
