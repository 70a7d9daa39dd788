"""The flooder (native/crates/flood), and what a flood costs the daemon."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import trio

NATIVE = Path(__file__).resolve().parents[2] / "native"
SOURCE = "127.0.0.9"


@cache
def build_flooder() -> Path:
    """Build the flooder, which needs nothing but libc, and return its path."""
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "--locked", "--package", "trio-sfu-flood"],
        cwd=NATIVE,
        check=True,
        timeout=300,
    )
    target = Path(os.environ.get("CARGO_TARGET_DIR", NATIVE / "target"))
    return target / "release" / "trio-sfu-flood"


@dataclass(frozen=True)
class Flooded:
    """What was sent in how many seconds, and what the kernel did not take."""

    sent: int
    refused: int
    seconds: float


async def flood(port: int, *, rate: float, seconds: float, ufrags: list[str]) -> Flooded:
    """Flood a UDP port of 127.0.0.1 from another address, with garbage, STUN and ClientHellos.

    ``rate`` is datagrams a second; STUN for ``ufrags`` has a wrong password.
    """
    program = await trio.to_thread.run_sync(build_flooder)
    command = [str(program), f"127.0.0.1:{port}", "--from", SOURCE]
    command += ["--rate", str(rate), "--seconds", str(seconds)]
    command += [part for ufrag in ufrags for part in ("--ufrag", ufrag)]
    with trio.fail_after(seconds + 20):
        done = await trio.run_process(command, capture_stdout=True)
    return Flooded(**json.loads(done.stdout))


@dataclass(frozen=True)
class Cost:
    """CPU seconds of the packet engine's threads and of everything else; bytes of memory."""

    engine: float
    python: float
    memory: int


def cost_of(pid: int) -> Cost:
    """Return what a daemon has cost since its start."""
    process = psutil.Process(pid)
    engine = python = 0.0
    for thread in process.threads():
        seconds = thread.user_time + thread.system_time
        name = Path(f"/proc/{pid}/task/{thread.id}/comm").read_text().strip()
        if name.startswith("sfu-worker"):
            engine += seconds
        else:
            python += seconds
    return Cost(engine, python, process.memory_info().rss)
