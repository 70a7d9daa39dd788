"""Somebody who decodes whatever the server hands on: python -m tests.browser.eavesdropper.

Takes the daemon's URL, a room and how many seconds to listen, from when RTP of everybody's sound
and picture comes. Writes, as JSON, for each person by name what ``Overheard`` has.
"""

import json
import math
import sys
from dataclasses import asdict, dataclass, field

import trio

from tests.browser.patterns import COLOURS
from trio_sfu.client import Client, connect
from trio_sfu.webrtc.reception import Picture

NEAR = 110
"""As far as a colour may lie from what it is taken for, as in seeing.js."""
GIVE_UP = 20.0
"""Seconds until the last one's RTP has to come."""


@dataclass
class Overheard:
    """What came of somebody, and what a decoder made of it."""

    sounds: int = 0
    """RTP packets."""
    packets: int = 0
    """RTP packets of the picture."""
    pictures: int = 0
    patterns: set[str] = field(default_factory=set)
    """Every pattern that was in a picture."""


def pattern_of(picture: Picture) -> str:
    """Return the colours of the picture's quarters, ``?`` for one that is none of ours."""
    letters = ""
    for seen in picture.corners():
        distance, letter = min((math.dist(seen, colour), key) for key, colour in COLOURS.items())
        letters += letter if distance < NEAR else "?"
    return letters


async def packets(client: Client) -> dict[str, int]:
    """Return how many RTP packets have come on each line, by mid."""
    agent = client._agent

    async def count() -> dict[str, int]:
        return {
            transceiver.mid or "": report.packetsReceived
            for transceiver in agent._pc.getTransceivers()
            for report in (await transceiver.receiver.getStats()).values()
            if report.type == "inbound-rtp"
        }

    return await agent._bridge.call(count)


async def eavesdrop(url: str, room: str, seconds: float) -> dict[str, Overheard]:
    """Listen, and return what was overheard of whom."""
    async with (
        connect(url, room=room, name="eavesdropper") as client,
        trio.open_nursery() as nursery,
    ):
        overheard = {peer: Overheard() for peer in client.peers}

        async def watch(peer: str, of: Overheard) -> None:
            async for picture in client.video(peer):
                of.patterns.add(pattern_of(picture))
                of.pictures = picture.number

        for peer, of in overheard.items():
            nursery.start_soon(watch, peer, of)
        with trio.move_on_after(GIVE_UP):
            while not all(of.sounds and of.packets for of in overheard.values()):
                await trio.sleep(0.1)
                await note_packets(client, overheard)
        await trio.sleep(seconds)
        await note_packets(client, overheard)
        nursery.cancel_scope.cancel()
    return {info.name: overheard[peer] for peer, info in client.peers.items()}


async def note_packets(client: Client, overheard: dict[str, Overheard]) -> None:
    """Count what has come of whom."""
    came = await packets(client)
    for peer, of in overheard.items():
        sound, picture = client.state.slot_of(peer, "microphone"), client.state.stage_of(peer)
        of.sounds = came.get(sound or "", 0)
        of.packets = came.get(picture or "", 0)


if __name__ == "__main__":
    address, place, limit = sys.argv[1:]
    json.dump(
        {
            name: asdict(of)
            for name, of in trio.run(eavesdrop, address, place, float(limit)).items()
        },
        sys.stdout,
        default=sorted,
    )
