"""``trio-sfu doctor`` as an operator uses it."""

import json
import logging
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
import trio
from click.testing import CliRunner, Result

from tests.process.daemon import Daemon, free_ports
from trio_sfu.cli import main
from trio_sfu.config.model import Config, Http, Media
from trio_sfu.doctor.finding import Finding
from trio_sfu.doctor.reach import check_reach
from trio_sfu.doctor.trial import check_running, try_daemon
from trio_sfu.liveness.trial_path import MediaPlace, TrialPath
from trio_sfu.testing import open_test_daemon
from trio_sfu.tree.remote import Remote, RemoteError


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Leave logging to the next test as it was."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_ports()


def doctor(*arguments: str, ports: tuple[int, int]) -> Result:
    http, media = ports
    given = ["--http-port", str(http), "--media-port", str(media)]
    return CliRunner().invoke(main, ["doctor", *given, *arguments], env={"TRIO_SFU_CONFIG": ""})


def told(result: Result) -> dict[str, Any]:
    checks = json.loads(result.stdout)["checks"]
    return {each["check"]: each for each in checks}


def test_a_machine_on_which_calls_will_work(ports: tuple[int, int]) -> None:
    result = doctor("--json", ports=ports)
    found = told(result)
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (0, True)
    assert found["media"]["state"] == "ok"
    assert "sound and a picture came through" in found["media"]["message"]
    assert found["TCP port"]["state"] == "ok"
    assert {"settings", "clock", "memory", "UDP segmentation"} <= found.keys()


def test_lines_for_people(ports: tuple[int, int]) -> None:
    result = doctor(ports=ports)
    lines = result.stdout.splitlines()
    assert any(line.startswith("ok    media ") for line in lines)
    assert result.exit_code == 0


def test_wrong_settings_are_told_and_the_machine_is_looked_at_all_the_same(
    tmp_path: Path, ports: tuple[int, int]
) -> None:
    file = tmp_path / "sfu.toml"
    file.write_text("[http]\nprot = 1\n")
    result = doctor("--json", "--config", str(file), ports=ports)
    found = told(result)
    assert result.exit_code == 1
    assert found["settings"]["state"] == "fail"
    assert "Did you mean port?" in found["settings"]["message"]
    assert "clock" in found
    assert "media" not in found


def test_a_udp_port_that_is_taken(ports: tuple[int, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", ports[1]))
        result = doctor("--json", ports=ports)
    found = told(result)
    assert result.exit_code == 1
    assert f"UDP port {ports[1]}" in found["UDP port"]["message"]
    assert "is taken by another program" in found["UDP port"]["message"]
    assert "ss -lntup" in found["UDP port"]["remedy"]


async def test_a_tcp_port_that_is_taken(ports: tuple[int, int]) -> None:
    with socket.create_server(("127.0.0.1", ports[0])):
        found = await try_daemon(Config(http=Http(port=ports[0]), media=Media(port=0)))
    assert [each.state for each in found] == ["ok", "fail", "ok"]
    assert f"port {ports[0]}" in found[1].message


async def test_a_tcp_port_for_media_that_is_taken(ports: tuple[int, int]) -> None:
    with socket.create_server(("127.0.0.1", ports[1])):
        config = Config(http=Http(port=ports[0]), media=Media(port=ports[1]))
        taken = (await try_daemon(config))[-1]
        assert (taken.check, taken.state) == ("TCP for media", "fail")
        assert f"127.0.0.1 TCP port {ports[1]}" in taken.message
        assert "another media.tcp_port; or media.tcp = false" in taken.remedy
        without = msgspec.structs.replace(config.media, tcp=False)
        found = await try_daemon(msgspec.structs.replace(config, media=without))
    checks = {each.check: each.state for each in found}
    assert checks["UDP reachability"] == "ok"
    assert not checks.keys() & {"TCP for media", "TCP reachability"}


async def test_a_tcp_port_where_somebody_else_answers() -> None:
    async def answer(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        place = MediaPlace(host="127.0.0.1", port=port, protocol="tcp")
        [tcp] = await check_reach(TrialPath(user="u", password="p" * 24, places=[place], seconds=9))
        nursery.cancel_scope.cancel()
    assert (tcp.check, tcp.state) == ("TCP reachability", "warn")
    assert f"127.0.0.1 TCP port {port}: the server does not speak STUN" in tcp.message


async def test_media_that_does_not_come_through(
    monkeypatch: pytest.MonkeyPatch, ports: tuple[int, int]
) -> None:
    from trio_sfu.media.engine import SocketEngine

    monkeypatch.setattr(SocketEngine, "candidates", lambda *_: [("127.0.0.1", 9)])
    config = Config(http=Http(port=ports[0]), media=Media(port=0, addresses=["127.0.0.1"]))
    found = await try_daemon(config)
    media, reach, connected = found[-3:]
    assert (media.check, media.state) == ("media", "fail")
    assert "ICE or DTLS did not come through" in media.message
    assert (reach.check, reach.state) == ("UDP reachability", "fail")
    assert "127.0.0.1 UDP port 9: no answer: nobody listens there" in reach.message
    assert (connected.check, connected.state) == ("TCP reachability", "ok")


async def test_a_running_daemon_is_asked_and_not_disturbed() -> None:
    async with open_test_daemon() as daemon:
        found = await trio.to_thread.run_sync(check_running, Remote(daemon.url))
        assert [(each.check, each.state) for each in found] == [("daemon", "ok"), ("media", "ok")]
        assert daemon.url in found[0].message


async def test_a_running_daemon_that_is_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_test_daemon() as daemon:
        monkeypatch.setattr(daemon.liveness.workers, "idle", lambda _now: [0.1, 9.0])
        found: list[Finding] = await trio.to_thread.run_sync(check_running, Remote(daemon.url))
        assert found[0].state == "fail"
        assert "engine worker 1 has stood still for 9.0 s" in found[0].message
        assert found[1].state == "fail"
        assert "engine worker 1 stands still" in found[1].message


async def test_what_is_no_daemon_is_not_taken_for_one(ports: tuple[int, int]) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        with pytest.raises(RemoteError, match="no health"):
            await trio.to_thread.run_sync(check_running, Remote(f"http://127.0.0.1:{port}"))
        nursery.cancel_scope.cancel()


def test_the_daemon_of_the_settings_is_found(daemon: Daemon) -> None:
    result = doctor("--json", ports=(daemon.http_port, daemon.media_port))
    found = told(result)
    assert f"one is running at {daemon.url}" in found["daemon"]["message"]
    assert (found["media"]["state"], result.exit_code) == ("ok", 0)
