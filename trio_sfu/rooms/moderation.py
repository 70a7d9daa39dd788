"""What a moderator, or an operator, does to others, and the record of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_sfu.errors import RequestError
from trio_sfu.events import Moderation
from trio_sfu.ids import PeerId
from trio_sfu.signaling.carried import Source
from trio_sfu.signaling.messages import Moderated, MutePeer, RemovePeer

if TYPE_CHECKING:
    from trio_sfu.rooms.peer import Peer


def moderate(moderator: Peer, request: MutePeer | RemovePeer) -> None:
    """Mute a source of somebody, or remove them. Nothing happens to a source that is not live.

    Raises RequestError: moderate-denied, unknown-peer.
    """
    peer = meant(moderator, request.peer)
    match request:
        case MutePeer():
            _mute(moderator, peer, request)
        case RemovePeer():
            _remove(moderator, peer, request)


def _mute(moderator: Peer, peer: Peer, request: MutePeer) -> None:
    room = moderator.room
    if not is_live(peer, request.source):
        return
    note(moderator, Moderation("mute", "moderator", room.id, peer.id, request.source))
    room.news.introduce({moderator.id})
    mute(
        peer,
        Moderated(
            code="muted-by-moderator",
            by=moderator.id,
            name=moderator.name,
            source=request.source,
            reason=request.reason,
        ),
    )


def is_live(peer: Peer, source: Source) -> bool:
    """Return whether somebody publishes a source."""
    return source in peer.room.state.members[peer.id].published


def mute(peer: Peer, told: Moderated) -> None:
    """Forward nothing more of a live source, until its client unmutes it, which is told why."""
    if told.source is not None:
        peer.room.silence(peer.id, told.source)
        peer.link.send(told)


def _remove(moderator: Peer, peer: Peer, request: RemovePeer) -> None:
    note(moderator, Moderation("remove", "moderator", moderator.room.id, peer.id))
    moderator.room.news.introduce({moderator.id})
    peer.link.send(
        Moderated(
            code="removed-by-moderator",
            by=moderator.id,
            name=moderator.name,
            reason=request.reason,
        )
    )
    moderator.room.bar(peer)
    peer.leave("removed", "removed-by-moderator")


def check_moderator(moderator: Peer) -> None:
    """Raise RequestError (moderate-denied) unless a peer may moderate."""
    if not moderator.grant.rights.moderate:
        raise RequestError("the token does not give the right to moderate", code="moderate-denied")


def meant(moderator: Peer, peer: str) -> Peer:
    """Return whom a moderator means. Raises RequestError: moderate-denied, unknown-peer."""
    check_moderator(moderator)
    found = moderator.room.peers.get(PeerId(peer))
    if found is None or found.id not in moderator.room.state.members:
        raise RequestError("there is no such peer in the room", code="unknown-peer")
    return found


def note(moderator: Peer, fact: Moderation) -> None:
    """Note what a moderator has done, and who that is."""
    identity = moderator.grant.identity or ""
    moderator.room.journal.note(replace(fact, identity=identity, moderator=moderator.id))
