"""The daemon on sockets that somebody else holds, which outlive it: nobody is refused meanwhile."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.process.daemon import running_daemon
from tests.process.holder import ROOT, Holder, held_sockets
from tests.process.patience import SLACK, eventually
from tests.process.test_restart import in_thread
from trio_sfu.client import SyntheticVideo, Tone, connect

RESTARTS = int(os.environ.get("SOAK_RESTARTS", "10"))


@pytest.fixture
def holder(artifacts: Path) -> Iterator[Holder]:
    with held_sockets(artifacts) as holder:
        yield holder


async def test_page_signaling_and_media_go_over_them(holder: Holder) -> None:
    async with in_thread(holder.started) as daemon:
        assert daemon.http_port == holder.port
        assert daemon.media_port == holder.udp.getsockname()[1]
        async with (
            connect(daemon.url, room="r", name="ann", pairs=1) as ann,
            connect(daemon.url, room="r", name="bob", pairs=1) as bob,
        ):
            await ann.publish(camera=SyntheticVideo(width=160, height=120), microphone=Tone())
            with trio.fail_after(15 + SLACK):
                async for picture in bob.video(ann.id):
                    assert picture.width == 160
                    break


async def test_another_engine_has_them_after_a_panic(holder: Holder) -> None:
    async with in_thread(holder.started_faulty) as daemon:
        daemon.fault("panic 0")
        another = partial(daemon.find, lambda entry: entry["event"] == "engine restarted")
        waiting = partial(eventually, another, within=10 + SLACK, why="another engine")
        await trio.to_thread.run_sync(waiting)
        async with connect(daemon.url, room="r", name="ann", pairs=1) as ann:
            assert ann.media_state == "connected"


def test_nobody_is_refused_while_it_is_restarted(
    holder: Holder, measure: Callable[[str, str], None]
) -> None:
    visitors = Visitors(holder.port)
    started = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(visitors.coming())
        for number in range(RESTARTS):
            with holder.started(f"{number}.log") as daemon:
                assert daemon.get("/healthz")[0] == 200
        # Those who came while there was none are answered by the last one.
        with holder.started("last.log"):
            stack.close()
    assert visitors.failures == []
    measure(
        f"{RESTARTS} restarts on sockets that stay",
        f"{visitors.answered} connections answered, 0 refused, the longest waited "
        f"{visitors.longest:.1f} s ({time.monotonic() - started:.0f} s)",
    )
    assert visitors.answered > RESTARTS


def test_without_them_visitors_are_refused(artifacts: Path) -> None:
    """What the test above would see if the sockets did not stay."""
    with running_daemon(artifacts) as daemon:
        visitors = Visitors(daemon.http_port)
        with visitors.coming():
            daemon.stop()
            daemon.already_stopped = True
            time.sleep(0.5)  # Not for luck: they come meanwhile.
    assert any("refused" in failure for failure in visitors.failures)


def test_what_is_no_socket_is_said(holder: Holder) -> None:
    with Path("/dev/null").open() as nothing:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "tests.process.activated", f"x={nothing.fileno()}", "--"),
                *(str(Path(sys.executable).with_name("trio-sfu")), "serve"),
            ],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            pass_fds=[nothing.fileno()],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert ended.returncode == 2
    assert "descriptor 3 (x) is no socket" in ended.stderr
    assert "Traceback" not in ended.stderr


class Visitors:
    """They come one after the other, without a pause, each with a connection of its own."""

    def __init__(self, port: int) -> None:
        self.answered = 0
        self.longest = 0.0
        self.failures: list[str] = []
        self._port = port
        self._over = threading.Event()

    @contextmanager
    def coming(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._come) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(60)

    def _come(self) -> None:
        while not self._over.wait(0.01):
            start = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                connection.connect()
            except OSError as error:
                self.failures.append(f"refused: {error!r}")
                continue
            try:
                connection.request("GET", "/healthz", headers={"connection": "close"})
                connection.getresponse().read()
                self.answered += 1
                self.longest = max(self.longest, time.monotonic() - start)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"cut off: {error!r}")
            finally:
                connection.close()
