"""SIGHUP: the settings are read again and applied, all or none; certificates come in place."""

import http.client
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.listeners.certificates import shown_name, write_certificate
from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import SLACK, eventually
from tests.process.test_liveness import Systemd, systemd
from trio_sfu.client import JoinError, connect

RENEWALS = int(os.environ.get("SOAK_RENEWALS", "20"))


class Configured:
    """A daemon with a file of settings."""

    def __init__(self, daemon: Daemon, file: Path, manager: Systemd) -> None:
        self.daemon = daemon
        self.file = file
        self.manager = manager

    def reload(self, text: str) -> dict[str, Any]:
        """Have other settings read; return what the log said last of such a thing."""
        self.file.write_text(text)
        before = self._count()
        self.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: self._count() > before, within=5 + SLACK, why="the reload")
        # What is counted has been logged, by another thread.
        found = eventually(self._outcomes, within=5 + SLACK, why="a line of it")
        return found[-1]

    def _count(self) -> float:
        metrics = self.daemon.metrics()
        return metrics["trio_sfu_reloads_total"] + metrics["trio_sfu_reloads_refused_total"]

    def _outcomes(self) -> list[dict[str, Any]]:
        return [each for each in self.daemon.log() if each["event"].startswith("configuration re")]


@contextmanager
def configured(artifacts: Path, folder: Path, text: str = "") -> Iterator[Configured]:
    file = folder / "sfu.toml"
    file.write_text(text)
    with (
        systemd(folder) as (manager, environment),
        running_daemon(artifacts, "--config", str(file), environment=environment) as daemon,
    ):
        yield Configured(daemon, file, manager)


async def refusal(daemon: Daemon) -> str:
    with pytest.raises(JoinError) as refused:
        async with connect(daemon.url, room="r", name="n"):
            pass
    return refused.value.code


async def test_limits_and_the_log_level_change_while_it_runs(
    artifacts: Path, tmp_path: Path
) -> None:
    with configured(artifacts, tmp_path) as it:
        async with connect(it.daemon.url, room="r", name="ann", pairs=1) as ann:
            outcome = it.reload("[rooms]\nmax_peers = 1\n[log]\nlevel = 'warning'\n")
            assert outcome["event"] == "configuration reloaded"
            assert outcome["keys"] == ["rooms.max_peers", "log.level"]
            assert await refusal(it.daemon) == "room-full"
            quiet = len(it.daemon.log("info"))
            it.reload("[log]\nlevel = 'warning'\n")
            async with connect(it.daemon.url, room="r", name="bob", pairs=1):
                assert ann.ended is None
        assert len(it.daemon.log("info")) == quiet


def test_what_is_wrong_or_needs_a_restart_is_refused_whole(artifacts: Path, tmp_path: Path) -> None:
    with configured(artifacts, tmp_path) as it:
        outcome = it.reload("[rooms]\nmax_peers = 1\nmax_rums = 5\n")
        assert outcome["event"] == "configuration refused"
        assert "sfu.toml:3: no key rooms.max_rums. Did you mean max_rooms?" in outcome["message"]
        outcome = it.reload("[media]\nworkers = 2\n[rooms]\nmax_peers = 1\n")
        assert outcome["code"] == "config-restart"
        assert outcome["message"] == "media.workers needs a restart; nothing was changed"
        status = f"reload refused: {outcome['message']}"
        eventually(
            lambda: any(status in told for _, told in it.manager.heard),
            within=5 + SLACK,
            why="systemctl status to say so",
        )
        outcome = it.reload("[rooms]\nmax_peers = 1\n")
        assert outcome["keys"] == ["rooms.max_peers"], "nothing of it was applied before"


def test_systemd_is_told_when_it_reads_and_when_it_is_done(artifacts: Path, tmp_path: Path) -> None:
    with configured(artifacts, tmp_path) as it:
        for text in ("[rooms]\nmax_peers = 1\n", "nonsense"):
            before = len(it.manager.heard)
            it.reload(text)

            def told(before: int = before) -> list[str]:
                return [
                    each.partition("\n")[0]
                    for _, each in it.manager.heard[before:]
                    if each.startswith(("RELOADING=1\nMONOTONIC_USEC=", "READY=1"))
                ]

            eventually(partial(both, told), within=5 + SLACK, why="both")
            assert told() == ["RELOADING=1", "READY=1"]


