"""The service in a systemd that has really booted. Takes one to two minutes.

One test, for a boot is dear: its steps are in the order of a service's life.
"""

import json
import os
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.process.daemon import free_ports
from tests.process.machine import PROGRAM, Machine, booted, skip_unless_it_boots
from tests.process.patience import SLACK, eventually
from tests.process.test_activation import Visitors
from tests.process.threads import died, stopped, thread_named
from trio_sfu.client import Client, SessionEndedError, connect
from trio_sfu.config.model import Media

SERVICE = "trio-sfu.service"
SETTINGS = Path("etc/trio-sfu/trio-sfu.toml")
RESTARTS = 3
QUICKLY = (
    "[Unit]\nStartLimitIntervalSec=0\n[Service]\nWatchdogSec=5\nRestartSec=0.2\nTimeoutStopSec=2\n"
)
"""It asks for the time that a drain takes by itself: TimeoutStopSec= is shorter here."""


class Service:
    """The service on its machine."""

    def __init__(self, machine: Machine, http: int, media: int) -> None:
        self.machine = machine
        self.url = f"http://127.0.0.1:{http}"
        self.port = http
        self._ports = f"[http]\nport = {http}\n[media]\nport = {media}\naddresses = ['127.0.0.1']\n"

    def configure(self, more: str = "") -> None:
        place = self.machine.root / SETTINGS
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(self._ports + more)

    def status(self) -> str:
        return self.machine.property(SERVICE, "StatusText")

    def wait_active(self) -> None:
        def active() -> bool:
            return self.machine.property(SERVICE, "ActiveState") == "active"

        eventually(active, within=20 + SLACK, why="the service to be active", every=0.2)

    def restarts_by(self, way: str, what: Callable[[], object]) -> None:
        """Do something to it that ends it, and see it end in this way and come back."""
        before = int(self.machine.property(SERVICE, "NRestarts"))
        what()

        def again() -> bool:
            return int(self.machine.property(SERVICE, "NRestarts")) > before

        eventually(again, within=20 + SLACK, why=f"a restart after {way}", every=0.2)
        self.wait_active()
        assert f"Failed with result '{way}'" in self.machine.journal(SERVICE)

    @asynccontextmanager
    async def in_call(self) -> AsyncIterator[Client]:
        async with connect(self.url, room="here", name="ann", pairs=1) as client:
            yield client


@pytest.fixture
def machine(artifacts: Path, tmp_path: Path) -> Iterator[Machine]:
    skip_unless_it_boots()
    with booted(tmp_path, artifacts / "console.log") as it:
        yield it
        log = it.run("journalctl", "--no-pager", "-o", "short-monotonic", check=False)
        (artifacts / "journal.log").write_text(log)


async def test_a_services_life(machine: Machine, measure: Callable[[str, str], None]) -> None:
    began = time.monotonic()
    service = Service(machine, *free_ports())
    service.configure()
    installs_and_starts(service)
    runs_without_root(service)
    goes_on_with_the_sockets_that_are_open(service)
    async with service.in_call() as ann:
        assert ann.media_state == "connected"
        shows_who_is_there(service)
    reloads(service)
    is_killed_when_it_hangs(service)
    nobody_is_refused(service)
    await drains(service)
    is_taken_off_again(service)
    measure("a service's life in a booted systemd", f"{time.monotonic() - began:.0f} s")


def installs_and_starts(service: Service) -> None:
    machine = service.machine
    said = machine.run(PROGRAM, "install-service", "--program", PROGRAM)
    assert "written    /etc/systemd/system/trio-sfu.service" in said
    again = machine.run(PROGRAM, "install-service", "--program", PROGRAM)
    assert "written" not in again, "a second time changes nothing"
    drop_in = machine.root / f"etc/systemd/system/{SERVICE}.d/quickly.conf"
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text(QUICKLY)
    machine.run("systemctl", "daemon-reload")
    # It returns when the service has said READY: media has gone through it.
    machine.run("systemctl", "enable", "--now", SERVICE)
    assert machine.property(SERVICE, "ActiveState") == "active"
    journal = machine.journal(SERVICE)
    with urllib.request.urlopen(f"{service.url}/healthz", timeout=10) as answer:  # noqa: S310
        assert json.load(answer)["self_test"]["outcome"] == "passed"
    assert "the socket units have other" not in journal, "the sockets are those of the settings"
    for unit in ("trio-sfu.socket", "trio-sfu-media.socket"):
        assert machine.property(unit, "ActiveState") == "active"


def runs_without_root(service: Service) -> None:
    process = service.machine.process(SERVICE)
    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if ":\t" in line
    )
    assert "0" not in status["Uid"].split()
    assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    tasks = Path(f"/proc/{process}/task").iterdir()
    nice = {
        (task / "comm").read_text().strip(): os.getpriority(0, int(task.name)) for task in tasks
    }
    limits = Path(f"/proc/{process}/limits").read_text().splitlines()
    [may] = [line.split()[-1] for line in limits if line.startswith("Max nice priority")]
    # Where this machine may not raise limits, its systemd passes over LimitNICE=.
    preferred = 5 if may == "25" else 0
    assert nice["trio-sfu"] - nice["sfu-worker-0"] == preferred, "packets go first"
    buffer = media(service)["receive_buffer"]
    assert buffer >= 8 << 20, "systemd has the right to make it that large"


