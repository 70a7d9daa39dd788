"""Whoever reads the log may be slow, full or gone: the daemon goes on (docs/failures.md)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.process.daemon import free_ports
from tests.process.patience import eventually
from trio_sfu import log_output
from trio_sfu.log_output import LogOutput, open_output

PIPE = 65_536
"""What a pipe holds on Linux."""


def lost(count: int) -> str:
    return f"lost {count}"


def drained(descriptor: int) -> bytes:
    os.set_blocking(descriptor, False)
    found = b""
    while True:
        try:
            data = os.read(descriptor, PIPE)
        except BlockingIOError:
            return found
        if not data:
            return found
        found += data


def fill(descriptor: int) -> None:
    os.set_blocking(descriptor, False)
    try:
        while True:
            os.write(descriptor, bytes(PIPE))
    except BlockingIOError:
        os.set_blocking(descriptor, True)


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        for each in (reading, writing):
            os.close(each)


def emptied(output: LogOutput, reading: int) -> list[str]:
    """Read until what was queued has come."""
    found = bytearray()

    def all_there() -> bool:
        found.extend(drained(reading))
        return not output._lines

    eventually(all_there, within=5, why="the queue to be written")
    found.extend(drained(reading))
    return found.decode().splitlines()


def test_lines_come_whole_and_in_order() -> None:
    with pipe() as (reading, writing):
        with open_output(writing, lost) as output:
            for number in range(1_000):
                output.write(f"line {number}")
                output.write("\n")
        assert drained(reading).decode().splitlines() == [f"line {n}" for n in range(1_000)]


def test_a_full_pipe_costs_lines_and_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_output, "QUEUE_BYTES", 10_000)
    line = "x" * 999
    with pipe() as (reading, writing), open_output(writing, lost) as output:
        fill(writing)
        for _ in range(200):
            output.write(f"{line}\n")  # Would block for ever here.
        assert output._queued <= 10_000
        # The thread may write again while what filled the pipe is being read.
        said = drained(reading).replace(b"\0", b"").decode().splitlines()
        said += emptied(output, reading)
        kept = said.count(line)
        missing = sum(int(each.split()[1]) for each in said if each.startswith("lost"))
        assert 1 <= kept <= 10
        output.write("after\n")
        after = emptied(output, reading)
        missing += sum(int(each.split()[1]) for each in after if each.startswith("lost"))
        assert after[-1] == "after"
        assert kept + missing == 200


def test_a_full_disk_costs_lines_and_says_how_many() -> None:
    with Path("/dev/full").open("w") as full, pipe() as (reading, writing):
        output = LogOutput(full.fileno(), lost)
        output.write("nowhere\nnowhere\n")
        eventually(lambda: not output._lines, within=5, why="both to be dropped")
        output._descriptor = writing
        output.write("there is room again\n")
        output.end()
        assert drained(reading).decode().splitlines() == ["lost 2", "there is room again"]


def test_the_end_waits_for_a_blocked_reader_for_a_second_only() -> None:
    with pipe() as (reading, writing):
        output = LogOutput(writing, lost)
        output.write("x" * 2 * PIPE + "\n")
        output.end()
        assert output._thread.is_alive()
        drained(reading)
        eventually(
            lambda: drained(reading) is not None and not output._thread.is_alive(),
            within=5,
            why="the thread to end",
        )


@pytest.mark.parametrize("reader", ["stuck", "gone", "full disk", "closed"])
def test_a_daemon_goes_on_without_a_reader_of_its_log(reader: str, tmp_path: Path) -> None:
    http, media = free_ports()
    environment = {
        **os.environ,
        "TRIO_SFU_HTTP_PORT": str(http),
        "TRIO_SFU_MEDIA_PORT": str(media),
        "TRIO_SFU_LOG_LEVEL": "debug",
    }
    command = [str(Path(sys.executable).with_name("trio-sfu")), "serve"]
    reading, writing = os.pipe()
    target: int = writing
    match reader:
        case "stuck":
            fill(writing)
        case "gone":
            os.close(reading)
        case "full disk":
            target = os.open("/dev/full", os.O_WRONLY)
        case "closed":
            command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    process = subprocess.Popen(command, env=environment, stderr=target, stdin=subprocess.DEVNULL)
    try:
        socket = f"ws://127.0.0.1:{http}/signal"
        eventually(lambda: _refused(socket), within=20, why="the daemon to answer", every=0.1)
        for _ in range(20):
            assert _refused(socket) == "message-unknown"
        process.terminate()
        assert process.wait(10) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(writing)
        if target != writing:
            os.close(target)
        if reader != "gone":
            os.close(reading)


def _refused(url: str) -> str | None:
    """Send what is no message; return the code the daemon answers with."""
    try:
        with connect(url, subprotocols=["trio-sfu.v1"], proxy=None) as socket:  # type: ignore[list-item]
            socket.send(json.dumps({"type": "nonsense"}))
            code: str = json.loads(socket.recv(timeout=5))["code"]
            return code
    except OSError:
        return None
