"""The Debian package on a machine that has really booted: by docs/quick-start.md, and its life.

One test, for a boot is dear: its steps are in the order of a package's life. The machine has a
network of its own, so that the ports are those of the page.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.machine import Machine, booted, skip_unless_it_boots
from tests.process.network import ADDRESS, own_network
from tests.process.patience import eventually
from tools import deb

pytestmark = pytest.mark.skipif(
    "SOAK_PACKAGE" not in os.environ, reason="SOAK_PACKAGE: it takes minutes (make soak)"
)
PAGE = (Path(__file__).parents[2] / "docs" / "quick-start.md").read_text()
NAME = "meet.example.org"
CALLERS = Path(__file__).with_name("in_a_call.py")
CADDY = "var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
"""The certificate of who signs certificates where there is no public authority."""
SERVICE = "trio-sfu.service"
OURS = (SERVICE, "trio-sfu.socket", "trio-sfu-media.socket")
LATER = "0.1.0+later"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


class Package:
    """The package, in two versions, on a machine."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self._folder = folder

    def sh(self, script: str, within: float = 240) -> str:
        return self.machine.run("sh", "-euc", f"cd /srv; {script}", within=within)

    def leftovers(self) -> list[str]:
        """Return what is there since the boot and has our name."""
        written = self.machine.root.with_name("upper")
        # The tests' own: what the machine always has, and the packages. A device is a file that
        # was removed.
        files = [
            str(path.relative_to(written))
            for top in written.iterdir()
            if top.name not in ("opt", "srv")
            for path in top.rglob("*trio*sfu*")
            if not path.is_char_device()
        ]
        return files + self.sh("find /run /var/tmp -name '*trio*sfu*'").split()

    def calls(self) -> list[str]:
        """Return the command of two people in a call over TLS, by the proxy."""
        settings = f"SSL_CERT_FILE=/{CADDY}", "PYTHONPATH=/usr/lib/trio-sfu"
        return ["env", *settings, "/usr/bin/python3", f"/srv/{CALLERS.name}", f"https://{NAME}"]

    def call(self) -> None:
        """Hold a call until both have seen and heard the other."""
        assert self.machine.run(*self.calls(), within=90).startswith("seen\n")

    @contextmanager
    def in_call(self) -> Iterator[list[str]]:
        """Hold a call meanwhile; the list gets the longest that somebody saw nothing."""
        said: list[str] = []
        pipe = subprocess.PIPE
        command = self.machine.entering(*self.calls())
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "seen\n"
                yield said
                said += process.communicate(timeout=60)[0].split()
            finally:
                process.kill()


@pytest.fixture
def package(
    wheel: Path, artifacts: Path, tmp_path: Path, measure: Callable[[str, str], None]
) -> Iterator[Package]:
    skip_unless_it_boots()
    for command in ("dpkg-deb", "caddy"):
        if shutil.which(command) is None:
            pytest.skip(f"needs {command}")
    began = time.monotonic()
    tree, built = tmp_path / "tree", tmp_path / "built"
    for each in (tree, built):
        each.mkdir()
    deb.fill(tree, wheel)
    packages = [deb.build(tree, version, built, quick=True) for version in ("0.1.0", LATER)]
    measure("building two Debian packages", f"{time.monotonic() - began:.0f} s")
    with own_network() as network, booted(tmp_path, artifacts / "console.log", network) as it:
        for each in (*packages, CALLERS):
            shutil.copy(each, it.root / "srv")
        hosts = it.root / "etc/hosts"
        hosts.write_text(f"{hosts.read_text()}{ADDRESS} {NAME}\n")
        yield Package(it, built)
        log = it.run("journalctl", "--no-pager", "-o", "short-monotonic", check=False)
        (artifacts / "journal.log").write_text(log)


def test_a_packages_life(package: Package, measure: Callable[[str, str], None]) -> None:
    before = listening(package)
    began = time.monotonic()
    brings_a_call_by_the_page(package)
    measure("from nothing to a call over TLS, by the page", f"{time.monotonic() - began:.0f} s")
    is_upgraded_under_a_call(package, measure)
    is_removed_and_keeps_what_is_its_owners(package)
    comes_back_with_it(package)
    is_purged_and_leaves_nothing(package, before)
    measure("a package's life in a booted systemd", f"{time.monotonic() - began:.0f} s")


