"""All checks, in the order in which one would mend."""

from collections.abc import Callable, Iterator

import trio

from trio_sfu.config.model import Config
from trio_sfu.config.token import operator_token
from trio_sfu.doctor import machine
from trio_sfu.doctor.finding import Finding, fail, ok
from trio_sfu.doctor.settings import check_settings
from trio_sfu.doctor.trial import check_running, try_daemon
from trio_sfu.errors import ConfigError
from trio_sfu.tree.remote import Remote, RemoteError


def examine(load: Callable[[], Config], url: str | None = None) -> Iterator[Finding]:
    """Yield what is found. ``load`` gives the settings or raises ConfigError.

    ``url`` is where a running daemon is; without it, where the settings have it.
    """
    try:
        config = load()
    except ConfigError as error:
        yield fail("settings", str(error), "mend them; `trio-sfu check-config` says when they are")
        yield from _machine(Config())
        return
    yield ok("settings", "they are right")
    yield from check_settings(config)
    yield from _machine(config)
    token = operator_token(config.admin)
    yield from _daemon(config, Remote(url, token=token) if url else Remote.of(config.http, token))


def _machine(config: Config) -> Iterator[Finding]:
    yield machine.check_descriptors(config)
    yield machine.check_memory()
    yield machine.check_clock()
    yield machine.check_gso()
    yield machine.check_receive_buffer()
    yield machine.check_unit()


def _daemon(config: Config, remote: Remote) -> list[Finding]:
    try:
        return check_running(remote)
    except RemoteError:
        return trio.run(try_daemon, config)
