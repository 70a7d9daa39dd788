"""The daemon as a user starts it: a process of its own, on ports the system chooses."""

import http.client
import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.process.loaded import Process, Program, loaded_program
from tests.process.patience import eventually
from tests.process.surroundings import SETTINGS, compiled_once
from trio_sfu.config.model import MOST_BY_ITSELF

LOG_LINES = 50_000
"""What is kept of the log; older lines are in the file."""

STOP_TIMEOUT = 20.0

UNCHOSEN = range(10_000, 32_000)
"""Ports below those that Linux gives by itself (ip_local_port_range)."""

FAULTY = "trio_sfu.testing.faulty_daemon"

_loaded: list[Program] = []

OF_PEERS = ("rooms", "peers", "asyncio_loops", "transports", "up_tracks", "slots")
"""The counts of the census that no HTTP connection moves."""


def engine_metric(counter: str) -> str:
    """Return the sample of ``/metrics`` that a counter of the engine is."""
    if counter.startswith("drop_"):
        return f'trio_sfu_engine_drops_total{{reason="{counter.removeprefix("drop_")}"}}'
    return f"trio_sfu_engine_{counter}_total"


class Daemon:
    """A running ``trio-sfu serve`` and what it says."""

    def __init__(self, process: Process, log_file: Path) -> None:
        self.process = process
        self.log_file = log_file
        self.media_port = 0
        self.already_stopped = False
        """Set by a test that stops the daemon itself."""
        self._log: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, name="daemon-log", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.log_file.open("w") as file:
            for line in self.process.stderr:
                file.write(line)
                file.flush()
                try:
                    entry = json.loads(line)
                except ValueError:
                    entry = {"event": line.rstrip("\n"), "level": "unparsed"}
                self._log.append(entry)
                del self._log[:-LOG_LINES]

    def log(self, level: str | None = None) -> list[dict[str, Any]]:
        """Return the log so far, or its entries of one level."""
        return [entry for entry in self._log if level in (None, entry.get("level"))]

    def find(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any] | None:
        """Return the first log entry that is ``wanted``."""
        return next((entry for entry in list(self._log) if wanted(entry)), None)

    def wait_ready(self) -> None:
        """Return once ``/readyz`` says yes."""
        self.http_port = 0
        self.media_port = 0

        def ready() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"trio-sfu ended: {self.log_file.read_text()}")
            entry = self.find(lambda entry: entry.get("event") == "ready")
            if entry is None:
                return False
            self.http_port = int(str(entry["url"]).rstrip("/").rpartition(":")[2])
            media = self.find(lambda entry: entry.get("event") == "media")
            assert media is not None
            self.media_port = int(str(media["udp"][0]).rpartition(":")[2])
            return self.get("/readyz")[0] == 200

        eventually(ready, within=60, why="the daemon to be ready")

    @property
    def url(self) -> str:
        """The page."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def signaling(self) -> str:
        """The signaling socket."""
        return f"ws://127.0.0.1:{self.http_port}/signal"

    def get(self, path: str) -> tuple[int, bytes]:
        """GET a path; the connection is closed afterwards, so that it is in no census."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        try:
            connection.request("GET", path, headers={"connection": "close"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def census(self) -> dict[str, int]:
        """Return what lives in the daemon."""
        status, body = self.get("/api/v1/census")
        assert status == 200, body
        census: dict[str, int] = json.loads(body)
        return census

    def metrics(self) -> dict[str, float]:
        """Return every sample of ``/metrics`` by its name and labels, as written there."""
        lines = self.get("/metrics")[1].decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def returns_to(
        self, baseline: dict[str, int], *, within: float = 10, only: Iterable[str] = ()
    ) -> None:
        """Wait until the census is exactly ``baseline`` again, or ``only`` some of its counts.

        A page that stays open keeps HTTP connections, which end when they like: while
        there is one, compare ``OF_PEERS`` only.
        """

        def difference() -> dict[str, tuple[int | None, int | None]]:
            now = self.census()
            return {
                key: (baseline.get(key), now.get(key))
                for key in (set(only) or baseline.keys() | now.keys())
                if baseline.get(key) != now.get(key)
            }

        deadline = time.monotonic() + within
        while found := difference():
            if time.monotonic() > deadline:
                raise AssertionError(f"left behind after {within} s (was, is): {found}")
            time.sleep(0.05)

    def settled_census(self) -> dict[str, int]:
        """Return a census that two readings a moment apart agree on."""
        seen: list[dict[str, int]] = [{}, {}]

        def same() -> bool:
            seen[:] = [seen[1], self.census()]
            return seen[0] == seen[1]

        eventually(same, within=10, why="the census to settle", every=0.2)
        return seen[1]

    def fault(self, request: str) -> None:
        """Ask for a fault (``trio_sfu.testing.faulty_daemon``), of a daemon made for it."""
        assert self.process.stdin is not None, "not a faulty daemon"
        self.process.stdin.write(f"{request}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """``kill -9``."""
        self.already_stopped = True
        self.process.kill()
        self.process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have the process stand still (SIGSTOP) in the block."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def resident(self) -> int:
        """Return the bytes of memory the process has (VmRSS)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_TIMEOUT)
        self._reader.join(STOP_TIMEOUT)
        return code


def free_ports() -> tuple[int, int]:
    """Return a port for the page, and the first of a row for media: nobody has them now.

    They are on 127.0.0.1, and as many as there may be workers when nothing says how many. No
    system chooses them by itself, so that no test beside this one is given one meanwhile.
    """
    while True:
        http, media = (secrets.choice(UNCHOSEN) for _ in range(2))
        with ExitStack() as held, suppress(OSError):
            held.enter_context(socket.create_server(("127.0.0.1", http)))
            for port in range(media, media + MOST_BY_ITSELF):
                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                held.enter_context(udp).bind(("127.0.0.1", port))
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            return http, media


@contextmanager
def loaded_once() -> Iterator[None]:
    """Have the daemons that are started in the block load their modules once, all together.

    Not those of a test that gives them descriptors, or another program to be run by or instead.
    """
    with loaded_program(compiled_once()) as program:
        _loaded.append(program)
        try:
            yield
        finally:
            _loaded.remove(program)


@contextmanager
def media_sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Hold a UDP port of 127.0.0.1, and the TCP port of its number."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            with suppress(OSError), socket.create_server(udp.getsockname()) as tcp:
                yield udp, tcp
                return


@contextmanager
def running_daemon(
    artifacts: Path,
    *arguments: str,
    environment: dict[str, str] | None = None,
    prefix: Sequence[str] = (),
    program: Sequence[str] = (),
    faulty: bool = False,
    log: str = "daemon.log",
    kind: type[Daemon] = Daemon,
    pass_fds: Sequence[int] = (),
) -> Iterator[Daemon]:
    """Start a daemon, and end it however the block ends; a dirty end is an error.

    ``prefix`` is put before the command (to start it in a network namespace), ``program`` is
    run in place of ``trio-sfu serve``. A ``faulty`` one is the same daemon, which raises
    errors inside itself on request.
    """
    started = [str(Path(sys.executable).with_name("trio-sfu")), "serve", *arguments]
    if program:
        started = [*program]
    if faulty:
        started = [sys.executable, "-m", FAULTY]
    surroundings = {**compiled_once(), **SETTINGS, **(environment or {})}
    process: Process
    if _loaded and not (prefix or program or pass_fds):
        module = FAULTY if faulty else ""
        process = _loaded[-1].start(["serve", *arguments], surroundings, module=module)
    else:
        process = subprocess.Popen(
            [*prefix, *started],
            stdin=subprocess.PIPE if faulty else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            pass_fds=pass_fds,
            env=surroundings,
        )
    # The log, when the test has failed, is the first thing one wants to see.
    daemon = kind(process, artifacts / log)
    try:
        daemon.wait_ready()
        yield daemon
        if not daemon.already_stopped:
            assert process.poll() is None, "the daemon ended during the test"
            assert daemon.stop() == 0, daemon.log()[-5:]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        daemon._reader.join(STOP_TIMEOUT)
        for stream in (process.stdin, process.stderr):
            if stream is not None:
                stream.close()
