"""The wall clock is set, by a day: calls, joins and lip sync go by the other clock."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.test_restart import in_thread, pictures
from trio_sfu.client import Client, SyntheticVideo, Tone, connect

ROOM = "clock"
DAY = 86_400
CAMERA = SyntheticVideo(width=160, height=120, fps=10)


class Clock:
    """The wall clock of one process."""

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "offset"
        self._library = folder / "stepped_clock.so"
        self.set(0)
        source = Path(__file__).with_name("stepped_clock.c")
        build = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(self._library), str(source), "-ldl"]
        subprocess.run(build, check=True)

    def set(self, seconds: int) -> None:
        """Put the clock so many seconds beside the right time."""
        with self._offset.open("r+b" if self._offset.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    @property
    def environment(self) -> dict[str, str]:
        """What a process is started with to have this clock."""
        return {"LD_PRELOAD": str(self._library), "STEPPED_CLOCK": str(self._offset)}


@contextmanager
def clocked_daemon(artifacts: Path, clock: Clock) -> Iterator[Daemon]:
    with running_daemon(artifacts, environment=clock.environment) as daemon:
        yield daemon


async def sender_report(viewer: Client) -> datetime:
    """Return the NTP time of a sender report that has come (RFC 3550, section 6.4.1)."""
    with trio.fail_after(15):
        while True:
            for each in (await viewer.stats()).values():
                if each.type == "remote-outbound-rtp" and each.remoteTimestamp is not None:
                    when: datetime = each.remoteTimestamp
                    return when
            await trio.sleep(0.1)


def newest_entry(daemon: Daemon) -> datetime:
    return datetime.fromisoformat(str(daemon.log()[-1]["timestamp"]))


async def test_the_clock_is_set_by_a_day(artifacts: Path, tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    async with in_thread(partial(clocked_daemon, artifacts, clock)) as daemon:
        empty = await trio.to_thread.run_sync(daemon.settled_census)
        started = newest_entry(daemon)
        async with (
            connect(daemon.url, room=ROOM, name="shows", pairs=1) as shows,
            connect(daemon.url, room=ROOM, name="sees", pairs=1) as sees,
        ):
            await shows.publish(camera=CAMERA, microphone=Tone())
            with trio.fail_after(60):
                await pictures(sees, shows.id)
                began, reported = trio.current_time(), await sender_report(sees)
                for offset in (DAY, -DAY, 0):
                    clock.set(offset)
                    async with connect(daemon.url, room=ROOM, name="late", pairs=1) as late:
                        await pictures(late, shows.id)
                    # The daemon does see another time.
                    assert abs((newest_entry(daemon) - started).total_seconds() - offset) < 120
                    await pictures(sees, shows.id)
                    # What receivers keep lip sync by has not jumped.
                    passed = (await sender_report(sees) - reported).total_seconds()
                    assert abs(passed - (trio.current_time() - began)) < 10
            assert shows.ended is None
            assert sees.ended is None
        await trio.to_thread.run_sync(daemon.returns_to, empty)
        assert not daemon.log("error")
