"""What a peer's client says to the others in the room, or does to them as a moderator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_sfu.errors import RequestError
from trio_sfu.events import Moderation
from trio_sfu.rooms.chat import chat_bucket
from trio_sfu.rooms.commons import may_read
from trio_sfu.rooms.gestures import check_rate, gesture_bucket
from trio_sfu.rooms.locking import set_lock
from trio_sfu.rooms.moderation import check_moderator, meant, moderate, note
from trio_sfu.signaling.messages import (
    Chat,
    LockRoom,
    LowerHand,
    Moderated,
    MutePeer,
    RaiseHand,
    React,
    RemovePeer,
    SendChat,
)

if TYPE_CHECKING:
    from trio_sfu.rooms.peer import Peer

Said = SendChat | RaiseHand | React | MutePeer | RemovePeer | LowerHand | LockRoom


class Pace:
    """How fast one peer may write and gesticulate."""

    def __init__(self) -> None:
        self.chat = chat_bucket()
        self.gestures = gesture_bucket()


def converse(peer: Peer, said: Said) -> None:
    """Do what a client says.

    Raises RequestError: data-denied, chat-empty, chat-too-fast, gesture-too-fast,
    moderate-denied, unknown-peer.
    """
    match said:
        case SendChat():
            _chat(peer, said)
        case RaiseHand():
            check_rate(peer.pace.gestures, trio.current_time())
            _hand(peer, raised=said.raised)
        case React():
            _check_data(peer)
            check_rate(peer.pace.gestures, trio.current_time())
            peer.room.commons.gestures.react(peer.id, said.reaction)
            peer.room.commons.gesture()
        case MutePeer() | RemovePeer():
            moderate(peer, said)
        case LowerHand():
            _lower(peer, said)
        case LockRoom():
            _lock(peer, said)


def _chat(peer: Peer, said: SendChat) -> None:
    _check_data(peer)
    commons = peer.room.commons
    message = commons.chat.say(
        peer.id,
        peer.name,
        said.text,
        wall=commons.clock(),
        now=trio.current_time(),
        bucket=peer.pace.chat,
    )
    peer.room.news.introduce({peer.id})
    # In order, to who has said it as well: only the server knows what came before what.
    for other in peer.room.peers.values():
        if other.id in peer.room.state.members and may_read(other.grant.rights):
            other.link.send(Chat(message=message))


def _hand(peer: Peer, *, raised: bool) -> bool:
    commons = peer.room.commons
    changed = commons.gestures.raise_hand(peer.id, raised=raised)
    if changed:
        commons.gesture()
    return changed


def _lower(moderator: Peer, said: LowerHand) -> None:
    peer = meant(moderator, said.peer)
    if _hand(peer, raised=False) and peer is not moderator:
        note(moderator, Moderation("lower-hand", "moderator", moderator.room.id, peer.id))
        moderator.room.news.introduce({moderator.id})
        peer.link.send(
            Moderated(code="hand-lowered-by-moderator", by=moderator.id, name=moderator.name)
        )


def _lock(moderator: Peer, said: LockRoom) -> None:
    check_moderator(moderator)
    room = moderator.room
    if room.commons.locked == said.locked:
        return
    note(moderator, Moderation("lock" if said.locked else "unlock", "moderator", room.id))
    set_lock(room, locked=said.locked, by=moderator.id, name=moderator.name)


def _check_data(peer: Peer) -> None:
    if not peer.grant.rights.data:
        raise RequestError("the token does not give the right to write here", code="data-denied")
