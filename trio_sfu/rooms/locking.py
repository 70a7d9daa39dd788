"""The lock of a room: while it is locked, nobody new is let in who may not unlock it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_sfu.ids import PeerId
from trio_sfu.signaling.messages import RoomLocked

if TYPE_CHECKING:
    from trio_sfu.rooms.surroundings import Surroundings


def set_lock(room: Surroundings, *, locked: bool, by: str = "", name: str = "") -> None:
    """Lock a room or unlock it, and tell everybody in it who did: ``by``, a peer id, ``name``.

    Both are empty where an operator did.
    """
    room.commons.lock = RoomLocked(locked=locked, by=by, name=name)
    room.news.introduce({PeerId(by)})
    for peer in room.peers.values():
        if peer.id in room.state.members:
            peer.link.send(room.commons.lock)
