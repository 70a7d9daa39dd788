"""Check what ``make dist`` and ``make deb`` have made: all that is needed is inside, and no more.

``python -m tools.check_dist FOLDER``
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from email.parser import Parser
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.bill import BILL, LICENSES, SHIPPED
from tools.pin import ROOT

NEEDED: Final = (
    "page/index.html",
    "http/operator_page/tree.js",
    "systemd/trio-sfu.service",
    "systemd/trio-sfu-media.socket",
    "py.typed",
    "_native.pyi",
    "rooms/room.py",
    LICENSES,
)
UNWANTED: Final = ("node_modules/", "native/target/", ".venv/")
GLIBC: Final = 36
"""Debian 12 has 2.36."""
CARGO: Final = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
MACHINE: Final = tuple(f"{each}/".encode() for each in (ROOT, sys.prefix, CARGO))
"""Folders of this machine. Those of who built the libraries of others are not ours to judge."""


def names(path: Path) -> list[str]:
    """Return the names of the files in a wheel, an sdist or a Debian package."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.namelist()
    if path.suffix == ".deb":
        listing = subprocess.run(["dpkg-deb", "-c", path], check=True, stdout=subprocess.PIPE)  # noqa: S603, S607
        return [line.split(maxsplit=5)[5] for line in listing.stdout.decode().splitlines()]
    with tarfile.open(path) as sdist:
        return sdist.getnames()


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each file in a wheel, an sdist or a Debian package, with its name."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
        return
    with ExitStack() as stack:
        if path.suffix == ".deb":
            files = stack.enter_context(tempfile.TemporaryFile())
            subprocess.run(["dpkg-deb", "--fsys-tarfile", path], check=True, stdout=files)  # noqa: S603, S607
            files.seek(0)
            archive = stack.enter_context(tarfile.open(fileobj=files))
        else:
            archive = stack.enter_context(tarfile.open(path))
        for each in archive:
            if (file := archive.extractfile(each)) is not None:
                yield each.name, file.read()


def check_wheel(path: Path) -> str:
    """Check what only a wheel has; return its bill."""
    python, abi, system = path.stem.split("-")[2:]
    glibc = re.match(r"manylinux_2_(\d+)_", system)
    if (python, abi) != ("cp311", "abi3") or glibc is None or int(glibc[1]) > GLIBC:
        sys.exit(f"{path.name} is not for each Python from 3.11 on and Debian 12")
    with zipfile.ZipFile(path) as wheel:
        inside = {
            name.partition("/")[2]: name for name in wheel.namelist() if ".dist-info/" in name
        }
        for needed in (f"sboms/{BILL}", "licenses/LICENSE", "METADATA"):
            if needed not in inside:
                sys.exit(f"{path.name} has no {needed}")
        about = Parser().parsestr(wheel.read(inside["METADATA"]).decode())
        bill = wheel.read(inside[f"sboms/{BILL}"]).decode()
        licenses = wheel.read(f"trio_sfu/{LICENSES}").decode()
    if not any("_native.abi3" in name for name in names(path)):
        sys.exit(f"{path.name} has no packet engine")
    requirements = [Requirement(text).name for text in about.get_all("Requires-Dist") or ()]
    check_bill(json.loads(bill), licenses, requirements)
    return bill


def check_bill(bill: dict[str, Any], licenses: str, requirements: list[str]) -> None:
    """Check that what is asked for and what is linked in is named, with its licence and text."""
    named = {component["name"]: component for component in bill["components"]}
    for name in ("pyo3", "aws-lc-sys", *map(canonicalize_name, requirements)):
        if name not in named:
            sys.exit(f"{BILL} does not have {name}")
    for name, component in named.items():
        if not component["licenses"][0]["expression"] or not component["version"]:
            sys.exit(f"{BILL} has no licence or no version of {name}")
        shipped = {each["name"]: each["value"] for each in component["properties"]}[SHIPPED]
        title = f"{name} {component['version']}: {component['licenses'][0]['expression']}\n"
        if shipped == "wheel" and title not in licenses:
            sys.exit(f"{LICENSES} has nothing of {name}")


def check_inside(path: Path) -> None:
    """Check what each kind has."""
    inside = names(path)
    for needed in NEEDED:
        if not any(name.endswith(f"trio_sfu/{needed}") for name in inside):
            sys.exit(f"{path.name} has no {needed}")
    unwanted = UNWANTED if path.suffix == ".deb" else (*UNWANTED, "__pycache__/")
    for each in unwanted:
        found = next((name for name in inside if each in name), None)
        if found is not None:
            sys.exit(f"{path.name} has {found}")
    for name, content in contents(path):
        for folder in MACHINE:
            if folder in content:
                sys.exit(f"{path.name}: {name} names a folder of this machine, {folder.decode()}")
    print(f"{path.name}: {len(inside)} files, {path.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Check every distribution in the folder."""
    folder = Path(sys.argv[1])
    wheels, sdists = list(folder.glob("*.whl")), list(folder.glob("*.tar.gz"))
    if not wheels or not sdists:
        sys.exit("a wheel and an sdist were expected")
    for path in (*wheels, *sdists, *folder.glob("*.deb")):
        check_inside(path)
    for path in wheels:
        if check_wheel(path) != (folder / BILL).read_text():
            sys.exit(f"{path.name} has another {BILL} than lies beside it")


if __name__ == "__main__":
    main()
