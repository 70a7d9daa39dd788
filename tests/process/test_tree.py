"""``trio-sfu tree`` and ``trio-sfu kick`` against a daemon in a process of its own."""

import http.client
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, running_daemon
from trio_sfu.client import SessionEndedError, connect

ROOM = "standup"


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run ``trio-sfu`` to its end."""
    command = [str(Path(sys.executable).with_name("trio-sfu")), *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, **environment},
    )


async def trio_sfu(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Do so while the clients in this loop go on."""
    return await trio.to_thread.run_sync(partial(run, *arguments, **environment))


async def test_an_operator_sees_a_call_of_four_and_ends_a_part_of_it(daemon: Daemon) -> None:
    empty = await trio.to_thread.run_sync(daemon.settled_census)
    async with AsyncExitStack() as stack:
        people = []
        for number in range(4):
            joining = connect(daemon.url, room=ROOM, name=f"n{number}", pairs=3)
            people.append(await stack.enter_async_context(joining))
        shown = await trio_sfu("tree", TRIO_SFU_HTTP_PORT=str(daemon.http_port))
        assert shown.returncode == 0, shown.stderr
        assert f"room {ROOM}  running" in shown.stdout
        for client in people:
            assert f"peer {client.id}  connected" in shown.stdout
        assert shown.stdout.count("task screening") == 4
        assert shown.stdout.count("transport ") == 4 + shown.stdout.count("task transport")
        assert "├─ watchdog" not in shown.stdout  # systemd does not ask for one here

        *others, removed = people
        kicked = await trio_sfu("kick", "--url", daemon.url, ROOM, removed.id)
        assert kicked.returncode == 0, kicked.stderr
        assert await ended(removed) == "removed"
        for client in others:
            with trio.fail_after(2):
                await client.until(lambda: removed.id not in client.peers)  # noqa: B023
        assert (await trio_sfu("kick", "--url", daemon.url, ROOM)).returncode == 0
        for client in others:
            assert await ended(client) == "room-closed"
    await trio.to_thread.run_sync(daemon.returns_to, empty)
    metrics = await trio.to_thread.run_sync(daemon.metrics)
    assert metrics["trio_sfu_peer_teardown_seconds_count"] == 4


async def ended(client: object) -> str:
    """Return the code a client's session ends with."""
    with trio.fail_after(5), pytest.raises(SessionEndedError) as end:
        await client.until(lambda: False)  # type: ignore[attr-defined]
    return end.value.code


def test_what_is_not_there_is_said(daemon: Daemon) -> None:
    kicked = run("kick", "--url", daemon.url, "nowhere")
    assert kicked.returncode == 1
    assert kicked.stderr == "Error: there is no such room (not-found)\n"


def test_a_daemon_that_is_not_there_is_said() -> None:
    shown = run("tree", "--url", "http://127.0.0.1:1")
    assert shown.returncode == 1
    assert shown.stderr.startswith("Error: no answer from http://127.0.0.1:1")
    assert "Traceback" not in shown.stderr


def test_an_address_that_is_none_is_said() -> None:
    shown = run("tree", "--url", "127.0.0.1:8080")
    assert shown.returncode == 1
    assert "is no http:// or https:// address" in shown.stderr


def test_a_daemon_with_a_token_is_asked_with_it(artifacts: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("a-token-of-operators-0815\n")
    wrong.write_text("another-token-of-0815\n")
    with running_daemon(artifacts, "--token-file", str(right)) as daemon:
        there = ("--url", daemon.url)
        without = run("tree", *there)
        assert (without.returncode, without.stdout) == (1, "")
        assert "operator-token-required" in without.stderr
        assert "--token-file" in without.stderr
        for command in (("tree",), ("kick", "nowhere")):
            refused = run(*command, *there, "--token-file", str(wrong))
            assert (refused.returncode, refused.stdout) == (1, "")
            assert "operator-token-wrong" in refused.stderr
        assert run("tree", *there, "--token-file", str(right)).returncode == 0
        kicked = run("kick", *there, "nowhere", TRIO_SFU_ADMIN_TOKEN_FILE=str(right))
        assert kicked.stderr == "Error: there is no such room (not-found)\n"
        settings = {
            "TRIO_SFU_HTTP_PORT": str(daemon.http_port),
            "TRIO_SFU_ADMIN_TOKEN_FILE": str(right),
        }
        assert run("tree", **settings).returncode == 0
        examined = run("doctor", **settings)
        assert "sound and a picture came through" in examined.stdout
        examined = run("doctor", "--token-file", str(wrong), **settings)
        assert "operator-token-wrong" in examined.stdout
        assert "--token-file" in examined.stdout
    for said in (daemon.log_file.read_text(), examined.stdout, refused.stderr):
        assert "token-of" not in said


def test_a_token_that_is_none_is_told_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hush\n")
    for command in (("tree",), ("kick", "r"), ("check-config",), ("serve",)):
        said = run(*command, "--token-file", str(file))
        assert said.returncode == (1 if command[0] in ("tree", "kick") else 2)
        assert f"{file}:1: the token has 4 characters" in said.stderr
        assert "hush" not in said.stderr


def test_watching_shows_it_again_and_again(daemon: Daemon) -> None:
    command = [str(Path(sys.executable).with_name("trio-sfu")), "tree", "--url", daemon.url]
    watch = [*command, "--watch", "--interval", "0.2"]
    # A shell that starts the tests in the background has Ctrl-C ignored, and so have they.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True, preexec_fn=heeding) as process:
        assert process.stdout is not None
        seen = 0
        for line in process.stdout:
            seen += line.startswith("daemon  ready")
            if seen == 3:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_page_of_another_site_ends_nothing(daemon: Daemon) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", daemon.http_port, timeout=10)
    try:
        headers = {"content-type": "application/json", "origin": "https://other.example"}
        connection.request("DELETE", f"/api/v1/rooms/{ROOM}", headers=headers)
        assert connection.getresponse().status == 403
    finally:
        connection.close()
