"""Starting and stopping ``trio-sfu serve`` as its operator does."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import took

COMMAND = str(Path(sys.executable).with_name("trio-sfu"))


def test_the_page_is_served(daemon: Daemon) -> None:
    for path in ("/", "/some-room"):
        status, body = daemon.get(path)
        assert status == 200
        assert b"<html" in body
        assert b"/assets/" in body, "the page was not built"
    assert daemon.get("/healthz")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(artifacts: Path, number: signal.Signals) -> None:
    with running_daemon(artifacts) as daemon:
        daemon.process.send_signal(number)
        assert took(lambda: daemon.process.poll() is not None, within=10, why="the end") < 5
        assert daemon.process.returncode == 0
        # The fixture's own check is for a daemon that should still run.
        assert not daemon.log("error")
        daemon.already_stopped = True


def test_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [COMMAND, "serve", "--http-port", str(port), "--media-port", "0"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode != 0
    assert str(port) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_media_port_is_said() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [COMMAND, "serve", "--http-port", "0", "--media-port", str(port)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode != 0
    assert str(port) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_idle_daemon_idles(daemon: Daemon) -> None:
    def cpu_ticks() -> int:
        fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return int(fields[11]) + int(fields[12])

    daemon.settled_census()
    before = cpu_ticks()
    time.sleep(3)  # Not for luck: the window that is measured.
    assert cpu_ticks() - before <= 15, "an idle daemon used 5 % of a core"
