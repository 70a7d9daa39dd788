"""A client that stays comes back by itself, with what it published."""

from typing import Any

import pytest
import trio

from tests.client.calling import running_daemon, see, settled
from trio_sfu.client import (
    ClientError,
    JoinError,
    SessionEndedError,
    SyntheticVideo,
    Tone,
    connect,
    stay,
)
from trio_sfu.client.backoff import FIRST, MOST, Backoff
from trio_sfu.errors import RequestError
from trio_sfu.testing.faults import raise_in_peer, raise_in_room

CAMERA = SyntheticVideo(width=160, height=120)


def test_the_delays_grow_up_to_a_limit_and_are_spread() -> None:
    backoff = Backoff()
    bounds = [backoff.next(0.999_999) for _ in range(10)]
    assert bounds[0] == pytest.approx(FIRST, rel=0.01)
    assert bounds[1] == pytest.approx(2 * FIRST, rel=0.01)
    assert bounds[-1] == pytest.approx(MOST, rel=0.01)
    assert backoff.next(0.0) == MOST / 2
    backoff.ended(1.0)
    assert backoff.next(0.0) == MOST / 2
    backoff.ended(60.0)
    assert backoff.next(0.0) == FIRST / 2


@pytest.mark.parametrize("what", ["peer", "room"])
async def test_a_failed_session_is_followed_by_another_with_the_same_tracks(what: str) -> None:
    async with (
        running_daemon() as daemon,
        stay(daemon.url, room="room", name="stays", pairs=1) as staying,
    ):
        await staying.publish(camera=CAMERA, microphone=Tone(440))
        before = await staying.present()
        if what == "peer":
            raise_in_peer(daemon, before.id)
        else:
            raise_in_room(daemon, "room")
        with trio.fail_after(10):
            assert isinstance(await before.wait_over(), SessionEndedError)
            after = await staying.present()
        assert after.id != before.id
        assert staying.rejoins == 1
        assert isinstance(staying.away_because, SessionEndedError)
        assert staying.away_because.code == f"{what}-failed"
        async with connect(daemon.url, room="room", name="sees", pairs=1) as viewer:
            assert set(viewer.peers) == {after.id}
            await see(viewer, after.id, bool)


async def test_who_is_refused_for_good_is_told() -> None:
    async with running_daemon() as daemon:

        async def unwanted() -> None:
            async with stay(daemon.url, room="room", name="unwanted") as staying:
                present = await staying.present()
                await daemon.operating.remove_peer("room", present.id)
                await trio.sleep_forever()

        with pytest.raises(SessionEndedError, match="removed"), trio.fail_after(10):
            await unwanted()


async def test_the_first_join_is_not_repeated() -> None:
    async with running_daemon(rooms__max_peers="1") as daemon:
        baseline = daemon.census()
        async with connect(daemon.url, room="room", name="alone", pairs=1):
            with pytest.raises(JoinError, match="room-full"), trio.fail_after(5):
                async with stay(daemon.url, room="room", name="late"):
                    pass
        await settled(daemon, baseline)


async def test_leaving_while_away_ends_at_once() -> None:
    async with running_daemon() as daemon:
        with trio.fail_after(10):
            async with stay(daemon.url, room="room", name="stays", pairs=1) as staying:
                raise_in_peer(daemon, (await staying.present()).id)
                while staying.client is not None:
                    await trio.testing.wait_all_tasks_blocked(0.01)
        assert staying.rejoins == 0


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\n"])
async def test_a_server_that_hangs_up_is_noticed_at_once(words: bytes) -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        if words:
            await stream.send_all(words)
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, hang_up, 0)
        port = listeners[0].socket.getsockname()[1]
        with pytest.raises(ClientError, match="not-a-daemon"), trio.fail_after(2):
            async with connect(f"http://127.0.0.1:{port}", room="room", name="late"):
                pass
        nursery.cancel_scope.cancel()


async def test_who_is_told_to_come_later_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        running_daemon() as daemon,
        stay(daemon.url, room="room", name="stays", pairs=1) as staying,
    ):
        refusals = [RequestError("not now", code="server-busy", retry_after=0.5)]
        admit = daemon.rooms._admit

        def busy(*given: Any, returning: bool) -> None:
            if refusals:
                raise refusals.pop()
            admit(*given, returning=returning)

        monkeypatch.setattr(daemon.rooms, "_admit", busy)
        raise_in_peer(daemon, (await staying.present()).id)
        with trio.fail_after(10):
            while staying.rejoins == 0:
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert not refusals
        assert isinstance(staying.away_because, JoinError)
        assert staying.away_because.retry_after == 0.5
