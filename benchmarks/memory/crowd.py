"""``python -m benchmarks.memory.crowd URL ROOM PEERS PAIRS``: so many people in a room.

Says ``here`` when all are connected, and leaves when its standard input ends.
"""

import os
import sys
from contextlib import AsyncExitStack

import trio

from trio_sfu.client import connect


async def crowd(url: str, room: str, peers: int, pairs: int) -> None:
    """Join one after the other, and stay until standard input ends."""
    async with AsyncExitStack() as stack:
        for number in range(peers):
            joining = connect(url, room=room, name=f"n{number}", pairs=pairs)
            await stack.enter_async_context(joining)
        sys.stdout.write("here\n")
        sys.stdout.flush()
        async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as until_closed:
            async for _ in until_closed:
                pass


if __name__ == "__main__":
    trio.run(crowd, sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
