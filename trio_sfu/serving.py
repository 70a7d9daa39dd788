"""A daemon as a process of its own: from its start to a signal, with systemd told of both."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from math import ceil
from typing import Final

import trio

from trio_sfu import logging
from trio_sfu.activation import Inherited
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon, open_daemon
from trio_sfu.errors import ConfigError
from trio_sfu.events import (
    ConfigurationRefused,
    ConfigurationReloaded,
    DaemonFailed,
    Failure,
    Journal,
)
from trio_sfu.notify import Notifier, keep_status, keep_watchdog

_RECEIVE_BUFFER = 4 << 20
"""Bytes, as the kernel counts them, below which a flood of 100,000 datagrams a second was seen
to cost media packets (docs/floods.md)."""

_AFTER_DRAIN_S: Final = 15.0
"""Seconds that systemd is asked to wait for beyond the drain: the stop is bounded by less."""

_SUMMARY_S: Final = 1.0
"""Seconds between two looks at whether the log has left something out."""

log = logging.get("daemon")

Beside = Callable[[Daemon], Awaitable[object]]
NO_SOCKETS: Final = Inherited()

Load = Callable[[], Config]
"""Reads the settings anew. Raises ConfigError."""


async def _nothing(_daemon: Daemon) -> None:  # noqa: ASYNC124  (a Beside)
    return


async def serve(
    config: Config,
    beside: Beside = _nothing,
    load: Load | None = None,
    inherited: Inherited = NO_SOCKETS,
) -> bool:
    """Run a daemon until it is to stop.

    SIGTERM drains it first (``rooms.drain``), a second one or SIGINT stops it now, another one
    then waits for nobody.

    SIGHUP has the settings that ``load`` returns applied, all or none; without ``load`` it is
    the end of a terminal, and stops the daemon. ``beside`` runs as long as the daemon is ready.
    Returns whether it ended well; an error that ended it has been noted. Raises ConfigError
    when a port cannot be had.
    """
    journal = Journal(logging.log_fact)
    try:
        await _serve(config, beside, load, journal, inherited)
    except* ConfigError:
        raise
    except* Exception as error:
        failure = Failure.of(error, code="daemon-failed", path="daemon")
        journal.note(DaemonFailed(failure))
    return journal.count(DaemonFailed) == 0


async def _serve(
    config: Config, beside: Beside, load: Load | None, journal: Journal, inherited: Inherited
) -> None:
    notifier = Notifier()
    wanted = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
    impatience = trio.Event()
    with trio.open_signal_receiver(*wanted) as signals:
        async with trio.open_nursery() as outer:
            async with (
                open_daemon(config, impatience.wait, journal, inherited) as daemon,
                trio.open_nursery() as nursery,
            ):
                reloading = Reloading(load, daemon, notifier)
                # Outside of the daemon: signals are heeded until it has stopped.
                heed = partial(_heed, signals, daemon, notifier, reloading, impatience)
                outer.start_soon(heed, name="signals")
                outer.start_soon(_tell_left_out, name="log summary")
                nursery.start_soon(beside, daemon, name="beside")
                turning = daemon.liveness.turning
                nursery.start_soon(keep_watchdog, notifier, turning, name="watchdog")
                nursery.start_soon(
                    keep_status, notifier, lambda: _status(daemon, reloading), name="status"
                )
                nursery.start_soon(_tell_ready, daemon, notifier, name="readiness")
                await daemon.drain.over()
                log.info("stopping")
                notifier.send("STOPPING=1")
                nursery.cancel_scope.cancel()
            outer.cancel_scope.cancel()
    logging.tell_left_out()
    log.info("stopped")


async def _tell_left_out() -> None:
    while True:
        await trio.sleep(_SUMMARY_S)
        logging.tell_left_out()


async def _tell_ready(daemon: Daemon, notifier: Notifier) -> None:
    """Say so when media has gone through ICE, DTLS, SRTP and the engine once."""
    _log_media(daemon)
    await daemon.self_test.proven()
    log.info("ready", url=daemon.url)
    notifier.send("READY=1")


async def _heed(
    signals: AsyncIterator[int],
    daemon: Daemon,
    notifier: Notifier,
    reloading: "Reloading",
    impatience: trio.Event,
) -> None:
    async for number in signals:
        log.info("signal", signal=signal.Signals(number).name)
        if number == signal.SIGHUP and reloading.possible:
            reloading.reload()
        elif not daemon.running:
            impatience.set()
        elif number != signal.SIGTERM:
            daemon.drain.hurry()
        else:
            daemon.drain.terminate()
            limit = ceil(((daemon.drain.seconds() or 0) + _AFTER_DRAIN_S) * 1_000_000)
            notifier.send(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={limit}")


class Reloading:
    """Reads the settings again when it is asked to, and says what came of it."""

    def __init__(self, load: Load | None, daemon: Daemon, notifier: Notifier) -> None:
        self.outcome = ""
        """Of the last time, for ``systemctl status``."""
        self._load = load
        self._daemon = daemon
        self._notifier = notifier

    @property
    def possible(self) -> bool:
        """Whether there is something to read."""
        return self._load is not None

    def reload(self) -> None:
        """Read the settings and apply them, all or none."""
        assert self._load is not None  # noqa: S101  (asked before)
        self._notifier.reloading()
        journal = self._daemon.journal
        try:
            keys = self._daemon.reconfigure(self._load())
        except ConfigError as error:
            # To systemd the end of a line is the end of what is told.
            self.outcome = f"; reload refused: {'; '.join(str(error).splitlines())}"
            journal.note(ConfigurationRefused(error.code, str(error)))
        else:
            self.outcome = f"; reloaded: {', '.join(keys) or 'nothing has changed'}"
            # Before the level: who makes the log quieter still sees that it worked.
            journal.note(ConfigurationReloaded(tuple(keys)))
            settings = self._daemon.config.log
            logging.set_level(settings.level, settings.lines_per_second)
        if self._daemon.ready:
            # With the outcome: who has waited for the reload looks at it next.
            self._notifier.send(f"READY=1\nSTATUS={_status(self._daemon, self)}")


def _status(daemon: Daemon, reloading: Reloading) -> str:
    """Return what ``systemctl status`` shows."""
    if not daemon.ready:
        return f"waiting for the first self-test to pass{reloading.outcome}"
    state = daemon.drain.state()
    who = f"rooms: {state.rooms}, peers: {state.peers}{reloading.outcome}"
    return who if state.seconds is None else f"draining, stops in {state.seconds:.0f} s; {who}"


def _log_media(daemon: Daemon) -> None:
    engine, workers = daemon.engine, range(daemon.engine.placement.workers)
    media = [f"{host}:{port}" for each in workers for host, port in engine.candidates(each)]
    tcp = [f"{host}:{port}" for each in workers for host, port in engine.tcp_candidates(each)]
    waiting = daemon.engine.receive_buffer()
    log.info("media", udp=media, tcp=tcp, gso=daemon.engine.gso(), receive_buffer=waiting)
    if waiting is not None and waiting < _RECEIVE_BUFFER:
        log.warning(
            "small receive buffer: packets are lost in bursts and floods; "
            "set net.core.rmem_max, or run `trio-sfu install-service`",
            receive_buffer=waiting,
        )
    policy = daemon.gate.policy
    if policy is not None:
        log.info("tokens: nobody joins without one", keys=sorted(policy.keys))
    elif daemon.config.auth.open:
        log.warning("open: everybody who can reach the port may join")
    else:
        log.info("open: everybody on this machine may join, and whoever a proxy on it lets in")
