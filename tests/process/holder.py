"""Holds the sockets of a daemon, as systemd does: they outlive it."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.process.daemon import Daemon, media_sockets, running_daemon

ROOT = Path(__file__).parents[2]


class Holder:
    """What systemd is to a service: holds the sockets, and starts it with them."""

    def __init__(
        self, artifacts: Path, tcp: socket.socket, udp: socket.socket, media_tcp: socket.socket
    ) -> None:
        self.tcp = tcp
        self.udp = udp
        self.media_tcp = media_tcp
        self._artifacts = artifacts

    @property
    def port(self) -> int:
        port: int = self.tcp.getsockname()[1]
        return port

    @contextmanager
    def started(self, log: str = "daemon.log", *, faulty: bool = False) -> Iterator[Daemon]:
        held = [("http", self.tcp), ("media", self.udp), ("media", self.media_tcp)]
        given = [(name, each.fileno()) for name, each in held]
        program = [str(Path(sys.executable).with_name("trio-sfu")), "serve"]
        if faulty:
            program = [sys.executable, "-m", "trio_sfu.testing.faulty_daemon"]
        with running_daemon(
            self._artifacts,
            prefix=[
                *(sys.executable, "-m", "tests.process.activated"),
                *(f"{name}={number}" for name, number in given),
                "--",
            ],
            program=program,
            faulty=faulty,
            pass_fds=[number for _, number in given],
            environment={"PYTHONPATH": str(ROOT)},
            log=log,
        ) as daemon:
            yield daemon

    @contextmanager
    def started_faulty(self) -> Iterator[Daemon]:
        with self.started(faulty=True) as daemon:
            yield daemon


@contextmanager
def held_sockets(artifacts: Path) -> Iterator[Holder]:
    """Hold a port for the page and one for media, UDP and TCP, on 127.0.0.1."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=4_096) as tcp,
        media_sockets() as (udp, media_tcp),
    ):
        yield Holder(artifacts, tcp, udp, media_tcp)