def brings_a_call_by_the_page(package: Package) -> None:
    install, apply = (block.replace("sudo ", "") for block in blocks("sh"))
    assert len((install + apply).splitlines()) == 3
    [proxy], [settings] = blocks("text"), blocks("toml")
    assert len((proxy + settings).splitlines()) <= 10
    said = package.sh(install.replace("apt install", "apt-get install -y"))
    assert "removed" not in said
    assert package.machine.property(SERVICE, "ActiveState") == "active"
    root = package.machine.root
    # In the place of a public authority; the file of the page is what follows.
    (root / "etc/caddy/Caddyfile").write_text(f"{{\nlocal_certs\nskip_install_trust\n}}\n{proxy}")
    (root / "etc/trio-sfu/trio-sfu.toml").write_text(settings.replace("192.0.2.1", ADDRESS))
    package.sh(apply)
    assert package.machine.property(SERVICE, "ActiveState") == "active"
    eventually((root / CADDY).exists, within=60, why="the proxy's certificate")
    package.call()
    assert package.sh("curl -so /dev/null -w '%{http_code}' 127.0.0.1:8080/metrics") == "200"
    asking = f"curl -so /dev/null -w '%{{http_code}}' --cacert /{CADDY} https://{NAME}"
    assert package.sh(f"{asking}/metrics") == "404"
    assert package.sh(f"{asking}/api/v1/rooms") == "401"


def is_upgraded_under_a_call(package: Package, measure: Callable[[str, str], None]) -> None:
    root = package.machine.root
    settings = root / "etc/trio-sfu/trio-sfu.toml"
    settings.write_text(f"{settings.read_text()}[drain]\ndeadline = 1\n")
    package.sh("systemctl reload trio-sfu")
    kept = {each.name: each.read_bytes() for each in settings.parent.iterdir()}
    state = root / "var/lib/private/trio-sfu/of-the-daemon"
    state.write_text("kept")
    process = package.machine.property(SERVICE, "MainPID")
    with package.in_call() as gaps:
        package.sh(f"apt-get install -y ./trio-sfu_{LATER}_*.deb")
        assert package.sh("dpkg-query -W -f '${Version} ${Status}' trio-sfu") == (
            f"{LATER} install ok installed"
        )
        assert package.machine.property(SERVICE, "ActiveState") == "active"
        assert package.machine.property(SERVICE, "MainPID") != process
        time.sleep(3)  # For pictures to come again: what is looked at is how long they did not.
    assert {each.name: each.read_bytes() for each in settings.parent.iterdir()} == kept
    assert state.read_text() == "kept"
    measure("the longest without a picture in an upgrade of the package", f"{gaps[0]} s")


def is_removed_and_keeps_what_is_its_owners(package: Package) -> None:
    package.sh("apt-get remove -y trio-sfu")
    assert units(package) == ""
    root = package.machine.root
    assert not (root / "usr/lib/trio-sfu").exists()
    assert not (root / "usr/bin/trio-sfu").exists()
    assert f'addresses = ["{ADDRESS}"]' in (root / "etc/trio-sfu/trio-sfu.toml").read_text()
    assert (root / "etc/trio-sfu/operator-token").exists()
    assert (root / "var/lib/private/trio-sfu/of-the-daemon").exists()


def comes_back_with_it(package: Package) -> None:
    package.sh(f"apt-get install -y ./trio-sfu_{LATER}_*.deb")
    assert package.machine.property(SERVICE, "ActiveState") == "active"
    assert f"ListenDatagram={ADDRESS}:7882" in package.sh("systemctl cat trio-sfu-media.socket")


def is_purged_and_leaves_nothing(package: Package, before: str) -> None:
    package.sh("apt-get purge -y trio-sfu; systemctl stop caddy")
    assert package.leftovers() == []
    assert units(package) == ""
    assert listening(package) == before
    assert "trio-sfu" not in package.sh("getent passwd; getent group; ps ax -o args=")


def units(package: Package) -> str:
    return package.sh("systemctl list-units --all --plain --no-legend 'trio-sfu*'")


def listening(package: Package) -> str:
    return package.sh("ss -Hlntu | awk '{print $1, $5}' | sort")
