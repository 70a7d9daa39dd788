import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from trio_sfu.notify import Notifier, keep_status, keep_watchdog


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)  # noqa: FBT003  (the standard library's)
        yield listening


def heard(systemd: socket.socket) -> list[str]:
    told = []
    try:
        while True:
            told.append(systemd.recv(100).decode())
    except BlockingIOError:
        return told


def notifier(systemd: socket.socket, **more: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": systemd.getsockname()} | more)


def test_systemd_is_told(systemd: socket.socket) -> None:
    notifier(systemd).send("READY=1")
    assert heard(systemd) == ["READY=1"]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0trio-sfu-test")
        Notifier({"NOTIFY_SOCKET": "@trio-sfu-test"}).send("STOPPING=1")
        assert listening.recv(100) == b"STOPPING=1"


def test_nobody_listening_is_no_trouble(tmp_path: Path) -> None:
    Notifier({}).send("READY=1")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).send("READY=1")


def test_a_socket_that_is_full_does_not_hold_us_up(systemd: socket.socket) -> None:
    sender = notifier(systemd)
    for _ in range(10_000):
        sender.send("WATCHDOG=1")
    assert heard(systemd)


async def test_no_watchdog_is_kept_when_none_is_asked_for() -> None:
    await keep_watchdog(Notifier({}), lambda: True)


async def test_signs_of_life_come_while_everything_turns(
    systemd: socket.socket, autojump_clock: MockClock
) -> None:
    turning = True
    async with trio.open_nursery() as nursery:
        given = notifier(systemd, WATCHDOG_USEC="10000000")
        nursery.start_soon(keep_watchdog, given, lambda: turning)
        await trio.sleep(24.9)
        assert heard(systemd) == ["WATCHDOG=1"] * 10
        turning = False
        await trio.sleep(60)
        assert not heard(systemd)
        turning = True
        await trio.sleep(5)
        assert heard(systemd), "what turns again is told of again"
        nursery.cancel_scope.cancel()


async def test_the_status_is_told_when_it_has_changed_once_a_second_at_most(
    systemd: socket.socket, autojump_clock: MockClock
) -> None:
    count = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_status, notifier(systemd), lambda: f"peers: {count}")
        await trio.sleep(0.1)
        for count in range(200):  # noqa: B007  (the status has it)
            await trio.sleep(0.01)
        assert heard(systemd) == ["STATUS=peers: 0", "STATUS=peers: 89", "STATUS=peers: 189"]
        await trio.sleep(1)
        assert heard(systemd) == ["STATUS=peers: 199"]
        await trio.sleep(60)
        assert not heard(systemd)
        nursery.cancel_scope.cancel()


def test_a_reload_has_the_clock_that_systemd_compares(systemd: socket.socket) -> None:
    before = time.monotonic_ns() // 1_000
    notifier(systemd).reloading()
    [told] = heard(systemd)
    state, _, since = told.partition("\nMONOTONIC_USEC=")
    assert state == "RELOADING=1"
    assert before <= int(since) <= time.monotonic_ns() // 1_000
