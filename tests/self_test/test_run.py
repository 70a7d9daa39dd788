"""A self-test over a real UDP port, and what it says when something on the way is broken."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import trio
from msgspec import structs

from trio_sfu import events
from trio_sfu._native import Profile
from trio_sfu.client import connect
from trio_sfu.daemon import Daemon
from trio_sfu.liveness.self_test import SelfTestResult
from trio_sfu.media.engine import open_engine
from trio_sfu.media.settings import EngineSettings
from trio_sfu.media.transport import Transport
from trio_sfu.rooms import requests
from trio_sfu.self_test.party import ROOM
from trio_sfu.self_test.run import run_self_test
from trio_sfu.signaling.messages import Join
from trio_sfu.testing import open_test_daemon
from trio_sfu.testing.faults import panic
from trio_sfu.tree.survey import survey
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.peer_connection import open_peer_connection

OF_MEDIA = ("transports", "up_tracks", "slots", "asyncio_loops")


async def returns_to(daemon: Daemon, baseline: dict[str, int]) -> None:
    with trio.move_on_after(5):
        while daemon.census() != baseline:
            await trio.testing.wait_all_tasks_blocked(0.01)
    assert daemon.census() == baseline


async def twice(daemon: Daemon) -> SelfTestResult:
    await daemon.test_media()
    return await daemon.test_media()


async def test_media_comes_back_and_nothing_is_left() -> None:
    async with open_test_daemon() as daemon:
        baseline = daemon.census()
        for _ in range(3):
            result = await daemon.test_media()
            assert (result.outcome, result.code) == ("passed", "")
            assert 0 < result.seconds < 10
            await returns_to(daemon, baseline)
        assert daemon.health().status == "ok"
        assert daemon.journal.histogram(events.SelfTestPassed).cumulative()[-1][1] == 3


async def test_nobody_sees_its_room_and_no_metric_counts_it() -> None:
    async with (
        open_test_daemon(rooms__max_rooms="1") as daemon,
        connect(daemon.url, room="r", name="ann", pairs=1) as ann,
        trio.open_nursery() as nursery,
    ):
        before = daemon.census()
        counts = {kind: daemon.journal.count(kind) for kind in events.FACTS}
        nursery.start_soon(daemon.test_media)
        with trio.fail_after(5):
            # At every turn of the loop: it does not last.
            while daemon.engine.census()["transports"] < before["transports"] + 2:
                await trio.lowlevel.checkpoint()
        # Two more transports are there now, and yet:
        assert [each.room for each in daemon.operating.report()] == ["r"]
        assert (daemon.census()["rooms"], daemon.census()["peers"]) == (1, 1)
        assert not ann.peers
        [engine] = [each for each in survey(daemon).children if each.name == "engine"]
        own = [each for each in engine.children if each.kind == "transport"]
        assert [each.detail for each in own] == ["of the self-test"] * 2
        await daemon.test_media()
        moved = {kind for kind, n in counts.items() if daemon.journal.count(kind) != n}
        assert moved == {events.SelfTestPassed}


def test_no_client_can_name_its_room() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"room": ROOM, "name": "eve"}, Join)


async def test_a_worker_that_is_gone_is_named_and_nothing_is_asked_of_it() -> None:
    async with open_test_daemon(liveness__stuck_after="1", media__workers="1") as daemon:
        assert (await daemon.test_media()).outcome == "passed"
        daemon.engine._engine.close()  # type: ignore[attr-defined]
        with trio.fail_after(5):
            while not daemon.liveness.stuck_workers():
                await trio.testing.wait_all_tasks_blocked(0.05)
        result = await daemon.test_media()
        assert (result.outcome, result.code) == ("failed", "self-test-worker")
        assert result.message == "engine worker 0 stands still"
        health = daemon.health()
        assert not health.ok
        assert health.failing[0].what == "engine worker 0"
        assert not daemon.liveness.turning(), "systemd's watchdog is not fed"


async def test_a_udp_port_that_does_not_answer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_test_daemon(liveness__self_test_timeout="1", media__workers="1") as daemon:
        baseline = daemon.census()
        monkeypatch.setattr(daemon.engine, "candidates", lambda *_: [("127.0.0.1", 9)])
        result = await twice(daemon)
        assert (result.outcome, result.code) == ("failed", "self-test-connect")
        assert "ICE or DTLS did not come through, within 1 s" in result.message
        [trouble] = daemon.health().failing
        assert trouble.what == "self-test"
        assert "self-test-connect" in trouble.message
        assert daemon.liveness.turning(), "that does not end calls: the watchdog is fed"
        await returns_to(daemon, baseline)
        assert daemon.journal.count(events.SelfTestFailed) == 2
        failure = daemon.journal.failures.last(("services", "self-test"))
        assert failure is not None
        assert failure.code == "self-test-connect"
        monkeypatch.undo()
        assert (await daemon.test_media()).outcome == "passed"
        assert daemon.health().status == "ok"


async def test_each_worker_is_tested_and_the_one_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_test_daemon(media__workers="2") as daemon:
        candidates, asked = daemon.engine.candidates, []

        def told(worker: int = 0) -> list[tuple[str, int]]:
            asked.append(worker)
            return candidates(worker)

        monkeypatch.setattr(daemon.engine, "candidates", told)
        for worker in (0, 1, 0):
            asked.clear()
            assert (await daemon.test_media()).outcome == "passed"
            assert set(asked) == {worker}
        nowhere = [("127.0.0.1", 9)]
        soon = structs.replace(daemon.config.liveness, self_test_timeout=1.0)
        daemon.config = structs.replace(daemon.config, liveness=soon)
        monkeypatch.setattr(
            daemon.engine, "candidates", lambda each=0: nowhere if each else candidates(each)
        )
        result = await twice(daemon)
        assert result.code == "self-test-connect"
        assert "did not come through, on engine worker 1, within 1 s" in result.message
        assert "on engine worker 1" in daemon.health().failing[0].message
        assert daemon.engine.counters()["relay_sent"] == 0, "each is tested for itself"


async def test_packets_that_the_engine_drops_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Transport.set_srtp_keys

    def other_keys(self: Transport, profile: Profile, inbound: bytes, outbound: bytes) -> None:
        keep(self, profile, bytes(len(inbound)), outbound)

    monkeypatch.setattr(Transport, "set_srtp_keys", other_keys)
    async with open_test_daemon(liveness__self_test_timeout="2", media__workers="1") as daemon:
        result = await daemon.test_media()
        assert (result.outcome, result.code) == ("failed", "self-test-receive")
        assert result.message == "connected, but no sound and picture came through, within 2 s"
        assert daemon.health().status == "degraded", "once may be the machine's fault"


async def test_a_crash_in_its_room_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = requests._offer

    async def breaks(peer: Any, *rest: Any) -> None:
        if peer.room.id == ROOM:
            raise ZeroDivisionError("a defect")
        await offer(peer, *rest)

    monkeypatch.setattr(requests, "_offer", breaks)
    async with (
        open_test_daemon() as daemon,
        connect(daemon.url, room="r", name="ann", pairs=1) as ann,
    ):
        baseline = daemon.census()
        result = await daemon.test_media()
        assert (result.outcome, result.code) == ("failed", "self-test-negotiate")
        failure = daemon.journal.failures.last(("services", "self-test"))
        assert failure is not None
        assert failure.path.startswith(f"{ROOM}/p-")
        assert [cause.message for cause in failure.causes] == ["a defect"]
        assert daemon.journal.count(events.PeerCrashed) == 0
        assert daemon.services.services["self-test"].state == "running"
        await returns_to(daemon, baseline)
        assert ann.ended is None
        assert ann.media_state == "connected"


async def test_a_panic_in_the_middle_is_noticed_and_the_next_test_passes() -> None:
    async with open_test_daemon() as daemon, trio.open_nursery() as nursery:
        baseline = daemon.census()
        found: list[SelfTestResult] = []

        async def test() -> None:
            found.append(await daemon.test_media())

        nursery.start_soon(test)
        with trio.fail_after(5):
            while daemon.engine.census()["slots"] < 2:
                await trio.lowlevel.checkpoint()
        panic(daemon, 0)  # The first worker has the first turn.
        with trio.fail_after(15):
            while not found:
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert found[0].outcome == "failed"
        assert daemon.health().status == "degraded"
        assert (await daemon.test_media()).outcome == "passed"
        assert daemon.health().status == "ok"
        assert daemon.journal.count(events.PeerCrashed) == 0
        await returns_to(daemon, baseline)


async def test_it_takes_nobodys_place() -> None:
    async with (
        open_test_daemon(media__max_transports="1") as daemon,
        connect(daemon.url, room="r", name="ann", pairs=1),
    ):
        assert (await daemon.test_media()).outcome == "passed"


async def test_an_engine_that_is_full_is_no_broken_engine() -> None:
    async with open_engine(EngineSettings(max_transports=1)) as engine:
        certificate = Certificate.generate()
        tested = await run_self_test(
            lambda *_: open_peer_connection(engine, certificate), loopback=True, within=10
        )
    assert (tested.result.outcome, tested.result.code) == ("skipped", "too-many-transports")
    assert tested.failure is None


async def test_a_daemon_that_stops_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_test_daemon() as daemon, trio.open_nursery() as nursery:
        monkeypatch.setattr(daemon.engine, "candidates", lambda *_: [("127.0.0.1", 9)])
        nursery.start_soon(daemon.test_media)
        with trio.fail_after(5):
            while not daemon.census()["transports"]:
                await trio.testing.wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
        start = trio.current_time()
    assert trio.current_time() - start < 2


async def test_what_it_costs(measure: Callable[[str, str], None]) -> None:
    async with open_test_daemon() as daemon:
        await daemon.test_media()
        cpu = time.process_time()
        for _ in range(5):
            assert (await daemon.test_media()).outcome == "passed"
        each = (time.process_time() - cpu) / 5
        measure("CPU of a self-test", f"{each * 1_000:.0f} ms")
        assert each < 0.5
