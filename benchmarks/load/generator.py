"""The load generator: its program, its plan and what it says."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from benchmarks.load.crowd import Crowd
from benchmarks.load.workloads import TRACES, Workload

_NATIVE: Final = Path(__file__).parents[2] / "native"


class GeneratorError(Exception):
    """The generator is not there, or has ended too early."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long is measured, in seconds."""

    rounds: int
    first_warm_up: float
    warm_up: float
    measured: float


class Window(msgspec.Struct, frozen=True):
    """What was measured of one forwarder, once. See ``drive/window.rs``."""

    group: str
    seconds: float
    round: int
    peers: int
    expected: int
    received: int
    bytes: int
    messages: int
    lost: int
    checked: int
    wrong: int
    missing: int
    disordered: int
    besides: int
    nacks: int
    wishes: int
    unmet: int
    unclean: int
    late_ns: int
    stalled_ns: int
    cpu_ns: int
    user_ticks: int
    system_ticks: int
    switches: int
    resident: int
    generator_cpu_ns: int
    latency_ns: list[tuple[float, int]]
    change_ns: list[int]


def build(*, release: bool = True) -> Path:
    """Build the generator's program, if it is not; return its path. Raises GeneratorError.

    One that is not for release is built sooner, and good for seeing that it works.
    """
    cargo = shutil.which("cargo")
    if cargo is None:
        raise GeneratorError("the load generator needs Rust (cargo)")
    how = ["--release"] if release else []
    command = [cargo, "build", "--quiet", "--locked", "--package", "trio-sfu-bench", *how]
    if subprocess.run(command, cwd=_NATIVE, check=False).returncode:
        raise GeneratorError("the load generator could not be built")
    target = Path(os.environ.get("CARGO_TARGET_DIR", _NATIVE / "target"))
    return target / ("release" if release else "debug") / "trio-sfu-bench"


def plan(crowds: Sequence[Crowd], workload: Workload, timing: Timing, sample: int) -> str:
    """Return what the generator is to do."""
    return "\n".join(_plan(crowds, workload, timing, sample)) + "\n"


def _plan(
    crowds: Sequence[Crowd], workload: Workload, timing: Timing, sample: int
) -> Iterator[str]:
    yield (
        f"windows {timing.rounds} {timing.first_warm_up:.3f} {timing.warm_up:.3f}"
        f" {timing.measured:.3f}"
    )
    yield f"sample {sample}"
    for name in workload.traces():
        yield f"trace {name} {TRACES / f'{name}.txt'}"
    for crowd in crowds:
        yield from crowd.plan(workload.schedules, workload.change_every)


async def drive(
    program: Path, crowds: Sequence[Crowd], text: str, measuring: Callable[[str], object]
) -> list[Window]:
    """Hand over the clients' sockets, and return what was measured, in order.

    ``measuring`` is called with a forwarder's name when its measurement begins. Raises
    GeneratorError.
    """
    for crowd in crowds:
        crowd.release()
    by_name = {crowd.name: crowd for crowd in crowds}
    sockets = [peer.socket.fileno() for crowd in crowds for peer in crowd.peers]
    windows: list[Window] = []
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(_run, program, sockets)
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdin.send_all(text.encode())
        await process.stdin.aclose()
        async for line in _lines(process.stdout):
            said: dict[str, Any] = msgspec.json.decode(line)
            if "measuring" in said:
                measuring(said["measuring"])
            elif "wish" in said:
                by_name[said["wish"]].wish(said["peer"], said["track"])
            else:
                windows.append(msgspec.convert(said, Window))
    return windows


async def _run(
    program: Path, sockets: Sequence[int], *, task_status: trio.TaskStatus[trio.Process]
) -> None:
    command = [str(program), "drive"]
    process = await trio.lowlevel.open_process(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=tuple(sockets)
    )
    task_status.started(process)
    try:
        code = await process.wait()
    except trio.Cancelled:
        process.kill()
        raise
    if code != 0:
        raise GeneratorError(f"the load generator has ended with {code}")


async def _lines(stream: trio.abc.ReceiveStream) -> AsyncIterator[bytes]:
    rest = b""
    async for some in stream:
        *whole, rest = (rest + bytes(some)).split(b"\n")
        for line in whole:
            yield line
