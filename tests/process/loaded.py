"""A program that has loaded the daemon's modules, and starts daemons by fork.

To load them is most of a start: the better part of a second of a core, for each of hundreds of
tests. What follows is what ``trio-sfu serve`` does, in a process of its own. The program is
``python -m tests.process.loaded SOCKET``.
"""

import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, TypeAlias, TypedDict

ENOUGH = 1 << 20
"""Bytes that a request has at most; an environment is the largest part of it."""
_NETWORK = Path("/proc/thread-self/ns/net")


class Start(TypedDict):
    """What is asked of the program, with standard input, error and a network namespace."""

    arguments: list[str]
    """What follows ``trio-sfu``."""
    module: str
    """To be run instead of ``trio-sfu``, if any."""
    environment: dict[str, str]
    folder: str


class LoadedProcess:
    """A daemon of the program: what ``subprocess.Popen`` says and does, as far as tests ask."""

    def __init__(
        self, program: "Program", pid: int, stdin: IO[str] | None, stderr: IO[str]
    ) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stderr = stderr
        self.returncode: int | None = None
        self._program = program
        self._ended = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit code, once there is one."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; ``subprocess.TimeoutExpired`` after so many seconds."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("trio-sfu", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """``kill -9``."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            # Until it is asked for its exit code it stays, and its number is nobody else's.
            if not select.select([self._ended], [], [], seconds)[0]:
                return None
            self.returncode = self._program.reap(self.pid)
            os.close(self._ended)
        return self.returncode


Process: TypeAlias = "subprocess.Popen[str] | LoadedProcess"


class Program:
    """The program, as those see it who have daemons started."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, module: str = ""
    ) -> LoadedProcess:
        """Start a daemon in this thread's network; a ``module`` has a standard input."""
        request = Start(
            arguments=[*arguments],
            module=module,
            environment=dict(environment),
            folder=str(Path.cwd()),
        )
        with ExitStack() as passed:
            stdin, ours = os.pipe() if module else (os.open(os.devnull, os.O_RDONLY), None)
            passed.callback(os.close, stdin)
            said, stderr = os.pipe()
            passed.callback(os.close, stderr)
            network = os.open(_NETWORK, os.O_RDONLY)
            passed.callback(os.close, network)
            socket.send_fds(self._control, [json.dumps(request).encode()], [stdin, stderr, network])
            pid = int(self._control.recv(ENOUGH))
        return LoadedProcess(
            self, pid, None if ours is None else os.fdopen(ours, "w"), os.fdopen(said)
        )

    def reap(self, pid: int) -> int:
        """Return the exit code of one that has ended, or its signal's number with a minus."""
        self._control.send(json.dumps(pid).encode())
        return int(self._control.recv(ENOUGH))


@contextmanager
def loaded_program(environment: Mapping[str, str]) -> Iterator[Program]:
    """Start the program, and end it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with its:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.process.loaded", str(its.fileno())],
                pass_fds=[its.fileno()],
                env=environment,
            )
        try:
            yield Program(ours)
        finally:
            # It ends with the socket.
            ours.close()
            code = process.wait(20)
        assert code == 0


def _serve(control: socket.socket) -> Start | None:
    """Do what is asked; return in a new process, with what it is to be, or None at the end."""
    here = _NETWORK.stat().st_ino
    while True:
        message, files, _, _ = socket.recv_fds(control, ENOUGH, 3)
        if not message:
            return None
        request = json.loads(message)
        if isinstance(request, int):
            status = os.waitpid(request, 0)[1]
            control.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        pid = os.fork()
        if pid == 0:
            control.close()
            _become(request, *files, elsewhere=os.fstat(files[2]).st_ino != here)
            start: Start = request
            return start
        control.send(str(pid).encode())
        for each in files:
            os.close(each)


def _become(start: Start, stdin: int, stderr: int, network: int, *, elsewhere: bool) -> None:
    if elsewhere and ctypes.CDLL(None, use_errno=True).setns(network, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for file, number in ((stdin, 0), (nowhere, 1), (stderr, 2)):
        os.dup2(file, number)
    for file in (stdin, nowhere, stderr, network):
        os.close(file)
    os.environ.clear()
    os.environ.update(start["environment"])
    os.chdir(start["folder"])


def main() -> None:
    """Load, serve, and be a daemon when one is asked for."""
    # What `serve` imports when it begins; and of its own module, what it leaves until then.
    for name in ("serving", "log_output", "listeners.self_signed", "overload.descriptors"):
        import_module(f"trio_sfu.{name}")
    from trio_sfu import cli

    gc.collect()
    gc.freeze()
    start = _serve(socket.socket(fileno=int(sys.argv[1])))
    if start is None:
        return
    sys.argv = ["trio-sfu", *start["arguments"]]
    if start["module"]:
        runpy.run_module(start["module"], run_name="__main__")
    else:
        cli.main()


if __name__ == "__main__":
    main()
