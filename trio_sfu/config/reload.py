"""What may change while the daemon runs. Pure."""

from typing import Final

from trio_sfu.config.keys import KEYS, Key
from trio_sfu.config.model import Config
from trio_sfu.errors import ConfigError

LIVE: Final = frozenset(
    {
        "http.certificate",
        "http.key",
        "http.max_connections",
        "http.max_connections_per_address",
        "http.origins",
        "liveness.self_test_interval",
        "liveness.self_test_timeout",
        "log.level",
        "log.lines_per_second",
        "media.announced",
        "media.handshake_timeout",
        "media.stun_server",
        "webhooks.secret_file",
    }
)
"""Keys that take effect without a restart, besides those of ``LIVE_SECTIONS``."""

LIVE_SECTIONS: Final = frozenset(
    {"admin", "auth", "drain", "overload", "rooms", "signaling", "turn", "video"}
)


def changed_keys(before: Config, after: Config) -> list[str]:
    """Return the keys whose values differ, in the order of the sample."""
    return [key.dotted for key in KEYS.values() if _value(before, key) != _value(after, key)]


def check_reload(before: Config, after: Config) -> None:
    """Raise ConfigError (config-restart) when ``after`` needs a restart, naming all keys that do.

    Nothing of it is applied then: what runs is always a whole that somebody has written.
    """
    fixed = [dotted for dotted in changed_keys(before, after) if not _is_live(dotted)]
    if bool(before.http.certificate) != bool(after.http.certificate):
        fixed.append("http.certificate (TLS or not)")
    if fixed:
        needs = "needs" if len(fixed) == 1 else "need"
        raise ConfigError(
            f"{', '.join(fixed)} {needs} a restart; nothing was changed", code="config-restart"
        )


def _is_live(dotted: str) -> bool:
    return dotted in LIVE or KEYS[dotted].section in LIVE_SECTIONS


def _value(config: Config, key: Key) -> object:
    return getattr(getattr(config, key.section), key.name)