def test_the_operators_token_is_read_again(artifacts: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("the-first-token-of-all")
    with configured(artifacts, tmp_path, f"[admin]\ntoken_file = '{token}'\n") as it:

        def status(given: str) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", it.daemon.http_port, timeout=10)
            headers = {"authorization": f"Bearer {given}", "connection": "close"}
            connection.request("GET", "/api/v1/tree", headers=headers)
            try:
                return connection.getresponse().status
            finally:
                connection.close()

        assert status("the-first-token-of-all") == 200
        token.write_text("another-token-than-that")
        it.reload(it.file.read_text())
        assert status("the-first-token-of-all") == 401
        assert status("another-token-than-that") == 200


def test_certificates_are_renewed_without_a_connection_dropped(
    artifacts: Path, tmp_path: Path, measure: Callable[[str, str], None]
) -> None:
    certificate, key = write_certificate(tmp_path, "number 0")
    text = f"[http]\ncertificate = '{certificate}'\nkey = '{key}'\n"
    port = free_port()
    with systemd(tmp_path) as (manager, environment):
        file = tmp_path / "sfu.toml"
        file.write_text(text)
        environment |= {"TRIO_SFU_HTTP_PORT": str(port)}
        arguments = ("--config", str(file))
        with running_tls_daemon(artifacts, *arguments, environment=environment) as daemon:
            it = Configured(daemon, file, manager)
            load = Load(port)
            with load.going_on():
                for number in range(1, RENEWALS + 1):
                    write_certificate(tmp_path, f"number {number}")
                    it.reload(text)
                    assert shown_name(("127.0.0.1", port)) == f"number {number}"
            assert not load.failures
            write_certificate(tmp_path, "by itself")
            eventually(
                lambda: shown_name(("127.0.0.1", port)) == "by itself",
                within=6 + SLACK,
                why="it to be taken over",
            )
            certificate.write_text("broken")
            assert it.reload(text)["code"] == "config-tls"
            assert shown_name(("127.0.0.1", port)) == "by itself"
    measure(
        f"{RENEWALS} certificates renewed under load",
        f"{load.requests} requests on one connection, {load.connections} new ones, 0 failed",
    )
    assert load.requests > RENEWALS
    assert load.connections > RENEWALS


def both(told: Callable[[], list[str]]) -> bool:
    return len(told()) == 2


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_tls_daemon(
    artifacts: Path, *arguments: str, environment: dict[str, str]
) -> Iterator[Daemon]:
    class OverTls(Daemon):
        def get(self, path: str) -> tuple[int, bytes]:
            connection = secure(self.http_port)
            try:
                connection.request("GET", path, headers={"connection": "close"})
                response = connection.getresponse()
                return response.status, response.read()
            finally:
                connection.close()

    with running_daemon(artifacts, *arguments, environment=environment, kind=OverTls) as daemon:
        yield daemon


def secure(port: int) -> http.client.HTTPSConnection:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)


class Load:
    """One connection that is kept, and new ones, one after the other."""

    def __init__(self, port: int) -> None:
        self.requests = self.connections = 0
        self.failures: list[str] = []
        self._port = port
        self._over = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=each) for each in (self._keep, self._renew)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(20)

    def _keep(self) -> None:
        connection = secure(self._port)
        connection.auto_open = False
        try:
            connection.connect()
            while not self._over.wait(0.02):
                self._ask(connection)
                self.requests += 1
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"kept: {error!r}")
        finally:
            connection.close()

    def _renew(self) -> None:
        while not self._over.wait(0.02):
            connection = secure(self._port)
            try:
                self._ask(connection)
                self.connections += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"new: {error!r}")
            finally:
                connection.close()

    def _ask(self, connection: http.client.HTTPSConnection) -> None:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()
        assert response.status == 200
