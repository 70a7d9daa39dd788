"""What may change while the daemon runs, and what is refused."""

import pytest
from msgspec.structs import replace

from trio_sfu.config import Config, load
from trio_sfu.config.keys import KEYS
from trio_sfu.config.reload import LIVE, LIVE_SECTIONS, changed_keys, check_reload
from trio_sfu.errors import ConfigError

BEFORE = Config()


def refused(**flags: str) -> ConfigError:
    after = load(flags={name.replace("__", "."): text for name, text in flags.items()})
    with pytest.raises(ConfigError) as caught:
        check_reload(BEFORE, after)
    return caught.value


def test_equal_settings_are_no_change() -> None:
    assert changed_keys(BEFORE, load()) == []
    check_reload(BEFORE, load())


def test_limits_log_and_turn_change_live() -> None:
    flags = {
        "rooms.max_rooms": "5",
        "turn.urls": "turn:t.example",
        "turn.secret": "s",
        "log.level": "debug",
        "overload.joins_per_second": "7",
    }
    after = load(flags=flags)
    check_reload(BEFORE, after)
    assert set(changed_keys(BEFORE, after)) == set(flags)


def test_all_keys_that_need_a_restart_are_named() -> None:
    error = refused(http__port="9000", media__workers="2", log__level="debug")
    assert error.code == "config-restart"
    assert str(error).startswith("http.port, media.workers need a restart")
    assert "log.level" not in str(error)


def test_one_key_is_named_too() -> None:
    assert str(refused(liveness__stuck_after="3")).startswith("liveness.stuck_after needs a")


def test_tls_is_not_turned_on_or_off_but_its_files_may_move() -> None:
    tls = replace(BEFORE, http=replace(BEFORE.http, certificate="a.pem", key="a.key"))
    moved = replace(BEFORE, http=replace(BEFORE.http, certificate="b.pem", key="b.key"))
    check_reload(tls, moved)
    for before, after in ((BEFORE, tls), (tls, BEFORE)):
        with pytest.raises(ConfigError, match="TLS or not"):
            check_reload(before, after)


def test_the_keys_that_are_live_exist() -> None:
    assert set(KEYS) >= LIVE
    assert {key.section for key in KEYS.values()} >= LIVE_SECTIONS
