"""What the seeded faults need: daemons, a TURN server and proxies, all real and shared."""

import contextlib
import http.client
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.doctor.certificates import certificate
from tests.process.daemon import Daemon, free_ports, running_daemon
from tests.process.network import Network, neighbour, own_network
from tests.process.test_clock_steps import Clock
from tests.process.test_reload import running_tls_daemon
from tests.process.test_samples import running

PUBLIC = "203.0.113.1"
"""An address of the daemon in the network, as public as one can be in a test."""
NOBODY = "127.0.0.77"
SECRET = "a secret that two know"  # noqa: S105  (the test's own)
TOKEN = "a-token-for-the-operators"  # noqa: S105  (the test's own)


class Far(Daemon):
    """A daemon in a network, asked from there."""

    network: Network

    def get(self, path: str) -> tuple[int, bytes]:
        with self.network.inside():
            connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
            with contextlib.closing(connection):
                connection.request("GET", path, headers={"connection": "close"})
                response = connection.getresponse()
                return response.status, response.read()


@dataclass(frozen=True)
class World:
    """All of it. ``daemon`` is on this machine, ``far`` in ``here``, next to which is ``there``."""

    folder: Path
    daemon: Daemon
    here: Network
    there: Network
    far: Daemon
    turn: str
    astray: Daemon
    """Its certificate is for another name, its clock is an hour behind, and what it tells clients
    is nobody's address."""
    certificate: list[str]

    def own(self) -> list[str]:
        """Return how the doctor is told of ``daemon``."""
        return self.of(self.daemon)

    def of(self, daemon: Daemon) -> list[str]:
        """Return how the doctor is told of a daemon."""
        return _flags(daemon.http_port, daemon.media_port)

    def of_astray(self) -> list[str]:
        """Return how the doctor is told of ``astray``."""
        return [*self.of(self.astray), *self.certificate, "--media-announced", NOBODY]

    def free(self) -> list[str]:
        """Return how the doctor is told of ports where there is no daemon."""
        return _flags(*free_ports())

    def outside(self) -> list[str]:
        """Return how the doctor is told of ``far``, from ``there``."""
        url = f"http://{PUBLIC}:{self.far.http_port}"
        return ["--outside", "--url", url, "--token-file", str(self.folder / "token")]

    @contextlib.contextmanager
    def nginx(self, location: str, upstream: int | None = None) -> Iterator[int]:
        """Run nginx before ``daemon``; yield its port."""
        port, _ = free_ports()
        upstream = upstream or self.daemon.http_port
        paths = "".join(
            f"{name}_temp_path {self.folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file = self.folder / f"nginx-{port}.conf"
        file.write_text(
            f"daemon off;\nmaster_process off;\nuser root;\npid {self.folder}/nginx-{port}.pid;\n"
            f"error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}"
            f"server {{ listen 127.0.0.1:{port};\n location / {{\n"
            f"proxy_pass http://127.0.0.1:{upstream};\n{location} }} }} }}\n"
        )
        with running(["nginx", "-e", "stderr", "-c", str(file)], self.folder, port):
            yield port


def _flags(http: int, media: int) -> list[str]:
    ports = ["--http-port", str(http), "--media-port", str(media)]
    return [*ports, "--media-max-transports", "1000"]


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Start everything."""
    token = folder / "token"
    token.write_text(f"{TOKEN}\n")
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(own_network())
        there = stack.enter_context(neighbour(here))
        add = ["ip", "-n", here.name, "addr", "add", f"{PUBLIC}/32", "dev", "here"]
        subprocess.run(add, check=True)
        Far.network = here
        environment = {
            "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (in a network of the test's own)
            "TRIO_SFU_AUTH_OPEN": "true",
            "TRIO_SFU_MEDIA_ADDRESSES": PUBLIC,
            "TRIO_SFU_ADMIN_TOKEN_FILE": str(token),
        }
        far = stack.enter_context(
            running_daemon(
                folder, environment=environment, prefix=here.prefix, log="far.log", kind=Far
            )
        )
        daemon = stack.enter_context(running_daemon(folder))
        port, _ = free_ports()
        stack.enter_context(coturn(folder, port))
        files = certificate(folder, begin=-1, end=90, name="other.example.org")
        astray = stack.enter_context(_astray(folder, files))
        turn = f"turn:127.0.0.1:{port}"
        yield World(folder, daemon, here, there, far, turn, astray, files)


@contextlib.contextmanager
def _astray(folder: Path, files: list[str]) -> Iterator[Daemon]:
    clock = Clock(folder)
    clock.set(-3_600)
    environment = {
        **clock.environment,
        "TRIO_SFU_HTTP_CERTIFICATE": files[1],
        "TRIO_SFU_HTTP_KEY": files[3],
        "TRIO_SFU_MEDIA_ANNOUNCED": NOBODY,
    }
    own = folder / "astray"
    own.mkdir()
    with running_tls_daemon(own, environment=environment) as daemon:
        yield daemon


@contextlib.contextmanager
def coturn(folder: Path, port: int, *, host: str = "127.0.0.1") -> Iterator[None]:
    """Run a TURN and STUN server that knows ``SECRET``."""
    command = ["turnserver", "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}"]
    command += ["--realm=example.org", "--no-cli", "--no-tls", "--no-dtls", "--fingerprint"]
    command += [f"--listening-ip={host}", f"--relay-ip={host}", f"--listening-port={port}"]
    command += ["--allow-loopback-peers", "--pidfile=/dev/null", "--log-file=stdout"]
    with running(command, folder, port):
        yield
