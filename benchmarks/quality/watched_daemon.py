"""``python -m benchmarks.quality.watched_daemon FILE``: ``trio-sfu serve`` that is watched.

Ten times a second the engine's numbers of every peer go into FILE, one JSON object a line.
Settings come from the environment.
"""

import json
import os
import sys
import time
from functools import partial
from io import TextIOBase
from pathlib import Path

import trio

from trio_sfu import logging
from trio_sfu.config.load import load
from trio_sfu.daemon import Daemon
from trio_sfu.serving import serve

INTERVAL = 0.1


async def watch(file: TextIOBase, daemon: Daemon) -> None:
    """Write down what the engine says of each peer, until cancelled."""
    while True:
        for room in list(daemon.rooms.rooms.values()):
            for peer in list(room.peers.values()):
                if numbers := peer.stats():
                    file.write(json.dumps({"at": time.time(), "peer": peer.name, **numbers}) + "\n")
        await trio.sleep(INTERVAL)


if __name__ == "__main__":
    settings = load(environment=os.environ)
    logging.configure(settings.log.level, settings.log.format)
    with Path(sys.argv[1]).open("w") as file:
        sys.exit(0 if trio.run(serve, settings, partial(watch, file)) else 1)
