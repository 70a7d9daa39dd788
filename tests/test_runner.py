"""``tools/test``, with programs in place of those that it runs."""

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.patience import eventually

ROOT = Path(__file__).parents[1]
LANES = ["process-1", "process-2", "others-1", "others-2", "browsers-patient"]
PARTS = ["browsers", *LANES, "alone", "virtual-time"]
STAND_IN = """\
#!/bin/bash
name=$(basename "${MEASUREMENTS_FILE:-$0}" .json)
name=${name#measurements-}
echo "said by $name"
echo "$*" >"$PLACE/called/$name"
if [[ $name == "$HANGING" || $HANGING == all ]]; then
    trap 'echo "$name" >>"$PLACE/ended"; exit 2' INT
    echo $$ >>"$PLACE/hanging"
    while :; do sleep 0.1; done
fi
[[ $name != "$FAILING" ]]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like this one."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for folder in ("native", "client", "called", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for program in ("cargo", "npm", "python"):
        stand_in = tmp_path / ".venv/bin" / program
        stand_in.write_text(STAND_IN)
        stand_in.chmod(0o755)
    # On a busy machine the idle class may wait for minutes.
    (tmp_path / ".venv/bin/chrt").symlink_to("/bin/true")
    return tmp_path


@contextmanager
def started(
    place: Path, *, failing: str = "", hanging: str = ""
) -> Iterator["subprocess.Popen[str]"]:
    path = f"{place / '.venv/bin'}:{os.environ['PATH']}"
    with subprocess.Popen(
        ["env", "--default-signal=INT", place / "tools/test"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={"PATH": path, "PLACE": str(place), "FAILING": failing, "HANGING": hanging},
    ) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)


def test_it_tells_how_each_part_ended(place: Path) -> None:
    with started(place) as running:
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 0, said
    assert "all 6 steps passed" in said
    for name in ("cargo", "npm", *PARTS):
        assert f"said by {name}\n" in said


@pytest.mark.parametrize("part", ["cargo", "npm", *PARTS])
def test_it_fails_when_any_part_fails(place: Path, part: str) -> None:
    with started(place, failing=part) as running:
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 1, said
    assert "1 of 6 steps failed" in said
    assert said.count("FAILED") == 1


def test_each_test_is_run_once(place: Path) -> None:
    with started(place) as running:
        running.communicate(timeout=60)
    beside: Counter[Path] = Counter()
    alone: Counter[Path] = Counter()
    for name in PARTS:
        words = (place / "called" / name).read_text().split()
        ignored = {Path(word.removeprefix("--ignore=")) for word in words if "--ignore=" in word}
        named = [Path(word) for word in words if word.startswith("tests/")]
        files = [file for each in named for file in files_of(each) if file not in ignored]
        (alone if name == "alone" else beside).update(files)
    everything = set(files_of(Path("tests")))
    assert beside == dict.fromkeys(everything, 1)
    marked = {file for file in everything if "pytest.mark.alone" in (ROOT / file).read_text()}
    assert alone == dict.fromkeys(marked, 1)


def files_of(place: Path) -> Iterator[Path]:
    found = [place] if place.suffix else (ROOT / place).rglob("test_*.py")
    return (file if file == place else file.relative_to(ROOT) for file in found)


@pytest.mark.parametrize("hanging", ["browsers", "process-2", "all"])
def test_ctrl_c_ends_all_of_it(place: Path, hanging: str) -> None:
    """A terminal sends it to the runner and what runs in front; the rest hears it of the runner."""
    with started(place, hanging=hanging) as running:
        hangs = place / "hanging"
        least = 2 if hanging == "all" else 1
        eventually(
            lambda: hangs.exists() and len(hangs.read_text().splitlines()) >= least,
            within=30,
            why="something to run",
        )
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode == 130
    ended = (place / "ended").read_text().splitlines()
    pids = hangs.read_text().splitlines()
    assert len(ended) == len(pids)
    assert not [pid for pid in pids if Path("/proc", pid).exists()]
