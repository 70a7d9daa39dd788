"""One screen at a time in a room: who shares one takes the place of who did before.

The later one wins, at the moment its client says so; whether its packets come is another matter.
A screen that is muted takes nobody's place, and is over when somebody shows another. Who was taken
over shares again when its user says so, whatever has become of the other screen and of its session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_sfu.events import TrackUnpublished
from trio_sfu.ids import PeerId
from trio_sfu.signaling.messages import Moderated, ScreenTakenOver

if TYPE_CHECKING:
    from trio_sfu.rooms.peer import Peer
    from trio_sfu.signaling.messages import Publish


def gives_way(peer: Peer, publish: Publish) -> bool:
    """Return whether what a client has only said again is over: somebody else has presented since.

    Its client is told then, for it may have been away when that one began.
    """
    if publish.source != "screen":
        return False
    room = peer.room
    told = room.absent.back(peer.replaces, trio.current_time())
    if not (publish.again and publish.live):
        return False
    found = next((each.id for each in room.state.others(peer.id) if each.presents), None)
    if found is not None:
        told = _by(room.peers[found])
    if told is None:
        return False
    _end(peer, told)
    return True


def take_over(peer: Peer) -> None:
    """End the screens of all others, if a peer presents now, and tell everybody."""
    room = peer.room
    if not room.state.members[peer.id].presents:
        return
    told = _by(peer)
    for member in room.state.others(peer.id):
        if "screen" in member.published:
            _end(room.peers[member.id], told)
            _tell(room.peers[member.id], peer)
    room.absent.take(room.id, told)


def leave(peer: Peer) -> None:
    """Note what has become of the screen of a peer that goes, and may come back."""
    room, now = peer.room, trio.current_time()
    member = room.state.members.get(peer.id)
    if member is None:
        return
    if "screen" in member.published or member.displaced is not None:
        room.absent.leave(peer.resume_token, room.id, now, member.displaced)
    else:
        room.absent.go_on(peer.replaces, peer.resume_token, now)


def tell_again(peer: Peer) -> None:
    """Tell a client that is back who took its place, if it may not know."""
    told = peer.room.state.members[peer.id].displaced
    if told is not None:
        peer.link.send(told)


def _by(presenter: Peer) -> Moderated:
    return Moderated(
        code="screen-taken-over", by=presenter.id, name=presenter.name, source="screen"
    )


def _end(former: Peer, told: Moderated) -> None:
    room, by = former.room, PeerId(told.by)
    room.news.introduce({by})
    ended = room.state.displace(former.id, told)
    former.link.send(told)
    for source in ended:
        room.journal.note(TrackUnpublished(room.id, former.id, source, reason="taken-over", by=by))
    if ended:
        room.update(former.id)


def _tell(former: Peer, presenter: Peer) -> None:
    room = former.room
    message = ScreenTakenOver(
        by=presenter.id, name=presenter.name, former=former.id, former_name=former.name
    )
    room.news.introduce({presenter.id, former.id})
    for peer in room.peers.values():
        if peer is not former and peer.id in room.state.members:
            peer.link.send(message)
