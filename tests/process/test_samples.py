"""The samples in conf/, each with the program it is for: taken as it is, and doing its work."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.listeners.certificates import write_certificate
from tests.process.daemon import Daemon, free_ports
from tests.process.network import ADDRESS, Network, neighbour, own_network
from tests.process.patience import eventually
from trio_sfu.config import model
from trio_sfu.ids import PeerId
from trio_sfu.rooms.relays import relays

CONF = Path(__file__).parents[2] / "conf"
LETSENCRYPT = re.compile(r"/etc/letsencrypt/live/\S+/(fullchain|privkey)\.pem")


def needs(command: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(command) is None, reason=f"needs {command}")


def sample(name: str, folder: Path, **changes: str) -> str:
    """Return a sample with a certificate that is there, and with what a test must change."""
    certificate, key = write_certificate(folder, "meet.example.org")
    text = (CONF / name).read_text()
    text = LETSENCRYPT.sub(lambda found: str(certificate if found[1] == "fullchain" else key), text)
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


@contextlib.contextmanager
def running(command: list[str], artifacts: Path, port: int) -> Iterator[Path]:
    """Run a server until it listens; yield its log, and end it."""
    log = artifacts / f"{Path(command[0]).name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        eventually(lambda: listens(port, process, log), within=20, why=f"{command[0]} to listen")
        yield log
    finally:
        process.terminate()
        process.wait(10)


def listens(port: int, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def succeeds(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


# ---- proxies -----------------------------------------------------------------------


def untrusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def status(port: int, path: str, method: str = "GET") -> int:
    connection = http.client.HTTPSConnection("localhost", port, context=untrusted(), timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path)
        return connection.getresponse().status


def carries_a_call_and_keeps_the_rest(port: int, daemon: Daemon) -> None:
    """Assert that people can call through a proxy, and that nobody is an operator by it."""
    url = f"localhost:{port}"
    with connect(
        f"wss://{url}/signal",
        subprotocols=[Subprotocol("trio-sfu.v1")],
        origin=Origin(f"https://{url}"),
        ssl=untrusted(),
        proxy=None,
    ) as connection:
        connection.send(json.dumps({"type": "join", "room": "r", "name": "ann"}))
        assert json.loads(connection.recv(timeout=10))["type"] == "joined"
        assert daemon.census()["peers"] == 1
    assert status(port, "/r") == 200
    assert status(port, "/healthz") == 200
    assert status(port, "/metrics") == 404
    assert daemon.get("/metrics")[0] == 200
    for path in ("/api/v1/tree", "/api/v1/events", "/api/v1/rooms", "/admin/tree"):
        assert status(port, path) == 403, path
    assert status(port, "/whip/r", "POST") < 500


@needs("caddy")
def test_caddy(artifacts: Path, daemon: Daemon, tmp_path: Path) -> None:
    assert "Valid configuration" in succeeds(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(CONF / "caddy/Caddyfile")]
    )
    port, _ = free_ports()
    text = sample(
        "caddy/Caddyfile",
        tmp_path,
        **{"meet.example.org {": f"localhost:{port} {{", ":8080": f":{daemon.http_port}"},
    )
    # A name for which it cannot get a certificate: it makes one of its own.
    settings = "admin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\n"
    file = tmp_path / "Caddyfile"
    file.write_text(f"{{\n{settings}storage file_system {tmp_path}/data\n}}\n{text}")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]
    with running(command, artifacts, port):
        carries_a_call_and_keeps_the_rest(port, daemon)


@needs("nginx")
def test_nginx(artifacts: Path, daemon: Daemon, tmp_path: Path) -> None:
    port, _ = free_ports()
    other, _ = free_ports()
    site = tmp_path / "trio-sfu.conf"
    site.write_text(
        sample(
            "nginx/trio-sfu.conf",
            tmp_path,
            **{":8080": f":{daemon.http_port}"},
            **{"[::]:443": f"[::1]:{port}", "443 ssl": f"127.0.0.1:{port} ssl"},
            **{"[::]:80;": f"[::1]:{other};", "listen 80;": f"listen 127.0.0.1:{other};"},
        )
    )
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = tmp_path / "nginx.conf"
    file.write_text(
        f"daemon off;\nuser {'root' if os.geteuid() == 0 else 'nobody'};\npid {tmp_path}/pid;\n"
        f"error_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}include {site};\n}}\n"
    )
    command = ["nginx", "-e", "stderr", "-c", str(file)]
    assert "warn" not in succeeds([*command, "-t"])
    with running(command, artifacts, port):
        carries_a_call_and_keeps_the_rest(port, daemon)
        connection = http.client.HTTPConnection("127.0.0.1", other, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/r")
            moved = connection.getresponse()
            assert (moved.status, moved.headers["location"]) == (301, "https://127.0.0.1/r")


# ---- coturn ------------------------------------------------------------------------


@needs("turnserver")
def test_coturn_takes_the_daemons_credentials_and_reaches_no_private_address(
    artifacts: Path, tmp_path: Path
) -> None:
    port, _ = free_ports()
    tls, _ = free_ports()
    file = tmp_path / "turnserver.conf"
    file.write_text(sample("coturn/turnserver.conf", tmp_path))
    local = ["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1"]
    ports = ["--listening-port", str(port), "--tls-listening-port", str(tls)]
    quiet = ["--pidfile", "/dev/null", "--log-file", "stdout", "-v"]
    [secret] = re.findall("^static-auth-secret=(.*)$", file.read_text(), re.MULTILINE)
    settings = model.Turn(urls=["turn:t"], secret=secret)
    [relay] = relays(settings, PeerId("p-1"), time.time())
    with running(["turnserver", "-c", str(file), *local, *ports, *quiet], artifacts, port) as log:
        asking = ["turnutils_uclient", "-n", "1", "-p", str(port), "-e", "127.0.0.1"]
        who = ["-u", str(relay.username), "-w", str(relay.credential)]
        subprocess.run([*asking, *who, "127.0.0.1"], capture_output=True, timeout=30, check=False)
        eventually(lambda: "403: Forbidden IP" in log.read_text(), within=10, why="a refusal")
    said = log.read_text()
    assert f"new, realm=<turn.example.org>, username=<{relay.username}>" in said
    assert "Bad configuration" not in said


# ---- Prometheus --------------------------------------------------------------------


@needs("promtool")
def test_prometheus() -> None:
    said = succeeds(["promtool", "check", "config", str(CONF / "prometheus" / "prometheus.yml")])
    assert "SUCCESS" in said
    assert re.search(r"\d+ rules found", said)


# ---- the firewall ------------------------------------------------------------------


@needs("nft")
def test_the_firewall_lets_media_in_and_not_the_port_behind_the_proxy() -> None:
    rules = str(CONF / "nftables" / "trio-sfu.nft")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    settings = model.Config()
    with own_network() as here, neighbour(here) as there:
        assert comes_through(here, there, settings.http.port), "nothing is in the way yet"
        succeeds([*here.prefix, "nft", "-c", "-f", rules])
        assert comes_through(here, there, settings.http.port), "it was only looked at"
        # Twice: a file that is loaded again takes the place of what it has done.
        for _ in range(2):
            succeeds([*here.prefix, "nft", "-f", rules])
        for tcp in (22, 80, 443, 3478, 5349, settings.media.port):
            assert comes_through(here, there, tcp), tcp
        assert not comes_through(here, there, settings.http.port)
        last = settings.media.port + model.MOST_BY_ITSELF - 1
        for udp in (settings.media.port, last, 3478, 49152, 49999):
            assert comes_through(here, there, udp, datagrams=True), udp
        for udp in (last + 1, 5353):
            assert not comes_through(here, there, udp, datagrams=True), udp


def comes_through(here: Network, there: Network, port: int, *, datagrams: bool = False) -> bool:
    """Whether what is sent to a port comes to who listens there."""
    kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
    with inside(here, kind) as server, inside(there, kind) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ADDRESS, port))
        server.settimeout(0.5)
        client.settimeout(0.5)
        try:
            if not datagrams:
                server.listen()
                client.connect((ADDRESS, port))
                return True
            client.sendto(b"hello", (ADDRESS, port))
            return server.recv(10) == b"hello"
        except TimeoutError:
            return False


def inside(network: Network, kind: socket.SocketKind) -> socket.socket:
    with network.inside():
        return socket.socket(socket.AF_INET, kind)


# ---- all of them -------------------------------------------------------------------


def test_they_name_the_ports_that_are_the_defaults() -> None:
    settings = model.Config()
    web = f"127.0.0.1:{settings.http.port}"
    for name in ("caddy/Caddyfile", "nginx/trio-sfu.conf", "prometheus/prometheus.yml"):
        assert web in (CONF / name).read_text(), name
    first = settings.media.port
    media = f"define media = {first}-{first + model.MOST_BY_ITSELF - 1}"
    assert media in (CONF / "nftables/trio-sfu.nft").read_text()
