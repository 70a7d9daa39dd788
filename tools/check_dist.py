"""Check what ``make dist`` has made: the built page is inside, and nothing that should not be.

``python tools/check_dist.py FOLDER``
"""

import sys
import tarfile
import zipfile
from pathlib import Path

NEEDED = (
    "page/index.html",
    "http/operator_page/tree.js",
    "systemd/trio-sfu.service",
    "systemd/trio-sfu-media.socket",
    "py.typed",
    "_native.pyi",
    "rooms/room.py",
)
UNWANTED = ("node_modules/", "native/target/", "__pycache__/", ".venv/")


def names(path: Path) -> list[str]:
    """Return the names of the files in a wheel or an sdist."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.namelist()
    with tarfile.open(path) as sdist:
        return sdist.getnames()


def main() -> None:
    """Check every distribution in the folder."""
    paths = [*Path(sys.argv[1]).glob("*.whl"), *Path(sys.argv[1]).glob("*.tar.gz")]
    if len(paths) < 2:
        sys.exit("a wheel and an sdist were expected")
    for path in paths:
        inside = names(path)
        for needed in NEEDED:
            if not any(name.endswith(f"trio_sfu/{needed}") for name in inside):
                sys.exit(f"{path.name} has no {needed}")
        for unwanted in UNWANTED:
            if found := next((name for name in inside if unwanted in name), None):
                sys.exit(f"{path.name} has {found}")
        if path.suffix == ".whl" and not any("_native.abi3" in name for name in inside):
            sys.exit(f"{path.name} has no packet engine")
        print(f"{path.name}: {len(inside)} files")


if __name__ == "__main__":
    main()
