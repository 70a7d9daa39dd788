"""A host behind NAT learns from a real STUN server where it is seen, and people can call there."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.doctor.asking import Findings, ask
from tests.doctor.world import Far
from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually
from tests.process.test_restart import pictures
from tests.process.translated import INSIDE, ROUTER, WORLD, Translated, translated
from trio_sfu.client import SyntheticVideo, Tone, connect
from trio_sfu.config.model import MOST_BY_ITSELF

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="needs turnserver"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft"),
]
TOKEN = "a-token-for-the-operators"  # noqa: S105  (the test's own)
HTTP, MEDIA = 8080, 7882
LAST = MEDIA + MOST_BY_ITSELF - 1


@pytest.fixture(scope="module")
def nat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Translated]:
    with translated() as networks, stun(networks, tmp_path_factory.mktemp("stun")):
        networks.forward("tcp", HTTP)
        for port in range(MEDIA, LAST + 1):
            networks.forward("udp", port)
            networks.forward("tcp", port)
        yield networks


@contextmanager
def stun(nat: Translated, folder: Path) -> Iterator[None]:
    listen = [f"--listening-ip={each}" for each in WORLD]
    command = ["turnserver", "-n", "--stun-only", "--no-cli", "--no-tls", "--no-dtls", *listen]
    command += ["--fingerprint", "--pidfile=/dev/null", "--log-file=stdout"]
    with (folder / "turnserver.log").open("w") as log:
        process = subprocess.Popen([*nat.world.prefix, *command], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def behind(
    nat: Translated, folder: Path, server: str, addresses: str, **changes: str
) -> Iterator[Daemon]:
    """Run a daemon inside that asks ``server``."""
    token, file = folder / "token", folder / "sfu.toml"
    token.write_text(f"{TOKEN}\n")
    file.write_text(f'[media]\nstun_server = "{server}"\n')

    class Inside(Far):
        network = nat.inside

    environment = {
        "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (in a network of the test's own)
        "TRIO_SFU_HTTP_PORT": str(HTTP),
        "TRIO_SFU_MEDIA_PORT": str(MEDIA),
        "TRIO_SFU_MEDIA_ADDRESSES": addresses,
        "TRIO_SFU_AUTH_OPEN": "true",
        "TRIO_SFU_ADMIN_TOKEN_FILE": str(token),
        **changes,
    }
    arguments = ["--config", str(file)]
    prefix = nat.inside.prefix
    with running_daemon(
        folder, *arguments, environment=environment, prefix=prefix, kind=Inside
    ) as daemon:
        yield daemon


def events(daemon: Daemon, name: str) -> list[dict[str, object]]:
    return [each for each in daemon.log() if each.get("event") == name]


def from_the_world(nat: Translated, folder: Path) -> Findings:
    """Return what the doctor finds from outside."""
    with nat.world.inside():
        url = f"http://{ROUTER[0]}:{HTTP}"
        return ask("--outside", "--url", url, "--token-file", str(folder / "token"))


def inside(nat: Translated, folder: Path, server: str) -> Findings:
    """Return what the doctor finds on the daemon's machine."""
    with nat.inside.inside():
        ports = ["--http-port", str(HTTP), "--media-port", str(MEDIA)]
        host = ["--http-host", "0.0.0.0", "--auth-open", "true"]  # noqa: S104
        media = ["--media-addresses", ",".join(INSIDE), "--media-stun-server", server]
        token = ["--token-file", str(folder / "token")]
        return ask(*ports, *host, *media, *token)


def test_it_is_called_at_the_address_that_the_server_sees(nat: Translated, tmp_path: Path) -> None:
    with behind(nat, tmp_path, f"{WORLD[0]}:3478", ",".join(INSIDE)) as daemon:
        order = [each.get("event") for each in daemon.log()]
        assert order.index("addresses learned") < order.index("ready")
        [learned] = events(daemon, "addresses learned")
        # This server has no IPv6 name: that address stays as it is.
        assert learned["addresses"] == [ROUTER[0], INSIDE[1]]
        with nat.world.inside():
            trio.run(a_call, f"http://{ROUTER[0]}:{HTTP}")
        assert not from_the_world(nat, tmp_path).keys() & {"UDP reachability", "TCP reachability"}
        found = inside(nat, tmp_path, f"{WORLD[0]}:3478")
        assert "announced address" not in found, found
        moves(nat, tmp_path, daemon)


def test_a_workers_port_that_is_not_passed_on_is_named(nat: Translated, tmp_path: Path) -> None:
    two = {"TRIO_SFU_MEDIA_PORT": str(LAST), "TRIO_SFU_MEDIA_WORKERS": "2"}
    with behind(nat, tmp_path, f"{WORLD[0]}:3478", INSIDE[0], **two):
        found = from_the_world(nat, tmp_path)
        for check, protocol in (("UDP reachability", "UDP"), ("TCP reachability", "TCP")):
            told = found[check]
            assert told["message"].startswith(
                f"no answer from {ROUTER[0]} {protocol} port {LAST + 1}:"
            ), told
            assert "media.workers = 1, which needs one port only" in told["remedy"]
        assert found["UDP reachability"]["state"] == "fail", "half of the rooms have no media"


def moves(nat: Translated, folder: Path, daemon: Daemon) -> None:
    """See the router at another address, and clients told so."""
    other = "198.51.100.77"
    with nat.moved(other):
        found = inside(nat, folder, f"{WORLD[0]}:3478")["announced address"]
        assert found["state"] == "fail"
        assert f"sees this machine at {other}" in found["message"]
        # A reload with other words for the same server asks it now, not in five minutes.
        (folder / "sfu.toml").write_text(f'[media]\nstun_server = "{WORLD[0]}"\n')
        daemon.process.send_signal(signal.SIGHUP)
        learned = partial(events, daemon, "addresses learned")
        eventually(lambda: len(learned()) == 2, within=10, why="the other address to be learned")
        assert other in json.dumps(learned()[-1])
        assert "announced address" not in inside(nat, folder, WORLD[0])


def test_ipv6_is_learned_too(nat: Translated, tmp_path: Path) -> None:
    with behind(nat, tmp_path, f"[{WORLD[1]}]:3478", ",".join(INSIDE)) as daemon:
        [learned] = events(daemon, "addresses learned")
        assert learned["addresses"] == [INSIDE[0], ROUTER[1]]


def test_without_an_answer_it_starts_all_the_same(nat: Translated, tmp_path: Path) -> None:
    nat.router.nft("add rule ip nat prerouting iifname inner udp dport 3479 drop")
    with behind(nat, tmp_path, f"{WORLD[0]}:3479", INSIDE[0]) as daemon:
        [failed] = events(daemon, "stun failed")
        assert (failed["level"], failed["code"]) == ("warning", "stun-timeout")
        status, body = daemon.get("/healthz")
        assert (status, json.loads(body)["status"]) == (200, "degraded")
        assert "media.stun_server" in body.decode()
        found = inside(nat, tmp_path, f"{WORLD[0]}:3479")["announced address"]
        assert "stun-timeout" in found["message"]
        assert "open UDP to it" in found["remedy"]


async def a_call(url: str) -> None:
    """See somebody, both of us outside."""
    with trio.fail_after(60):
        async with (
            connect(url, room="r", name="shows", pairs=1) as shows,
            connect(url, room="r", name="sees", pairs=1) as sees,
        ):
            camera = SyntheticVideo(width=160, height=120, fps=10)
            await shows.publish(camera=camera, microphone=Tone())
            await pictures(sees, shows.id)
