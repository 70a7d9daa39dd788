"""A machine that boots: systemd in a container, over the root of this one.

What runs inside writes to an overlay that is thrown away. It shares the network, so that a test
reaches the daemon at 127.0.0.1, or is put into one of the test's own. The program is this source
tree, run by the system's Python, where a service's own user can reach it.
"""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.network import Network
from tests.process.patience import eventually

ROOT = Path(__file__).parents[2]
PROGRAM = "/opt/trio-sfu/bin/trio-sfu"
_PYTHON = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
_NAMESPACES = ("-m", "-u", "-i", "-n", "-p", "-C")
_SCRIPT = f"""\
#!{_PYTHON}
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/opt/trio-sfu/lib", "/opt/trio-sfu/site"]
from trio_sfu.cli import main
main()
"""


def why_not() -> str | None:
    """Say what this machine lacks to boot one."""
    if os.geteuid() != 0:
        return "needs root"
    for command in ("systemd-nspawn", "nsenter", "dbus-daemon"):
        if shutil.which(command) is None:
            return f"needs {command}"
    if not _PYTHON.exists():
        return f"needs {_PYTHON}, which a service's own user can run"
    if not Path("/lib/systemd/systemd").exists():
        return "needs systemd"
    return None


class Machine:
    """A machine that has booted."""

    def __init__(self, root: Path, process: "subprocess.Popen[bytes]") -> None:
        self.root = root
        """Where its files are; what is written here is seen inside."""
        self._process = process
        self._first = 0

    def run(self, *command: str, check: bool = True, within: float = 60) -> str:
        """Run a command inside; return what it says on both outputs."""
        ended = subprocess.run(
            self.entering(*command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=within,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_PAGER": ""},
        )
        assert ended.returncode == 0 or not check, f"{command}: {ended.stdout}"
        return ended.stdout

    def entering(self, *command: str) -> list[str]:
        """Return the command that runs one inside."""
        return ["nsenter", "-t", str(self._first), *_NAMESPACES, "--", *command]

    def property(self, unit: str, name: str) -> str:
        """Return what systemd says of a unit."""
        return self.run("systemctl", "show", unit, "-p", name, "--value").strip()

    def process(self, unit: str) -> int:
        """Return the unit's main process, by its number out here."""
        inside = self.property(unit, "MainPID")
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                lines = status.read_text().splitlines()
            except OSError:
                continue  # It has ended meanwhile.
            numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid")), [])
            if len(numbers) == 2 and numbers[1] == inside and self._is_ours(status.parent):
                return int(numbers[0])
        raise LookupError(unit)

    def journal(self, unit: str) -> str:
        """Return what the unit has logged."""
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit)

    def boot(self) -> None:
        """Return when it has come up."""
        eventually(self._up, within=60, why="the machine to come up", every=0.2)

    def _find(self) -> bool:
        # Another one comes first, which sets the machine up.
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        found = children.read_text().split()
        self._first = int(found[0]) if found else 0
        return bool(found)

    def _up(self) -> bool:
        if not self._find():
            return False
        try:
            said = self.run("systemctl", "is-active", "basic.target", check=False)
        except subprocess.TimeoutExpired:
            return False
        return said.strip() == "active"

    def _is_ours(self, process: Path) -> bool:
        ours = Path(f"/proc/{self._first}/ns/pid")
        return (process / "ns/pid").readlink() == ours.readlink()


@contextmanager
def booted(folder: Path, log: Path, network: Network | None = None) -> Iterator[Machine]:
    """Boot a machine, in ``network``; its console goes to ``log``."""
    root, upper, work = (folder / name for name in ("root", "upper", "work"))
    for each in (root, upper, work):
        each.mkdir()
    subprocess.run(
        [
            *("mount", "-t", "overlay", "overlay", "-o"),
            f"lowerdir=/,upperdir={upper},workdir={work}",
            str(root),
        ],
        check=True,
    )
    try:
        _prepare(root)
        with log.open("wb") as console:
            process = subprocess.Popen(
                [
                    *("systemd-nspawn", "-q", "-D", str(root), "--boot", "--register=no"),
                    *([f"--network-namespace-path=/run/netns/{network.name}"] if network else []),
                    *("--keep-unit", "--link-journal=no", "--resolv-conf=off", "--timezone=off"),
                    f"--bind-ro={sysconfig.get_path('platlib')}:/opt/trio-sfu/site",
                    f"--bind-ro={ROOT / 'trio_sfu'}:/opt/trio-sfu/lib/trio_sfu",
                    "systemd.unit=basic.target",
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
            try:
                machine = Machine(root, process)
                machine.boot()
                yield machine
            finally:
                _halt(process)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=False)


def _prepare(root: Path) -> None:
    for each in ("bin", "lib/trio_sfu", "site"):
        (root / "opt/trio-sfu" / each).mkdir(parents=True, exist_ok=True)
    script = root / PROGRAM.lstrip("/")
    script.write_text(_SCRIPT)
    script.chmod(0o755)
    (root / "etc/machine-id").unlink(missing_ok=True)
    (root / "etc/machine-id").touch()
    # What a container's image may have against services that start when they are installed.
    (root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
    # Those of this machine, which mean nothing there.
    (root / "etc/fstab").write_text("")


def _halt(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def skip_unless_it_boots() -> None:
    """Skip a test where no machine can be booted, saying why."""
    if reason := why_not():
        pytest.skip(f"a booted systemd {reason}")
