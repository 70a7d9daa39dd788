"""What a peer's connection reports, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_sfu.events import IceRestarted, PeerConnected
from trio_sfu.rooms.presence import reason_of
from trio_sfu.signaling.messages import SlotShows
from trio_sfu.webrtc import events as media

if TYPE_CHECKING:
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.webrtc.peer_connection import PeerConnection


async def follow_media(peer: Peer, pc: PeerConnection) -> None:
    """Follow the connection's events until the peer ends."""
    async for event in pc.events:
        _follow(peer, event)


def _follow(peer: Peer, event: media.PeerConnectionEvent) -> None:
    state = peer.room.state
    match event:
        case media.Connected():
            _connected(peer)
        case media.Silent() | media.Heard():
            _heard(peer, heard=isinstance(event, media.Heard))
        case media.Failed(code=code, failure=failure):
            peer.leave(reason_of(code), code, failure=failure)
        case media.IceRestarted():
            peer.room.journal.note(IceRestarted(peer.room.id, peer.id))
        case media.EncodingStarted(source=source, rid=rid, codec=codec):
            state.start_encoding(peer.id, source, rid, codec)
            peer.room.replan()
        case media.EncodingIdle(source=source, rid=rid):
            state.pause_encoding(peer.id, source, rid)
            peer.room.replan()
        case media.EncodingStopped(source=source, rid=rid):
            state.stop_encoding(peer.id, source, rid)
            peer.room.replan()
        case media.SlotShows(mid=mid, up_track_id=up_track, rid=rid):
            shown = peer.room.find_source(up_track)
            if shown is not None:
                peer.screening.shows(SlotShows(mid=mid, peer=shown[0], source=shown[1], rid=rid))


def _connected(peer: Peer) -> None:
    peer.presence.connected = True
    seconds = trio.current_time() - peer.joined_at
    peer.room.journal.note(PeerConnected(peer.room.id, peer.id, round(seconds, 3)))
    peer.connection_changed()


def _heard(peer: Peer, *, heard: bool) -> None:
    peer.presence.silent = not heard
    reason = peer.presence.verdict()
    if reason is not None:
        peer.leave(reason)
    else:
        peer.connection_changed()