def media(service: Service) -> dict[str, Any]:
    """Return what its last start said of its media."""
    lines = service.machine.journal(SERVICE).splitlines()
    said: dict[str, Any] = json.loads([each for each in lines if '"event": "media"' in each][-1])
    return said


def goes_on_with_the_sockets_that_are_open(service: Service) -> None:
    """As after an upgrade from a version that had one worker."""
    machine, wanted = service.machine, Media().worker_count
    install = PROGRAM, "install-service", "--program", PROGRAM
    service.configure("workers = 1\n")
    machine.run(*install, "--now")
    assert len(media(service)["udp"]) == 1
    service.configure()
    assert ("replaced" in machine.run(*install)) == (wanted > 1)
    machine.run("systemctl", "try-restart", SERVICE)
    assert machine.property(SERVICE, "ActiveState") == "active"
    assert len(media(service)["udp"]) == 1
    assert ('"keys": ["media.workers"]' in machine.journal(SERVICE)) == (wanted > 1)
    machine.run(*install, "--now")
    assert len(media(service)["udp"]) == wanted
    assert len(media(service)["tcp"]) == wanted


def shows_who_is_there(service: Service) -> None:
    wanted = "rooms: 1, peers: 1"
    eventually(lambda: service.status() == wanted, within=3 + SLACK, why="the status")


def reloads(service: Service) -> None:
    machine = service.machine
    service.configure("[rooms]\nmax_peers = 7\n")
    machine.run("systemctl", "reload", SERVICE)
    wanted = "reloaded: rooms.max_peers"
    eventually(lambda: wanted in service.status(), within=3 + SLACK, why="the outcome")
    service.configure("[rooms]\nmax_pears = 7\nmax_rums = 7\n")
    machine.run("systemctl", "reload", SERVICE)
    for wanted in ("no key rooms.max_pears. Did you mean max_peers?", "no key rooms.max_rums."):
        eventually(partial(says, service, wanted), within=3 + SLACK, why="the refusal")
    assert machine.property(SERVICE, "ActiveState") == "active"
    service.configure("[drain]\ndeadline = 4\n")
    machine.run("systemctl", "reload", SERVICE)
    wanted = "reloaded: rooms.max_peers, drain.deadline"
    eventually(lambda: wanted in service.status(), within=3 + SLACK, why="the outcome")


def says(service: Service, what: str) -> bool:
    return what in service.status()


def is_killed_when_it_hangs(service: Service) -> None:
    def kill() -> None:
        service.machine.run("systemctl", "kill", "--signal", "KILL", SERVICE)

    service.restarts_by("signal", kill)
    for thread in ("sfu-worker-0", None):
        process = service.machine.process(SERVICE)
        stuck = process if thread is None else thread_named(process, thread)
        service.restarts_by("watchdog", partial(hang, stuck))
    assert "Fatal Python error: Aborted" in service.machine.journal(SERVICE)


def hang(thread: int) -> None:
    """Keep a thread from running until its process is gone."""
    try:
        with stopped(thread):
            eventually(partial(died, thread), within=20 + SLACK, why="the watchdog")
    except ProcessLookupError:
        return  # There is nothing to let go any more.


def nobody_is_refused(service: Service) -> None:
    visitors = Visitors(service.port)
    with visitors.coming():
        for _ in range(RESTARTS):
            service.machine.run("systemctl", "restart", SERVICE)
    assert visitors.failures == []
    assert visitors.answered > RESTARTS


async def drains(service: Service) -> None:
    units = SERVICE, "trio-sfu.socket", "trio-sfu-media.socket"
    async with service.in_call() as ann:
        service.machine.run("systemctl", "stop", "--no-block", *units)
        with trio.fail_after(5 + SLACK):
            await ann.until(lambda: ann.state.draining is not None)
        assert service.machine.property(SERVICE, "ActiveState") == "deactivating"
        assert ann.state.draining is not None
        assert ann.state.draining > 3
        with trio.fail_after(4 + SLACK), pytest.raises(SessionEndedError) as over:
            await ann.until(lambda: False)
        assert over.value.code == "server-stopping"

    def stopped_well() -> bool:
        return service.machine.property(SERVICE, "ActiveState") == "inactive"

    eventually(stopped_well, within=8 + SLACK, why="the stop")
    assert service.machine.property(SERVICE, "Result") == "success"


def is_taken_off_again(service: Service) -> None:
    said = service.machine.run(PROGRAM, "uninstall-service", "--purge")
    assert "removed    /etc/systemd/system/trio-sfu.service" in said
    (service.machine.root / f"etc/systemd/system/{SERVICE}.d/quickly.conf").unlink()
    left = service.machine.run("systemctl", "list-unit-files", "trio-sfu*", check=False)
    assert "0 unit files listed" in left
