"""Other rights for a peer that is in its room already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_sfu.events import TrackUnpublished
from trio_sfu.rooms.commons import may_read
from trio_sfu.signaling.messages import RightsChanged

if TYPE_CHECKING:
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.signaling.carried import Rights


async def change_rights(peer: Peer, rights: Rights) -> None:
    """Give a peer other rights. What it publishes without one ends, and its client is told.

    In this order: its requests are checked by the new rights at once, nobody is shown the
    tracks that end, and then the engine has nothing of them any more.
    """
    could_read = may_read(peer.grant.rights)
    peer.grant = replace(peer.grant, rights=rights)
    peer.rights_changed = True
    peer.link.send(RightsChanged(rights=rights))
    if not could_read:
        for message in peer.room.commons.snapshot(rights):
            peer.link.send(message)
    _withdraw(peer)
    if not rights.subscribe:
        peer.view.lines = ()
        peer.screening.forget()
    peer.room.planning.viewer(peer.id)
    await peer.hold_to_rights()


def _withdraw(peer: Peer) -> None:
    room, publish = peer.room, peer.grant.rights.publish
    ended = [each for each in room.state.members[peer.id].published if each not in publish]
    for source in ended:
        room.state.withdraw(peer.id, source)
        if source == "microphone":
            room.listening.forget(peer.id)
        room.journal.note(TrackUnpublished(room.id, peer.id, source, reason="not-allowed"))
    if ended:
        room.update(peer.id)
