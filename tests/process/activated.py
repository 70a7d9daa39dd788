"""Starts a program as systemd does by socket activation (sd_listen_fds(3)).

    python -m tests.process.activated NAME=DESCRIPTOR... -- PROGRAM ARGUMENT...

The descriptors are moved to 3 and up, LISTEN_PID is that of the program.
"""

import os
import sys

_FIRST = 3
_ASIDE = 200


def main() -> None:
    given, program = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    names, numbers = zip(*(each.split("=") for each in given), strict=True)
    # Aside first, or one would be overwritten before it is moved.
    for offset, number in enumerate(numbers):
        os.dup2(int(number), _ASIDE + offset)
    for offset in range(len(numbers)):
        os.dup2(_ASIDE + offset, _FIRST + offset)
        os.close(_ASIDE + offset)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(numbers))
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main()
