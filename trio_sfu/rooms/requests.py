"""What a peer's client asks for, one message after the other."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from trio_sfu.errors import RequestError
from trio_sfu.events import RequestRefused, TrackPublished, TrackUnpublished
from trio_sfu.ids import PeerId
from trio_sfu.rooms import presenters
from trio_sfu.rooms.conversing import converse
from trio_sfu.signaling import codes, messages

if TYPE_CHECKING:
    from trio_sfu.rooms.link import Link
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.webrtc.peer_connection import PeerConnection


async def serve_requests(peer: Peer, pc: PeerConnection) -> None:
    """Answer the client, session after session; after the last one the peer leaves."""
    while True:
        link = peer.link
        await _serve_session(peer, pc, link)
        if peer.link is not link:
            continue  # Resumed before the end of the old session was noticed.
        peer.presence.departure = link.departure
        reason = peer.presence.verdict()
        if reason is None:
            # The media goes on without a socket: the client may resume.
            with trio.move_on_after(peer.grace):
                await peer.resumed.wait()
                continue
            reason = "gone"
        peer.leave(reason)
        return


async def _serve_session(peer: Peer, pc: PeerConnection, link: Link) -> None:
    peer.resumed = trio.Event()
    with suppress(trio.EndOfChannel):
        while True:
            await _serve(peer, pc, await link.receive())


async def _serve(peer: Peer, pc: PeerConnection, message: messages.ClientMessage) -> None:
    try:
        match message:
            case messages.Offer():
                await _offer(peer, pc, message)
            case messages.Publish():
                _publish(peer, message)
            case messages.Prefer() | messages.View() | messages.Experience():
                _heed(peer, message)
            case messages.Ping():
                peer.link.send(messages.Pong(id=message.id))
            case messages.Leave():
                peer.leave("left")
            case messages.Join() | messages.Resume():
                peer.leave("failed", "already-joined")
            case messages.Candidate():
                pass  # ICE-lite learns addresses from the checks (RFC 8445, section 2.5).
            case _:
                converse(peer, message)
    except RequestError as refused:
        peer.room.journal.note(RequestRefused(peer.room.id, peer.id, refused.code))
        peer.link.send(codes.refusal(refused.code, str(refused), getattr(message, "id", None)))


async def _offer(peer: Peer, pc: PeerConnection, offer: messages.Offer) -> None:
    answer = await pc.negotiate(offer)
    peer.link.send(messages.Answer(id=offer.id, sdp=answer))
    peer.view.lines = offer.slots if peer.grant.rights.subscribe else ()
    peer.view.expect_estimate(measured=pc.is_measured)
    peer.room.negotiated(peer.id, pc.decodes, pc.encodes)
    _listen(peer)
    peer.room.planning.viewer(peer.id)


def _listen(peer: Peer) -> None:
    microphone = peer.up_track("microphone")
    if microphone is not None and "microphone" not in peer.room.state.members[peer.id].silenced:
        peer.room.listening.listen(peer.id, microphone)


def _publish(peer: Peer, publish: messages.Publish) -> None:
    if publish.live and publish.source not in peer.grant.rights.publish:
        raise RequestError(
            f"the token does not give the right to publish {publish.source}", code="publish-denied"
        )
    if peer.up_track(publish.source) is None:
        raise RequestError(f"no offer has had a line for {publish.source}", code="not-negotiated")
    if presenters.gives_way(peer, publish):
        return
    published = peer.room.state.members[peer.id].published
    was_live = publish.source in published
    if peer.room.state.publish(peer.id, publish.source, live=publish.live, muted=publish.muted):
        # Before it is told of: nobody ever knows of two screens.
        presenters.take_over(peer)
        peer.room.update(peer.id)
    if publish.source == "microphone":
        _listen(peer)
    is_live = publish.source in published
    if is_live != was_live:
        kind = TrackPublished if is_live else TrackUnpublished
        peer.room.journal.note(kind(peer.room.id, peer.id, publish.source))


def _heed(peer: Peer, said: messages.Prefer | messages.View | messages.Experience) -> None:
    """Take what a client says of itself as a viewer."""
    match said:
        # A preference for somebody who has just left is nobody's fault.
        case messages.Prefer() if said.peer in peer.room.state.members:
            peer.view.attention.prefer(PeerId(said.peer), said.quality)
            peer.room.planning.attention(peer.id)
        case messages.View():
            if peer.view.attention.see(said):
                peer.room.planning.viewer(peer.id)
            else:
                peer.room.planning.attention(peer.id)
        case messages.Experience():
            peer.room.quality.hear(said)
