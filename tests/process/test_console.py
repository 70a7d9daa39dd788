"""``trio-sfu rooms`` and ``trio-sfu top`` against a daemon in a process of its own."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.test_tree import run, trio_sfu
from trio_sfu.client import connect

PROGRAM = str(Path(sys.executable).with_name("trio-sfu"))


def on_a_terminal(*arguments: str) -> str:
    """Run ``trio-sfu`` on a terminal to its end; return what was written there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "110", "LINES": "40"}
    process = subprocess.Popen([PROGRAM, *arguments], stdout=theirs, env=environment)
    os.close(theirs)
    said = b""
    with suppress(OSError):  # EIO: nobody has it open any more.
        while part := os.read(ours, 65_536):
            said += part
    os.close(ours)
    assert process.wait(20) == 0
    return said.decode()


async def test_an_operator_sees_rooms_and_figures(daemon: Daemon) -> None:
    empty = await trio_sfu("rooms", TRIO_SFU_HTTP_PORT=str(daemon.http_port))
    assert (empty.returncode, empty.stdout) == (0, "There are no rooms.\n")
    async with (
        connect(daemon.url, room="standup", name="ann") as ann,
        connect(daemon.url, room="retro", name="bob") as bob,
    ):
        there = ("--url", daemon.url)
        shown = await trio_sfu("rooms", *there)
        assert shown.returncode == 0, shown.stderr
        head, *lines, last = shown.stdout.splitlines()
        assert head.startswith("ROOM     PEER")
        assert [line.split()[:3] for line in lines] == [
            ["retro", bob.id, "connected"],
            ["standup", ann.id, "connected"],
        ]
        assert last == "2 rooms, 2 peers"
        assert "ann" not in shown.stdout

        as_json = await trio_sfu("rooms", "--json", *there)
        told = json.loads(as_json.stdout)
        assert sorted(room["room"] for room in told["rooms"]) == ["retro", "standup"]

        piped = await trio_sfu("top", "--interval", "0.3", "--count", "2", *there)
        assert piped.returncode == 0, piped.stderr
        first, second = piped.stdout.splitlines()
        for line in (first, second):
            values = dict(each.split("=") for each in line.split()[1:])
            assert (values["rooms"], values["peers"], values["healthy"]) == ("2", "2", "1")
            assert float(values["cpu"]) < 3
            assert float(values["memory"]) > 1e7

        looking = partial(on_a_terminal, "top", "--interval", "0.3", "--count", "2", *there)
        screen = await trio.to_thread.run_sync(looking)
        for word in ("ready", "standup", "retro", "packets out/s", "loop late by"):
            assert word in screen, screen


async def test_what_happened_to_a_peer_is_there_after_it_has_gone(
    daemon: Daemon, tmp_path: Path
) -> None:
    there = ("--url", daemon.url)
    async with connect(daemon.url, room="standup", name="Ann Onymous") as ann:
        listed = await trio_sfu("timeline", *there)
        assert listed.stdout.startswith(f"{ann.id}  standup  ")
        assert listed.stdout.rstrip().endswith("is there")
    await trio.to_thread.run_sync(daemon.settled_census)
    told = await trio_sfu("timeline", ann.id, *there)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == f"peer {ann.id} in room standup"
    assert lines[2].startswith("ended by the client: left")
    steps = [" ".join(line.split()[1:4]) for line in lines[4:]]
    wanted = ["client join", "server joined 0", "client offer", "server answer", "media ICE path"]
    places = [next(n for n, step in enumerate(steps) if step.startswith(w)) for w in wanted]
    assert places == sorted(places)
    assert any(step.startswith("media DTLS done") for step in steps)
    assert any(step.startswith("daemon peer-left left") for step in steps)
    assert "Ann" not in told.stdout
    assert "127.0.0.1" not in told.stdout

    file = tmp_path / "timeline.txt"
    with_addresses = await trio_sfu("timeline", ann.id, "--addresses", "-o", str(file), *there)
    assert (with_addresses.returncode, with_addresses.stdout) == (0, "")
    assert "[127.0.0.1 " in file.read_text()
    as_json = await trio_sfu("timeline", ann.id, "--json", *there)
    assert json.loads(as_json.stdout)["summary"]["by"] == "client"
    unknown = await trio_sfu("timeline", "p-none", *there)
    assert unknown.returncode == 1
    assert "no such peer" in unknown.stderr


def test_figures_are_for_all_and_rooms_for_operators(artifacts: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-operators-0815\n")
    with running_daemon(artifacts, "--token-file", str(token)) as daemon:
        there = ("--url", daemon.url)
        without = run("rooms", *there)
        assert (without.returncode, without.stdout) == (1, "")
        assert "operator-token-required" in without.stderr
        assert run("rooms", *there, "--token-file", str(token)).returncode == 0
        assert run("top", "--interval", "0.2", "--count", "1", *there).returncode == 0
        screen = on_a_terminal("top", "--interval", "0.2", "--count", "1", *there)
        assert "operator-token-required" in screen


def test_a_daemon_that_is_not_there_is_said() -> None:
    for command in ("rooms", "top"):
        shown = run(command, "--url", "http://127.0.0.1:1")
        assert shown.returncode == 1
        assert shown.stderr.startswith("Error: no answer from http://127.0.0.1:1")
        assert "Traceback" not in shown.stderr
