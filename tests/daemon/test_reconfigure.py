"""Other settings for a daemon that runs: what follows them, and that nothing does when refused."""

import json
from pathlib import Path
from time import time

import pytest
from msgspec.structs import replace

from tests.access.minting import token
from tests.whip.clients import SDP, ask
from tests.whip.staging import PUBLISHING
from trio_sfu.access.keys import read_key_file
from trio_sfu.access.making import new_key
from trio_sfu.client import JoinError, connect
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon
from trio_sfu.errors import ConfigError
from trio_sfu.events import PeerJoined
from trio_sfu.testing import open_test_daemon


async def refusal(daemon: Daemon, room: str = "r") -> str:
    with pytest.raises(JoinError) as refused:
        async with connect(daemon.url, room=room, name="n"):
            pass
    return refused.value.code


def other(config: Config, section: str, **values: object) -> Config:
    changed = replace(getattr(config, section), **values)
    return replace(config, **{section: changed})


async def test_limits_count_for_who_comes_next_and_nobody_else() -> None:
    async with (
        open_test_daemon() as daemon,
        connect(daemon.url, room="r", name="ann", pairs=1) as ann,
    ):
        less = other(daemon.config, "rooms", max_peers=1, max_rooms=1)
        assert daemon.reconfigure(less) == ["rooms.max_rooms", "rooms.max_peers"]
        assert await refusal(daemon) == "room-full"
        assert await refusal(daemon, "another") == "too-many-rooms"
        assert ann.ended is None
        daemon.reconfigure(other(less, "rooms", max_peers=500))
        async with connect(daemon.url, room="r", name="bob", pairs=1):
            assert ann.ended is None


async def test_offers_over_http_meet_the_new_limits_before_anybody_sees_a_peer() -> None:
    async with open_test_daemon() as daemon:
        daemon.reconfigure(other(daemon.config, "signaling", max_lines=1))
        answer = await ask(daemon.url, "POST", "/whip/r", PUBLISHING, content_type=SDP)
        assert answer.status == 422
        assert '"too-many-lines"' in answer.body
        assert daemon.journal.count(PeerJoined) == 0


async def test_turn_overload_and_drain_follow() -> None:
    async with open_test_daemon() as daemon:
        config = other(daemon.config, "turn", urls=["turn:t.example"], secret="s")  # noqa: S106
        config = other(config, "overload", joins_per_second=1, join_burst=1)
        config = other(config, "drain", deadline=7.0)
        daemon.reconfigure(config)
        async with connect(daemon.url, room="r", name="ann", pairs=1) as ann:
            assert ann.state.joined is not None
            assert ann.state.joined.ice_servers[0].urls == ["turn:t.example"]
            assert await refusal(daemon) == "too-many-joins"
            daemon.drain.begin()
            seconds = daemon.drain.seconds()
            assert seconds is not None
            assert 6 < seconds <= 7
            daemon.drain.cancel()


async def test_keys_of_tokens_come_while_calls_go_on(tmp_path: Path) -> None:
    private, public = new_key("EdDSA", "k-1")
    (file := tmp_path / "public.jwk").write_text(json.dumps(dict(public or {})))
    (secret := tmp_path / "private.jwk").write_text(json.dumps(dict(private)))
    [signing] = read_key_file(secret)
    text = token(signing=signing, kid="k-1", iat=int(time()), exp=int(time()) + 60, room="r")
    async with (
        open_test_daemon() as daemon,
        connect(daemon.url, room="r", name="ann", pairs=1) as ann,
    ):
        daemon.reconfigure(other(daemon.config, "auth", keys=[str(file)]))
        assert await refusal(daemon) == "token-required"
        assert ann.ended is None
        async with connect(daemon.url, room="r", name="ada", pairs=1, token=text):
            pass


async def test_a_self_test_is_made_when_one_is_wanted_from_now_on() -> None:
    async with open_test_daemon() as daemon:
        assert daemon.ready
        daemon.reconfigure(other(daemon.config, "liveness", self_test_interval=60.0))
        assert not daemon.ready, "media has not gone through it yet"
        await daemon.self_test.proven()
        assert daemon.ready


async def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    async with open_test_daemon() as daemon:
        before = daemon.config
        wanted = other(before, "rooms", max_peers=1)
        for wrong, code in (
            (other(wanted, "http", port=1), "config-restart"),
            (other(wanted, "admin", token_file=str(tmp_path / "none")), "config-token"),
        ):
            with pytest.raises(ConfigError) as refused:
                daemon.reconfigure(wrong)
            assert refused.value.code == code
            assert daemon.config is before
        async with (
            connect(daemon.url, room="r", name="ann", pairs=1),
            connect(daemon.url, room="r", name="bob", pairs=1),
        ):
            assert daemon.census()["peers"] == 2
