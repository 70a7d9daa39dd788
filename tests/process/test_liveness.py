"""A daemon that does not get on says so: to programs, to systemd and in the log."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.patience import SLACK, eventually, took
from tests.process.threads import stopped, thread_named

AT_ONCE = {"TRIO_SFU_LIVENESS_SELF_TEST_INTERVAL": "3", "TRIO_SFU_LIVENESS_SELF_TEST_TIMEOUT": "2"}


def health(daemon: Daemon) -> tuple[int, dict[str, Any]]:
    status, body = daemon.get("/healthz")
    return status, json.loads(body)


class Systemd:
    """The socket that systemd listens on, and when it heard what."""

    def __init__(self, channel: socket.socket) -> None:
        self.heard: list[tuple[float, str]] = []
        self._channel = channel
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                told = self._channel.recv(256).decode()
            except OSError:
                return
            self.heard.append((time.monotonic(), told))

    def longest_silence(self) -> float:
        """Return the longest time between two signs of life."""
        signs = [at for at, told in self.heard if told == "WATCHDOG=1"]
        return max(later - sooner for sooner, later in pairwise(signs))

    def said(self, state: str) -> bool:
        return any(told == state for _, told in self.heard)

    def signs(self) -> int:
        return sum(told == "WATCHDOG=1" for _, told in self.heard)


@contextmanager
def systemd(folder: Path) -> Iterator[tuple[Systemd, dict[str, str]]]:
    path = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        yield Systemd(channel), {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"}
        channel.shutdown(socket.SHUT_RDWR)


def test_a_loop_that_hangs_is_told_with_its_place_and_the_watchdog_is_not_fed(
    artifacts: Path, tmp_path: Path
) -> None:
    with systemd(tmp_path) as (manager, environment):
        environment["TRIO_SFU_LIVENESS_STUCK_AFTER"] = "1"
        with running_daemon(artifacts, environment=environment, faulty=True) as daemon:
            eventually(lambda: manager.signs() > 3, within=10, why="signs of life")
            assert health(daemon)[0] == 200
            daemon.fault("hang 4")
            stuck = eventually(
                lambda: daemon.find(lambda entry: entry["event"] == "event loop stuck"),
                within=3.5 + SLACK,
                why="the log to say where it hangs",
            )
            assert "in hang" in stuck["stack"]
            assert "time.sleep(seconds)" in stuck["stack"]
            eventually(
                lambda: daemon.find(lambda entry: entry["event"] == "loop stalled"),
                within=10,
                why="the loop to go on",
            )
            status, told = health(daemon)
            assert status == 503
            assert [each["what"] for each in told["failing"]] == ["event loop"]
            signs = manager.signs()
            eventually(lambda: manager.signs() > signs + 3, within=10, why="signs of life again")
            assert manager.longest_silence() > 3
            eventually(lambda: health(daemon)[0] == 200, within=10, why="it to be forgotten")
            assert sum(entry["event"] == "event loop stuck" for entry in daemon.log()) == 1
            assert daemon.metrics()["trio_sfu_loop_stalls_total"] == 1


def test_a_worker_that_hangs_is_named_and_the_watchdog_is_not_fed(
    artifacts: Path, tmp_path: Path
) -> None:
    with systemd(tmp_path) as (manager, environment):
        environment["TRIO_SFU_MEDIA_WORKERS"] = "2"
        with running_daemon(artifacts, environment=environment) as daemon:
            eventually(lambda: manager.signs() > 3, within=10, why="signs of life")
            with stopped(thread_named(daemon.process.pid, "sfu-worker-1")):
                seconds = took(lambda: health(daemon)[0] == 503, within=2 + SLACK, why="it told")
                assert seconds > 1
                told = health(daemon)[1]
                assert [each["what"] for each in told["failing"]] == ["engine worker 1"]
                assert told["workers"][0] < 1
                signs = manager.signs()
                # The loop goes on, and who asks is answered at once.
                for _ in range(20):
                    asked = time.monotonic()
                    assert health(daemon)[0] == 503
                    assert time.monotonic() - asked < 1
                assert manager.signs() == signs
            eventually(lambda: health(daemon)[0] == 200, within=10, why="it to be over")
            eventually(lambda: manager.signs() > signs, within=10, why="signs of life again")


def test_systemds_abort_leaves_the_place_of_every_thread_in_the_journal(artifacts: Path) -> None:
    with running_daemon(artifacts) as daemon:
        daemon.already_stopped = True
        daemon.process.send_signal(signal.SIGABRT)
        assert daemon.process.wait(10) == -signal.SIGABRT
        daemon._reader.join(10)
        text = daemon.log_file.read_text()
    assert "Fatal Python error: Aborted" in text
    assert "trio/_core/_run.py" in text
    assert "trio_sfu/liveness/watching.py" in text


def test_media_is_tested_from_the_start(artifacts: Path) -> None:
    with running_daemon(artifacts, environment=AT_ONCE) as daemon:

        def tested() -> bool:
            told = health(daemon)[1]["self_test"]
            return told is not None and told["outcome"] == "passed"

        eventually(tested, within=10, why="the first self-test")
        metrics = daemon.metrics()
        assert metrics["trio_sfu_self_test_passed"] == 1
        assert metrics["trio_sfu_rooms"] == metrics["trio_sfu_peers"] == 0
        assert metrics['trio_sfu_joins_total{outcome="joined"}'] == 0
        assert json.loads(daemon.get("/api/v1/rooms")[1]) == {"rooms": []}


def test_systemd_is_told_ready_when_media_has_gone_through_and_not_before(
    artifacts: Path, tmp_path: Path
) -> None:
    """A firewall of this machine's own lets no media pass until systemd was told of waiting."""
    waiting = "STATUS=waiting for the first self-test to pass"
    with (
        own_network() as network,
        network.inside(),
        systemd(tmp_path) as (manager, environment),
    ):
        opened: list[float] = []

        def firewall(*rule: str) -> None:
            subprocess.run([*network.prefix, "nft", *rule], check=True)

        def open_it() -> None:
            told = partial(manager.said, waiting)
            eventually(told, within=20, why="the status")
            assert not manager.said("READY=1")
            opened.append(time.monotonic())
            firewall("delete", "table", "inet", "shut")

        firewall("add", "table", "inet", "shut")
        hook = "{ type filter hook output priority 0; }"
        firewall("add", "chain", "inet", "shut", "out", hook)
        firewall("add", "rule", "inet", "shut", "out", "meta", "l4proto", "udp", "drop")
        environment |= AT_ONCE | {"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}
        opening = Thread(target=open_it)
        opening.start()
        try:
            with running_daemon(artifacts, environment=environment):
                told = list(manager.heard)
        finally:
            opening.join()
        [ready] = [at for at, state in told if state == "READY=1"]
        assert ready > opened[0]


def test_an_address_that_is_gone_is_noticed_and_so_is_its_return(artifacts: Path) -> None:
    """The page goes on at 127.0.0.1; the media's address is taken off its interface."""
    with own_network() as network, network.inside():
        # With more there is a test under way when the first has passed.
        one = {"TRIO_SFU_MEDIA_WORKERS": "1"}
        environment = AT_ONCE | one | {"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}
        with running_daemon(artifacts, environment=environment) as daemon:

            def status() -> int:
                return health(daemon)[0]

            def media_passed() -> bool:
                told = health(daemon)[1]["self_test"]
                return told is not None and told["outcome"] == "passed"

            eventually(media_passed, within=10, why="the first self-test")
            place = ["ip", "-n", network.name, "addr"]
            address = [f"{ADDRESS}/24", "dev", "here"]
            subprocess.run([*place, "del", *address], check=True)
            # The next test within 3 s, 2 s long; again after 2 s, 2 s long.
            seconds = took(lambda: status() == 503, within=9 + 3 * SLACK, why="it to be told")
            [trouble] = health(daemon)[1]["failing"]
            assert trouble["what"] == "self-test"
            assert "self-test-connect" in trouble["message"]
            assert daemon.metrics()["trio_sfu_self_test_passed"] == 0
            assert seconds > 2, "one failure alone is not told"
            subprocess.run([*place, "add", *address], check=True)
            eventually(lambda: status() == 200, within=15 + SLACK, why="media to come through")
            records = [each for each in daemon.log("error") if "self test" in each["event"]]
            assert {each["code"] for each in records} == {"self-test-connect"}
