"""Fixtures of the tests with the daemon as a process."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def rubbish() -> Iterator[None]:
    """Have what a test has left unclosed be said in that test, not in a later one."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `make dist` would build; only what has changed is compiled."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        ["maturin", "build", "--quiet", "--release", "--locked", "--out", str(folder)],
        cwd=Path(__file__).parents[2],
        check=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    [found] = folder.glob("*.whl")
    return found
