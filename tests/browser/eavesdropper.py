"""Somebody who decodes whatever the server hands on: python -m tests.browser.eavesdropper.

Takes the daemon's URL, a room and how many seconds to listen. Writes, as JSON, for each
person by name: every pattern that was in a picture, and how many pictures there were.
"""

import json
import math
import sys

import trio

from tests.browser.patterns import COLOURS
from trio_sfu.client import connect
from trio_sfu.webrtc.reception import Picture

NEAR = 110
"""As far as a colour may lie from what it is taken for, as in seeing.js."""


def pattern_of(picture: Picture) -> str:
    """Return the colours of the picture's quarters, ``?`` for one that is none of ours."""
    letters = ""
    for seen in picture.corners():
        distance, letter = min((math.dist(seen, colour), key) for key, colour in COLOURS.items())
        letters += letter if distance < NEAR else "?"
    return letters


async def eavesdrop(url: str, room: str, seconds: float) -> dict[str, tuple[list[str], int]]:
    """Listen, and return what was seen of whom."""
    patterns: dict[str, set[str]] = {}
    pictures: dict[str, int] = {}
    async with (
        connect(url, room=room, name="eavesdropper") as client,
        trio.open_nursery() as nursery,
    ):
        nursery.cancel_scope.deadline = trio.current_time() + seconds

        async def watch(peer: str, name: str) -> None:
            async for picture in client.video(peer):
                patterns.setdefault(name, set()).add(pattern_of(picture))
                pictures[name] = picture.number

        for peer, info in client.peers.items():
            nursery.start_soon(watch, peer, info.name)
    return {name: (sorted(patterns[name]), pictures[name]) for name in patterns}


if __name__ == "__main__":
    address, place, limit = sys.argv[1:]
    json.dump(trio.run(eavesdrop, address, place, float(limit)), sys.stdout)
