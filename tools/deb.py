"""Build a Debian package: ``python -m tools.deb WHEEL FOLDER``.

It has the wheel in it and the Python distributions that are installed here, whose versions are
those of ``requirements/runtime.txt``: nothing is fetched, neither now nor when it is installed.
So it is for the release of Debian whose Python is the one that runs this. ``tools/debian`` has its
parts.
"""

import argparse
import compileall
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from tools import bill
from tools.pin import ROOT, closure

PARTS: Final = ROOT / "tools" / "debian"
LIBRARY: Final = Path("usr/lib/trio-sfu")
SAMPLES: Final = Path("usr/share/trio-sfu/conf")
"""Not below DOCUMENTS: those are left out where somebody has dpkg save space."""
DOCUMENTS: Final = Path("usr/share/doc/trio-sfu")


def put_program(root: Path, wheel: Path) -> None:
    """Put what runs below ``root``: the wheel, what it needs, and the command."""
    library = root / LIBRARY
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(library)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in closure(project["dependencies"]):
        found = metadata.distribution(name)
        for path in found.files or ():
            if ".." in path.parts or path.suffix == ".pyc":
                continue  # A command in bin/, or what is compiled anew below.
            place = library / str(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(path.locate()), place)
    # As part of the package: nobody may write there later. Without times in it, for those change.
    compileall.compile_dir(
        str(library),
        quiet=1,
        workers=0,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=compileall.py_compile.PycInvalidationMode.UNCHECKED_HASH,  # type: ignore[attr-defined]
    )
    command = root / "usr/bin/trio-sfu"
    command.parent.mkdir(parents=True)
    shutil.copyfile(PARTS / "launcher", command)


def put_documents(root: Path) -> None:
    """Put what is read: the documentation, the samples, and what is inside."""
    documents = root / DOCUMENTS
    documents.mkdir(parents=True)
    for each in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        shutil.copyfile(each, documents / each.name)
    shutil.copytree(ROOT / "conf", root / SAMPLES)
    shutil.copyfile(PARTS / "copyright", documents / "copyright")
    components = [*bill.crates(), *bill.bundled(), *bill.distributions()]
    (documents / bill.BILL).write_text(bill.bill(components))
    (documents / bill.LICENSES).write_text(bill.licenses(components))


def control(root: Path, version: str) -> str:
    """Return the control file of what is below ``root``."""
    major, minor = sys.version_info[:2]
    return (
        (PARTS / "control")
        .read_text()
        .format(
            version=version,
            architecture=_run("dpkg", "--print-architecture").strip(),
            size=sum(each.stat().st_size for each in root.rglob("*") if each.is_file()) // 1024,
            python=f"{major}.{minor}",
            next_python=f"{major}.{minor + 1}",
            glibc=max(_glibc(root / LIBRARY), key=_number),
        )
    )


def _glibc(library: Path) -> Iterator[str]:
    """Yield the versions of glibc that the compiled files were linked for (PEP 600)."""
    for wheel in library.glob("*.dist-info/WHEEL"):
        yield from (f"2.{found}" for found in re.findall(r"manylinux_2_(\d+)_", wheel.read_text()))


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _close(root: Path) -> None:
    """Let all read, root alone write, and run what is a command."""
    for each in root.rglob("*"):
        command = each.is_dir() or each.parent.name in ("bin", "DEBIAN")
        each.chmod(0o755 if command and each.name != "control" else 0o644)
    root.chmod(0o755)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()  # noqa: S603


def fill(root: Path, wheel: Path) -> None:
    """Put everything below ``root`` that is the same in each version."""
    put_program(root, wheel)
    put_documents(root)


def build(root: Path, version: str, folder: Path, *, quick: bool = False) -> Path:
    """Make a package of what is below ``root``; ``quick``: without compressing it."""
    scripts = root / "DEBIAN"
    scripts.mkdir(exist_ok=True)
    (scripts / "control").write_text(control(root, version))
    for name in ("postinst", "prerm", "postrm"):
        shutil.copyfile(PARTS / name, scripts / name)
    _close(root)
    package = folder / f"trio-sfu_{version}_{_run('dpkg', '--print-architecture').strip()}.deb"
    # Debian 12 knows zstd, which takes a tenth of xz's time to pack and to unpack.
    compression = ["-Znone"] if quick else ["-Zzstd", "-z9"]
    _run("dpkg-deb", "--root-owner-group", *compression, "--build", str(root), str(package))
    return package


def main() -> None:
    """Build it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as root:
        fill(Path(root), given.wheel)
        package = build(Path(root), given.wheel.name.split("-")[1], given.folder)
    print(f"{package.name}: {package.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
