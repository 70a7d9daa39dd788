"""Descriptors or memory run out: nobody who is there is harmed, and it passes."""

import http.client
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually
from tests.process.test_restart import in_thread, pictures
from trio_sfu.client import SyntheticVideo, Tone, connect
from trio_sfu.client.errors import ClientError

ROOM = "scarce"
DESCRIPTORS = 96
CAMERA = SyntheticVideo(width=160, height=120, fps=10)


@contextmanager
def kept_open(daemon: Daemon) -> Iterator[Callable[[], int]]:
    """Hold a connection for HTTP; give what asks over it for its health."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.http_port, timeout=5)

    def ask() -> int:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()
        return response.status

    try:
        ask()
        yield ask
    finally:
        connection.close()


def crowd(port: int, stack: ExitStack) -> int:
    """Open more connections than there are descriptors; return how many were turned away."""
    opened = [
        stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        for _ in range(DESCRIPTORS)
    ]

    def refused() -> list[socket.socket]:
        return select.select(opened, [], [], 0)[0]

    eventually(refused, within=5, why="connections to be turned away")
    for each in refused():
        assert each.recv(100).startswith(b"HTTP/1.1 503")
    return len(refused())


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def test_no_descriptors_left(artifacts: Path, measure: Callable[[str, str], None]) -> None:
    opening = partial(
        running_daemon, artifacts, prefix=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
    )
    async with in_thread(opening) as daemon:
        empty = await trio.to_thread.run_sync(daemon.settled_census)
        async with (
            connect(daemon.url, room=ROOM, name="shows", pairs=1) as shows,
            connect(daemon.url, room=ROOM, name="sees", pairs=1) as sees,
        ):
            await shows.publish(camera=CAMERA, microphone=Tone())
            await pictures(sees, shows.id)
            with kept_open(daemon) as health, ExitStack() as stack:
                await trio.to_thread.run_sync(crowd, daemon.http_port, stack)
                # A listener that spins would use all of a core.
                before = cpu_seconds(daemon.process.pid)
                refused = [await refusal(daemon) for _ in range(12)]
                assert all(refused), "no descriptor was missing"
                await trio.sleep(2)  # Not for luck: the window that is measured.
                used = cpu_seconds(daemon.process.pid) - before
                assert await trio.to_thread.run_sync(health) == 200
                await pictures(sees, shows.id)
            measure("CPU of a daemon without descriptors, call going on", f"{used:.2f} s in 2 s")
            assert used < 1.5
            # It passes.
            with trio.fail_after(10):
                while True:
                    if await refusal(daemon) is None:
                        break
            await pictures(sees, shows.id)
        await trio.to_thread.run_sync(daemon.returns_to, empty)
        assert not daemon.log("unparsed")


async def refusal(daemon: Daemon) -> str | None:
    """Try to join; return what it failed with."""
    try:
        with trio.fail_after(5):
            async with connect(daemon.url, room=ROOM, name="late", pairs=1):
                return None
    except (ClientError, OSError, trio.TooSlowError) as error:
        return str(error) or type(error).__name__
