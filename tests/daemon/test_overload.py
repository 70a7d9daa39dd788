"""Overload in a real daemon with real media."""

import pytest
import trio

from tests.daemon.test_daemon import joined
from trio_sfu.client import JoinError, SyntheticVideo, Tone
from trio_sfu.events import OverloadChanged, ServiceFailed
from trio_sfu.overload.levels import Level
from trio_sfu.overload.strain import Readings
from trio_sfu.testing import open_test_daemon
from trio_sfu.testing.faults import force_overload


class Broken:
    """Gauges with a defect."""

    def read(self, now: float, lag: float) -> Readings:  # noqa: ARG002  (Gauges)
        raise RuntimeError("a defect in a gauge")


async def test_video_goes_and_comes_back_while_sound_goes_on() -> None:
    async with open_test_daemon() as daemon, joined(daemon, "r", "r") as (ann, bob):
        await ann.publish(camera=SyntheticVideo(), microphone=Tone(440))
        with trio.fail_after(30):
            await bob.until(lambda: bob.reception(ann.id, "camera"))
            await bob.until(lambda: bob.reception(ann.id, "microphone"))
            sound = bob.reception(ann.id, "microphone")
            assert sound is not None
            force_overload(daemon, Level.AUDIO)
            await bob.until(lambda: bob.state.video_limit == "none")
            await bob.until(lambda: bob.reception(ann.id, "camera") is None)
            before, began = sound.frames, trio.current_time()
            await trio.sleep(1)
            assert sound.frames - before > 0.7 * (trio.current_time() - began) / 0.02
            assert bob.reception(ann.id, "microphone") is sound
            force_overload(daemon, Level.NORMAL)
            await bob.until(lambda: bob.reception(ann.id, "camera"))
            async for _picture in bob.video(ann.id):
                break


async def test_a_full_daemon_says_when_to_come_again() -> None:
    async with open_test_daemon() as daemon:
        force_overload(daemon, Level.FULL)
        with pytest.raises(JoinError) as refused:
            async with joined(daemon, "r"):
                pass
        assert (refused.value.code, refused.value.retry_after) == ("server-busy", 10)
        assert daemon.journal.by_label(OverloadChanged) == {"full": 1}


async def test_a_defect_in_a_gauge_ends_no_call() -> None:
    async with open_test_daemon() as daemon, joined(daemon, "r") as (ann,):
        daemon.overload._gauges = Broken()
        with trio.fail_after(5):
            while not daemon.journal.count(ServiceFailed):
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert [each.what for each in daemon.health().degraded] == ["service overload"]
        assert ann.ended is None
        async with joined(daemon, "another"):
            pass
