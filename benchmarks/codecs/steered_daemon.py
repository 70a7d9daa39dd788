"""``python -m benchmarks.codecs.steered_daemon FILE``: ``trio-sfu serve``, told what to show.

FILE has a RID, a spatial and a temporal layer (null: all), as JSON: what every slot of video
shows from then on, whatever is on the viewers' screens and whatever their networks carry.
Publishers are not told to stop anything. Settings come from the environment.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

from trio_sfu import logging
from trio_sfu.config.load import load
from trio_sfu.daemon import Daemon
from trio_sfu.media.track import UpTrack
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.screening import Screening
from trio_sfu.serving import serve
from trio_sfu.signaling.messages import SendEncodings, ServerMessage
from trio_sfu.signaling.session import Session

INTERVAL: Final = 0.1
PLENTY: Final = 10_000_000
"""Bits/s: more than any of it costs, so that the network is found to carry it."""


def let_nobody_else_steer() -> None:
    """Leave slots and publishers to this program."""
    Screening._map = lambda *_ignored: None  # type: ignore[method-assign]
    Screening._ask_for = lambda *_ignored: None  # type: ignore[method-assign]
    send = Session.send

    def send_but(self: Session, message: ServerMessage) -> None:
        if not isinstance(message, SendEncodings):
            send(self, message)

    Session.send = send_but  # type: ignore[method-assign]


def camera(peers: list[Peer]) -> UpTrack | None:
    """Return the only camera that sends."""
    tracks = [peer.up_track("camera") for peer in peers]
    return next((each for each in tracks if each is not None and each.encodings), None)


def read(file: Path) -> list[Any] | None:
    """Return what FILE says, if it is there."""
    wish: list[Any] | None = json.loads(file.read_text()) if file.exists() else None
    return wish


async def steer(file: Path, daemon: Daemon) -> None:
    """Do what FILE says, until cancelled."""
    done: dict[tuple[str, str], Any] = {}
    while True:
        wish = read(file)
        for room in list(daemon.rooms.rooms.values()):
            peers = list(room.peers.values())
            track = camera(peers)
            for peer in peers:
                pc = peer._pc
                if track is None or wish is None or pc is None or peer.up_track("camera") is track:
                    continue
                rid, spatial, temporal = wish
                for slot in [each for each in pc.slots.values() if each.kind == "video"][:1]:
                    if done.get((peer.id, slot.mid)) != wish and rid in track.encodings:
                        if pc._transport is not None:
                            pc._transport.set_demand(PLENTY)
                        slot.show(track, rid)
                        slot.limit(spatial, temporal)
                        done[peer.id, slot.mid] = wish
        await trio.sleep(INTERVAL)


if __name__ == "__main__":
    settings = load(environment=os.environ)
    logging.configure(settings.log.level, settings.log.format)
    let_nobody_else_steer()
    sys.exit(0 if trio.run(serve, settings, partial(steer, Path(sys.argv[1]))) else 1)
