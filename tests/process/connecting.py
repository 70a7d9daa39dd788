"""Connects to a TCP port again and again, from many addresses, and means nothing by it.

    python -m tests.process.connecting PORT SECONDS

Of four connections two say nothing, one speaks HTTP, and one sends STUN that has no password,
without end. Prints how many were made, as JSON.
"""

import json
import secrets
import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress

SOURCES = [f"127.0.9.{number}" for number in range(1, 200)]
HELD = 900
"""Connections that are open at once."""
NONSENSE = (b"\0\x14\0\x01\0\0\x21\x12\xa4\x42" + secrets.token_bytes(12)) * 200

KINDS = {2: b"GET / HTTP/1.1\r\n\r\n", 3: NONSENSE}


def main() -> None:
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    held: deque[socket.socket] = deque()
    made, end = 0, time.monotonic() + seconds
    with selectors.DefaultSelector() as waiting:
        while time.monotonic() < end:
            one = socket.socket()
            one.setblocking(False)  # noqa: FBT003  (the standard library's)
            # Half of the silent ones are from one address, which has few places.
            one.bind((SOURCES[made % len(SOURCES) if made % 4 else 0], 0))
            one.connect_ex(("127.0.0.1", port))
            held.append(one)
            if made % 4 in KINDS:
                waiting.register(one, selectors.EVENT_WRITE, KINDS[made % 4])
            made += 1
            for key, _ in waiting.select(0):
                speak(waiting, key)
            if len(held) > HELD:
                oldest = held.popleft()
                with suppress(KeyError):
                    waiting.unregister(oldest)
                oldest.close()
    sys.stdout.write(json.dumps({"made": made, "seconds": seconds}))


def speak(waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    one = key.fileobj
    assert isinstance(one, socket.socket)
    try:
        one.send(key.data)
    except BlockingIOError:
        return
    except OSError:
        waiting.unregister(one)
        return
    if key.data != NONSENSE:
        waiting.unregister(one)


if __name__ == "__main__":
    main()
