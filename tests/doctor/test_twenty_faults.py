"""Twenty faults that operators meet, each made for real: the doctor names it, with its cure.

Nothing here is made believe: daemons, coturn, nginx, certificates, firewalls and limits are what
they are elsewhere. Whatever else the doctor finds must be this machine's own.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.doctor.apart import apart, give_up_rights, mount_over
from tests.doctor.asking import Findings, ask, ask_program
from tests.doctor.certificates import certificate
from tests.doctor.world import PUBLIC, SECRET, World, world
from tests.process.daemon import free_ports
from tests.process.network import blocked
from trio_sfu.config.model import Config
from trio_sfu.doctor.machine import (
    check_clock,
    check_descriptors,
    check_memory,
    check_receive_buffer,
)
from trio_sfu.systemd.install import Machine, install

NEEDED = ("turnserver", "nginx", "nft", "ip", "gcc", "prlimit")
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    *(pytest.mark.skipif(shutil.which(each) is None, reason=f"needs {each}") for each in NEEDED),
]

FREE_FOR_ALL = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
UPGRADING = """
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection upgrade;
proxy_set_header X-Forwarded-For $remote_addr;
"""
PLAIN = "proxy_set_header X-Forwarded-For $remote_addr;\nproxy_set_header Host $http_host;\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("faults")) as made:
        yield made


def machines_own() -> set[str]:
    """Return what is not right with the machine that the tests run on."""
    checks = (check_clock(), check_memory(), check_receive_buffer())
    # No service has been installed where the tests run.
    # Where settings cannot be read, the limits are compared with the defaults.
    few = check_descriptors(Config())
    return {each.check for each in (*checks, few) if each.state != "ok"} | {"systemd unit"}


# ---- the faults, each a function that seeds it and asks ----------------------------------


def misspelt_key(place: World) -> Findings:
    file = place.folder / "misspelt.toml"
    file.write_text("[media]\nanounced = ['203.0.113.1']\n")
    return ask("--config", str(file))


def tcp_port_taken(place: World) -> Findings:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        try:
            return ask(*place.free(), "--http-port", str(other.server_port))
        finally:
            other.shutdown()


def udp_port_taken(place: World) -> Findings:
    port, _ = free_ports()
    return ask(*place.own(), "--http-port", str(port))


def address_of_another_machine(place: World) -> Findings:
    return ask(*place.free(), "--media-addresses", "198.51.100.7")


def port_without_rights(place: World) -> Findings:
    if int(FREE_FOR_ALL.read_text()) <= 81:
        pytest.skip("everybody may listen on each port of this machine")
    return apart(give_up_rights, partial(ask, *place.free(), "--http-port", "81"))


def only_loopback_told(place: World) -> Findings:
    everywhere = ["--http-host", "0.0.0.0", "--auth-open", "true"]  # noqa: S104
    with place.here.inside():
        return ask(*place.free(), *everywhere)


def wrong_address_announced(place: World) -> Findings:
    return ask(*place.of_astray())


def udp_closed_by_a_firewall(place: World) -> Findings:
    udp = f"meta l4proto udp udp dport {place.far.media_port}"
    with blocked(place.here, udp), place.there.inside():
        return ask(*place.outside())


def tcp_closed_by_a_firewall(place: World) -> Findings:
    with blocked(place.here, f"tcp dport {place.far.media_port}"), place.there.inside():
        return ask(*place.outside())


def tcp_closed_on_its_own_machine(place: World) -> Findings:
    port = place.far.media_port
    place.here.nft(
        "add table inet own",
        "add chain inet own input { type filter hook input priority 0 ; }",
        f"add rule inet own input tcp dport {port} reject",
    )
    try:
        with place.here.inside():
            ports = ["--http-port", str(place.far.http_port), "--media-port", str(port)]
            token = ["--token-file", str(place.folder / "token")]
            addresses = ["--media-addresses", PUBLIC]
            return ask(*ports, *token, *addresses, "--media-max-transports", "1000")
    finally:
        place.here.nft("delete table inet own")


def tcp_port_for_media_taken(place: World) -> Findings:
    port, media = free_ports()
    with HTTPServer(("127.0.0.1", media), BaseHTTPRequestHandler):
        return ask(*place.free()[4:], "--http-port", str(port), "--media-port", str(media))


def plain_http(place: World) -> Findings:
    with place.there.inside():
        return ask(*place.outside())


def expired_certificate(place: World) -> Findings:
    return ask(*place.free(), *certificate(place.folder, begin=-40, end=-2))


def certificate_of_tomorrow(place: World) -> Findings:
    return ask(*place.free(), *certificate(place.folder, begin=2, end=90))


def key_of_another_certificate(place: World) -> Findings:
    other = certificate(place.folder, begin=-1, end=90)
    mine = certificate(place.folder, begin=-1, end=90)
    return ask(*place.free(), *mine[:2], *other[2:])


def unreadable_key(place: World) -> Findings:
    files = certificate(place.folder, begin=-1, end=90)
    os.chown(files[3], 65_534, 65_534)
    Path(files[3]).chmod(0o400)
    return apart(give_up_rights, partial(ask, *place.free(), *files))


def certificate_of_another_name(place: World) -> Findings:
    # Of an authority that is trusted: the name alone is wrong.
    trusted = {"SSL_CERT_FILE": place.certificate[1]}
    url = f"https://localhost:{place.astray.http_port}"
    return ask(*place.of_astray(), "--url", url, environment=trusted)


def turn_server_gone(place: World) -> Findings:
    _, port = free_ports()
    return ask(*place.own(), "--turn-urls", f"turn:127.0.0.1:{port}", "--turn-secret", SECRET)


def turn_secret_wrong(place: World) -> Findings:
    return ask(*place.own(), "--turn-urls", place.turn, "--turn-secret", "another")


def proxy_without_upgrade(place: World) -> Findings:
    with place.nginx(PLAIN) as port:
        return ask(*place.own(), "--url", f"http://127.0.0.1:{port}")


def proxy_that_reaches_nobody(place: World) -> Findings:
    nobody, _ = free_ports()
    with place.nginx(UPGRADING, upstream=nobody) as port:
        return ask(*place.own(), "--url", f"http://127.0.0.1:{port}")


def proxy_with_a_host_of_its_own(place: World) -> Findings:
    with place.nginx(UPGRADING) as port:
        return ask(*place.own(), "--url", f"http://127.0.0.1:{port}")


def too_few_descriptors(place: World) -> Findings:
    return ask_program(*place.own(), prefix=["prlimit", "--nofile=300:300"])


def clock_an_hour_behind(place: World) -> Findings:
    url = f"https://localhost:{place.astray.http_port}"
    return ask(*place.of_astray(), "--url", url)


def drop_in_that_overrides(place: World) -> Findings:
    return with_service(place, "[Service]\nWatchdogSec=0\n")


def disk_full(place: World) -> Findings:
    state = place.folder / "state"
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(state)], check=True)
    try:
        (state / "full").write_bytes(bytes(900_000))
        return ask(*place.own(), environment={"STATE_DIRECTORY": str(state)})
    finally:
        subprocess.run(["umount", str(state)], check=True)


class Named(NamedTuple):
    """Under which check the doctor has it, and what its remedy tells to change."""

    seed: Callable[[World], Findings]
    check: str
    says: str
    remedy: str
    besides: tuple[str, ...] = ()
    """What is so by the way it was seeded."""


_HTTP = ("secure context",)
_ASTRAY = ("page certificate", "daemon's clock", "UDP reachability", "TCP reachability")
_TCP = ("TCP reachability",)
FAULTS = [
    Named(misspelt_key, "settings", "Did you mean announced?", "check-config"),
    Named(tcp_port_taken, "TCP port", "taken by another program", "http.port"),
    Named(udp_port_taken, "UDP port", "taken by another program", "media.port"),
    Named(address_of_another_machine, "UDP port", "does not have 198.51.100.7", "media.addresses"),
    Named(port_without_rights, "TCP port", "needs rights", "install-service"),
    Named(only_loopback_told, "media addresses", "127.0.0.1", "media.announced", _HTTP),
    Named(wrong_address_announced, "UDP reachability", "127.0.0.77", "media.announced", _TCP),
    Named(udp_closed_by_a_firewall, "UDP reachability", PUBLIC, "open UDP port", _HTTP),
    Named(tcp_closed_by_a_firewall, "TCP reachability", PUBLIC, "open TCP port", _HTTP),
    Named(tcp_closed_on_its_own_machine, "TCP reachability", PUBLIC, "nft list ruleset"),
    Named(tcp_port_for_media_taken, "TCP for media", "taken by another program", "media.tcp_port"),
    Named(plain_http, "secure context", "no camera", "https://"),
    Named(expired_certificate, "certificate", "has expired", "renew"),
    Named(certificate_of_tomorrow, "certificate", "is valid from", "clock"),
    Named(key_of_another_certificate, "certificate", "mismatch", "http.key"),
    Named(unreadable_key, "certificate", "cannot be read by this user", "SupplementaryGroups="),
    Named(certificate_of_another_name, "page certificate", "not for this", "the name", _ASTRAY),
    Named(turn_server_gone, "TURN", "nobody listens", "start the TURN server"),
    Named(turn_secret_wrong, "TURN", "401", "turn.secret"),
    Named(proxy_without_upgrade, "WebSocket", "does not pass Upgrade", "proxy_set_header Upgrade"),
    Named(proxy_that_reaches_nobody, "page address", "502", "http.port"),
    Named(proxy_with_a_host_of_its_own, "WebSocket", "Host and Origin", "proxy_set_header Host"),
    Named(too_few_descriptors, "file descriptors", "300 may be open", "LimitNOFILE="),
    Named(clock_an_hour_behind, "daemon's clock", "s behind this machine's", "NTP", _ASTRAY),
    Named(drop_in_that_overrides, "systemd unit", "WatchdogSec", "remove WatchdogSec="),
    Named(disk_full, "disk", "MiB left", "remove what is not needed"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.seed.__name__)
def test_each_is_named_with_its_cure(place: World, fault: Named) -> None:
    found = fault.seed(place)
    assert fault.check in found, found
    named = found.pop(fault.check)
    assert named["state"] in ("warn", "fail")
    assert fault.says in named["message"]
    assert fault.remedy in named["remedy"]
    assert found.keys() <= machines_own() | {*fault.besides}, found


def test_there_are_twenty() -> None:
    assert len({each.seed for each in FAULTS}) >= 20


# ---- and nothing where nothing is wrong --------------------------------------------------


def test_a_service_where_all_is_well_has_no_finding(place: World) -> None:
    found = with_service(place, None)
    assert found.keys() <= machines_own() - {"systemd unit"}, found


def test_relays_and_proxies_that_are_right_have_none(place: World) -> None:
    turn = ["--turn-urls", place.turn, "--turn-secret", SECRET]
    with place.nginx(f"{UPGRADING}proxy_set_header Host $http_host;\n") as port:
        found = ask(*place.own(), *turn, "--url", f"http://127.0.0.1:{port}")
    assert found.keys() <= machines_own(), found


def test_from_outside_only_the_plain_page_is_told(place: World) -> None:
    with place.there.inside():
        assert ask(*place.outside()).keys() == {"secure context"}


# ---- how they are seeded -----------------------------------------------------------------


def with_service(place: World, drop_in: str | None) -> Findings:
    """Ask where the service is installed, with a drop-in of the administrator's own."""
    root = place.folder / f"root-{bool(drop_in)}"
    root.mkdir()
    install(Machine(root, lambda _line: None), Path(sys.executable).with_name("trio-sfu"))
    units = root / "etc/systemd/system"
    if drop_in:
        (units / "trio-sfu.service.d").mkdir(exist_ok=True)
        (units / "trio-sfu.service.d/own.conf").write_text(drop_in)
    return apart(partial(mount_over, units, "/etc/systemd/system"), partial(ask, *place.own()))
