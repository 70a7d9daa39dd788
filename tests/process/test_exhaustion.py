"""Descriptors or memory run out: nobody who is there is harmed, and it passes."""

import http.client
import select
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually
from tests.process.test_crash_storm import longest_gap, losses
from tests.process.test_restart import in_thread, pictures
from trio_sfu.client import SyntheticVideo, Tone, connect
from trio_sfu.client.errors import ClientError

pytestmark = pytest.mark.alone

ROOM = "scarce"
DESCRIPTORS = 96
HOGS = 1
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


def address_space(daemon: Daemon) -> int:
    """Return the bytes of address space the daemon has (VmSize)."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.partition("VmSize:")[2].split()[0]) * 1024


def allow(daemon: Daemon, space: str) -> None:
    subprocess.run(["prlimit", "--pid", str(daemon.process.pid), f"--as={space}"], check=True)


async def test_hardly_any_memory_left(daemon: Daemon) -> None:
    async with (
        connect(daemon.url, room=ROOM, name="shows", pairs=1) as shows,
        connect(daemon.url, room=ROOM, name="sees", pairs=1) as sees,
    ):
        await shows.publish(camera=CAMERA, microphone=Tone())
        await pictures(sees, shows.id)
        census = await trio.to_thread.run_sync(daemon.settled_census)
        # From nine tenths on nobody is let in: what is left is for those who are there.
        allow(daemon, f"{round(address_space(daemon) / 0.92)}:unlimited")
        with trio.fail_after(10):
            while (refused := await refusal(daemon)) is None:
                pass
        assert refused.startswith("server-busy")
        await pictures(sees, shows.id)
        await trio.to_thread.run_sync(daemon.returns_to, census)
        allow(daemon, "unlimited:unlimited")
        with trio.fail_after(20):
            while await refusal(daemon) is not None:
                pass
        await pictures(sees, shows.id)
    assert not daemon.log("error")


async def test_a_core_is_hogged(daemon: Daemon, measure: Callable[[str, str], None]) -> None:
    with hogged(HOGS):
        async with (
            connect(daemon.url, room=ROOM, name="shows", pairs=1) as shows,
            connect(daemon.url, room=ROOM, name="sees", pairs=1) as sees,
        ):
            await shows.publish(camera=CAMERA, microphone=Tone())
            await pictures(sees, shows.id)
            before, _ = await losses(sees)
            async with trio.open_nursery() as nursery:
                longest = [0.0]
                nursery.start_soon(longest_gap, sees, shows.id, longest)
                await trio.sleep(5)  # Not for luck: the window that is measured.
                nursery.cancel_scope.cancel()
            lost = (await losses(sees))[0] - before
    measure(
        f"{HOGS} programs hog the CPUs for 5 s",
        f"{lost} packets lost, longest time between pictures {1000 * longest[0]:.0f} ms",
    )
    assert lost == 0


@contextmanager
def hogged(programs: int) -> Iterator[None]:
    """Have so many programs use all the CPU they get, as nice as the daemon."""
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(programs)]
    try:
        yield
    finally:
        for each in hogs:
            each.kill()
            each.wait()


async def refusal(daemon: Daemon) -> str | None:
    """Try to join; return what it failed with."""
    try:
        with trio.fail_after(5):
            async with connect(daemon.url, room=ROOM, name="late", pairs=1):
                return None
    except (ClientError, OSError, trio.TooSlowError) as error:
        return str(error) or type(error).__name__
