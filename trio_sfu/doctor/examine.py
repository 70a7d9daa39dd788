"""All checks, in the order in which one would mend."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

import trio

from trio_sfu.config.model import Config
from trio_sfu.config.token import operator_token
from trio_sfu.doctor import machine
from trio_sfu.doctor.certificate import CHECK as CERTIFICATE
from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.doctor.reach import UDP, check_reach
from trio_sfu.doctor.relays import check_relays, check_seen
from trio_sfu.doctor.service import check_unit
from trio_sfu.doctor.settings import bound_addresses, check_addresses, check_settings
from trio_sfu.doctor.storage import check_storage
from trio_sfu.doctor.trial import WAYS_IN, check_running, try_daemon
from trio_sfu.doctor.web import check_web
from trio_sfu.errors import ConfigError
from trio_sfu.liveness.trial_path import TrialPath
from trio_sfu.tree.remote import Remote, RemoteError

Load = Callable[[], Config]

_REFUSED: Final = {
    "config-tls": (
        CERTIFICATE,
        "http.key must be the key that http.certificate was made for, both PEM, both there",
    ),
    "config-keys": ("keys", "see that auth.keys names files of `trio-sfu token new-key`"),
    "config-token": (
        "operators' token",
        "admin.token_file must name a file that the daemon's user can read, with one line",
    ),
    "config-open": ("access", "set auth.keys, or auth.open = true if everybody may join"),
}
"""By the code that settings are refused with: which check it is, and the way out."""


def examine(load: Load, url: str | None = None, *, outside: bool = False) -> Iterator[Finding]:
    """Yield what is found. ``load`` gives the settings or raises ConfigError.

    ``url`` is where people open the page, and where a running daemon is asked if it lets one;
    else, and without it, the daemon is asked where the settings have it. ``outside``: this is
    not its machine, so only what others meet is looked at, at ``url``.
    """
    try:
        config = load()
    except ConfigError as error:
        yield _refused(error)
        if not outside:
            yield from _machine(Config())
        return
    token = operator_token(config.admin)
    if outside and url is not None:
        yield from check_web(url)
        yield from _reached(Remote(url, token=token))
        return
    yield ok("settings", "they are right")
    yield from check_settings(config, url)
    yield from _machine(config)
    yield from check_relays(config.turn)
    asked = _find(config, url, token)
    path = asked.path
    bound = bound_addresses(config)
    told = config.media.announced or bound
    if path is not None:
        told = list(dict.fromkeys(each.host for each in path.places))
    seen = list(check_seen(config, bound, told))
    yield check_addresses(config, told)
    yield from seen
    yield from _daemon(config, asked)
    if path is not None:
        yield from trio.run(check_reach, path)
    if url is not None:
        yield from check_web(url)


def _refused(error: ConfigError) -> Finding:
    mend = "mend them; `trio-sfu check-config` says when they are"
    check, remedy = _REFUSED.get(error.code, ("settings", mend))
    return fail(check, str(error), remedy)


def _machine(config: Config) -> Iterator[Finding]:
    yield machine.check_descriptors(config)
    yield machine.check_memory()
    yield machine.check_room(config)
    yield check_storage()
    yield machine.check_clock()
    yield machine.check_gso()
    yield machine.check_receive_buffer()
    yield check_unit(config)


class _Asked(NamedTuple):
    """A daemon, and whether it answers, and how its media ports are tried, if it says so."""

    remote: Remote
    there: bool
    path: TrialPath | None = None


def _find(config: Config, url: str | None, token: str | None) -> _Asked:
    """Return the daemon at ``url`` where it lets one ask, or else the one of the settings."""
    if url is not None:
        asked = _ask(Remote(url, token=token))
        if asked.path is not None:
            return asked
    return _ask(Remote.of(config.http, token))


def _ask(remote: Remote) -> _Asked:
    try:
        return _Asked(remote, there=True, path=remote.trial_path())
    except RemoteError as error:
        return _Asked(remote, there=not error.silent)


def _reached(remote: Remote) -> list[Finding]:
    try:
        path = remote.trial_path()
    except RemoteError as error:
        remedy = WAYS_IN.get(error.code, "have the proxy pass /api/v1/trial-path on for a while")
        message = f"not tried, for the daemon does not say how: {error}"
        return [warn(UDP, message, remedy)]
    return trio.run(partial(check_reach, path, outside=True))


def _daemon(config: Config, asked: _Asked) -> list[Finding]:
    if asked.there:
        with suppress(RemoteError):
            return check_running(asked.remote, config.media.worker_count)
    return trio.run(try_daemon, config)
