"""A network namespace of the benchmark's own, for Janus takes no loopback interface.

In it is an interface with an address of RFC 2544. What one process there sends to another at that
address passes through the kernel's loopback device, as it does on 127.0.0.1.
"""

import os
import subprocess
import sys
from typing import Final

LOOPBACK: Final = "127.0.0.1"
HOST: Final = "198.18.0.1"
_INSIDE: Final = "LOAD_BENCHMARK_NAMESPACE"
_SETUP: Final = (
    "ip link set lo up",
    "ip link add load0 type veth peer name load1",
    f"ip address add {HOST}/24 dev load0",
    "ip link set load1 up",
    "ip link set load0 up",
)


def enter(module: str) -> None:
    """Start this program anew in a namespace that ends with it, if it is in none yet (root)."""
    if os.environ.get(_INSIDE):
        for command in _SETUP:
            subprocess.run(command.split(), check=True)
        return
    os.environ[_INSIDE] = "1"
    again = ["unshare", "--net", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvp(again[0], again)  # noqa: S606 - the same program
