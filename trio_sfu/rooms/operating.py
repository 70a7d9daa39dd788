"""What operators do to rooms and peers, and the record of it.

A moderator does some of it from inside a room (``moderation``); an operator is in none.
"""

from dataclasses import replace
from typing import Final

import trio

from trio_sfu.errors import RequestError
from trio_sfu.events import Moderation
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.rooms.inventory import PeerReport, RoomReport, report_peer, report_room
from trio_sfu.rooms.locking import set_lock
from trio_sfu.rooms.moderation import is_live, mute
from trio_sfu.rooms.options import RoomOptions
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.rights import change_rights
from trio_sfu.rooms.room import Room
from trio_sfu.signaling.carried import Rights, Source
from trio_sfu.signaling.messages import Moderated, Moved

_END_S: Final = 2.0


class Operating:
    """The operators' hands on the rooms. Each call notes what was done as a ``Moderation``.

    All raise RequestError with the code not-found, and with those that they name themselves.
    """

    def __init__(self, rooms: Registry) -> None:
        self._rooms = rooms

    def report(self) -> list[RoomReport]:
        """Return what is in all rooms."""
        return [report_room(room) for room in self._rooms.rooms.values()]

    def report_room(self, room: str) -> RoomReport:
        """Return what is in one room."""
        return report_room(self._room(room))

    def report_peer(self, room: str, peer: str) -> PeerReport:
        """Return what somebody is and does."""
        return report_peer(self._peer(room, peer))

    def create_room(self, room: str, options: RoomOptions) -> RoomReport:
        """Open a room; it exists until nobody has been in it for as long as it says.

        Raises RequestError with the codes of ``Registry.create``.
        """
        created = self._rooms.create(RoomId(room), options)
        self._note(Moderation("create-room", "operator", room))
        return report_room(created)

    def lock_room(self, room: str, *, locked: bool) -> None:
        """Let nobody new in who may not moderate, or everybody again."""
        found = self._room(room)
        if found.commons.locked == locked:
            return
        self._note(Moderation("lock" if locked else "unlock", "operator", found.id))
        set_lock(found, locked=locked)

    async def end_room(self, room: str) -> None:
        """End a room; its clients are told ``room-closed``. Returns within 2 s."""
        found = self._room(room)
        self._note(Moderation("close-room", "operator", found.id))
        found.end("room-closed")
        with trio.move_on_after(_END_S):
            await found.gone.wait()

    async def remove_peer(self, room: str, peer: str) -> None:
        """Remove somebody, whose client is told ``removed``. Returns within 2 s."""
        leaving = self._room(room).peers.get(PeerId(peer))
        if leaving is None:
            raise _no_peer()
        self._note(Moderation("remove", "operator", room, leaving.id))
        self._rooms.gate.bar(leaving.grant)
        leaving.leave("removed", "removed")
        await _gone(leaving)

    def mute_peer(self, room: str, peer: str, source: Source, reason: str = "") -> None:
        """Mute what somebody publishes, as a moderator does; nobody but they can unmute it.

        Raises RequestError: not-live.
        """
        found = self._peer(room, peer)
        if not is_live(found, source):
            raise RequestError(f"{source} is not published", code="not-live")
        self._note(Moderation("mute", "operator", room, found.id, source))
        told = Moderated(code="muted-by-operator", by="", name="", source=source, reason=reason)
        mute(found, told)

    async def move_peer(self, room: str, peer: str, to: str) -> None:
        """Move somebody to another room of this daemon: its client is told to join that.

        What it was granted counts there as well. Returns when it has left, within 2 s. Raises
        RequestError: same-room, not-movable, join-barred, and those of ``check_place``.
        """
        moving = self._peer(room, peer)
        if to == room:
            raise RequestError("the peer is in that room already", code="same-room")
        if not moving.link.follows:
            raise RequestError("its client speaks HTTP and cannot be told", code="not-movable")
        grant = replace(moving.grant, room=to, moved=True)
        if not self._rooms.gate.may_move(grant):
            raise RequestError("the peer was removed from that room", code="join-barred")
        self._rooms.check_place(RoomId(to))
        self._note(Moderation("move", "operator", room, moving.id))
        # It is what counts when its client comes back with the secret of its session.
        moving.grant = grant
        if moving.rights_changed:
            self._rooms.gate.amend(grant)
        moving.link.send(Moved(room=to))
        moving.leave("moved", "moved")
        await _gone(moving)

    async def change_rights(self, room: str, peer: str, rights: Rights) -> None:
        """Give somebody other rights; what it publishes without one ends."""
        found = self._peer(room, peer)
        self._note(Moderation("change-rights", "operator", room, found.id))
        self._rooms.gate.amend(replace(found.grant, rights=rights))
        await change_rights(found, rights)

    def _room(self, room: str) -> Room:
        found = self._rooms.rooms.get(RoomId(room))
        if found is None:
            raise RequestError("there is no such room", code="not-found")
        return found

    def _peer(self, room: str, peer: str) -> Peer:
        found = self._room(room)
        member = found.peers.get(PeerId(peer))
        if member is None or member.leaving or member.id not in found.state.members:
            raise _no_peer()
        return member

    def _note(self, fact: Moderation) -> None:
        self._rooms.journal.note(fact)


def _no_peer() -> RequestError:
    return RequestError("there is no such peer in the room", code="not-found")


async def _gone(peer: Peer) -> None:
    with trio.move_on_after(_END_S):
        await peer.gone.wait()
