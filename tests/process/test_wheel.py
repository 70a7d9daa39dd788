"""An installed wheel has the page in it and needs no Node."""

import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.process.daemon import free_ports
from tests.process.patience import eventually


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, apart from the source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_is_for_debian_12_and_later(wheel: Path) -> None:
    python, abi, system = wheel.stem.split("-")[2:]
    assert (python, abi) == ("cp311", "abi3")
    glibc = re.match(r"manylinux_2_(\d+)_", system)
    assert glibc is not None, "it says which glibc it needs"
    assert int(glibc[1]) <= 36, "Debian 12 has 2.36"


def test_the_wheel_serves_the_page(installed: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import trio_sfu;"
        "from trio_sfu.cli import main; print(trio_sfu.__file__, flush=True); main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", program, str(installed), "serve"],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            "PATH": "/nowhere",
            "TRIO_SFU_HTTP_PORT": str(port := free_ports()[0]),
            "TRIO_SFU_MEDIA_PORT": "0",
        },
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(str(installed))

        def page() -> bytes | None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    return bytes(answer.read())
            except OSError:
                return None

        body = eventually(page, within=20, why="the page")
        asset = body.partition(b"/assets/")[2].partition(b'"')[0].decode()
        assert asset, "the page was not built into the wheel"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/assets/{asset}") as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
