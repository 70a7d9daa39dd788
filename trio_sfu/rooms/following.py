"""What a peer's connection reports, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_sfu.events import IceRestarted, PeerConnected
from trio_sfu.rooms.media_steps import MediaSteps
from trio_sfu.rooms.presence import reason_of
from trio_sfu.signaling.messages import SlotShows
from trio_sfu.webrtc import events as media

if TYPE_CHECKING:
    from trio_sfu.ids import PeerId
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.signaling.carried import Source
    from trio_sfu.webrtc.peer_connection import PeerConnection


async def follow_media(peer: Peer, pc: PeerConnection) -> None:
    """Follow the connection's events until the peer ends."""
    watched = MediaSteps(peer.timeline)
    async for event in pc.events:
        watched.note(event)
        _follow(peer, event)


def _follow(peer: Peer, event: media.PeerConnectionEvent) -> None:
    match event:
        case media.Connected():
            _connected(peer)
        case media.Silent() | media.Heard():
            _heard(peer, heard=isinstance(event, media.Heard))
        case media.Failed(code=code, failure=failure):
            peer.leave(reason_of(code), code, failure=failure)
        case media.IceRestarted():
            peer.room.journal.note(IceRestarted(peer.room.id, peer.id))
        case media.EncodingStarted() | media.EncodingIdle() | media.EncodingStopped():
            _encoding(peer, event)
        case media.LayersMeasured(source=source):
            if (track := peer.up_track(source)) is not None:
                peer.room.planning.measured(peer.id, source, track.layers)
        case media.Estimate(bitrate=bitrate):
            peer.room.planning.estimated(peer.id, bitrate)
        case media.SlotShows() | media.Path():
            _pictures(peer, event)


def _pictures(peer: Peer, event: media.SlotShows | media.Path) -> None:
    if isinstance(event, media.Path):
        peer.screening.path_changed(peer.room.find_track)
    elif (source := _source_of(peer, event)) is not None:
        shown = SlotShows(mid=event.mid, peer=source[0], source=source[1], rid=event.rid)
        peer.screening.shows(shown)
        peer.room.planning.switched(peer.id)


def _source_of(peer: Peer, event: media.SlotShows) -> tuple[PeerId, Source] | None:
    """Return whose track a slot shows: mostly what it was to show, or else a former one."""
    mapped = peer.screening.mapped(event.mid)
    if mapped is not None:
        track = peer.room.find_track(mapped.peer, mapped.source)
        if track is not None and track.id == event.up_track_id:
            return mapped.peer, mapped.source
    return peer.room.find_source(event.up_track_id)


def _encoding(
    peer: Peer, event: media.EncodingStarted | media.EncodingIdle | media.EncodingStopped
) -> None:
    state, planning = peer.room.state, peer.room.planning
    match event:
        case media.EncodingStarted(source=source, rid=rid, codec=codec):
            state.start_encoding(peer.id, source, rid, codec)
            track = peer.up_track(source)
            if source == "camera" and track is not None:
                planning.offered(peer.id, track.rids)
        case media.EncodingStopped(source=source, rid=rid) if not (
            # What was told to stop goes on when somebody wants it.
            source == "camera" and rid in planning.tracks.dynacast.stopped(peer.id)
        ):
            state.stop_encoding(peer.id, source, rid)
        case (
            media.EncodingIdle(source=source, rid=rid)
            | media.EncodingStopped(source=source, rid=rid)
        ):
            state.pause_encoding(peer.id, source, rid)
    planning.source(peer.id, source)


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
