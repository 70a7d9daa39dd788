"""The peers of a room, by `/api/v1/rooms/{room}/peers`."""

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from trio_sfu.access.claims import ClaimedRights
from trio_sfu.http.bodies import read_json
from trio_sfu.http.operations import Operation, answer, done
from trio_sfu.http.rooms import CREATE_ERRORS, PeerTracks, tracks_of
from trio_sfu.rooms.inventory import PeerReport
from trio_sfu.rooms.operating import Operating
from trio_sfu.signaling.carried import ModerationReason, Rights, RoomName, Source

_BODY = ("bad-request", "body-timeout", "body-too-large", "not-found")


class PeerList(Struct, frozen=True, kw_only=True):
    """The peers of a room."""

    peers: list[PeerReport]


class Mute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to mute, and what its publisher is told why."""

    source: Source
    reason: ModerationReason = ""


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to move somebody."""

    room: RoomName


def peer_operations(rooms: Operating) -> list[Operation]:
    """Return what can be done to peers."""
    does = _Answers(rooms)
    one = "/rooms/{room}/peers/{peer}"
    absent = ("not-found",)
    return [
        Operation("GET", "/rooms/{room}/peers", does.peers, PeerList, errors=absent),
        Operation("GET", one, does.peer, PeerReport, errors=absent),
        Operation("DELETE", one, does.remove_peer, status=204, errors=absent),
        Operation("GET", f"{one}/tracks", does.peer_tracks, PeerTracks, errors=absent),
        Operation(
            "POST",
            f"{one}/mute",
            does.mute_peer,
            status=204,
            body=Mute,
            errors=(*_BODY, "not-live"),
        ),
        Operation(
            "POST",
            f"{one}/move",
            does.move_peer,
            status=204,
            body=Move,
            errors=(
                *CREATE_ERRORS,
                "join-barred",
                "not-found",
                "not-movable",
                "room-full",
                "same-room",
            ),
        ),
        Operation(
            "PUT", f"{one}/rights", does.change_rights, Rights, body=ClaimedRights, errors=_BODY
        ),
    ]


class _Answers:
    def __init__(self, rooms: Operating) -> None:
        self._rooms = rooms

    async def peers(self, request: Request) -> Response:
        """List the peers of a room."""
        return answer(PeerList(peers=self._rooms.report_room(request.path_params["room"]).peers))

    async def peer(self, request: Request) -> Response:
        """Show one peer."""
        return answer(self._rooms.report_peer(*_of(request)))

    async def remove_peer(self, request: Request) -> Response:
        """Remove a peer; it is told `removed`, and its older join tokens let nobody in again."""
        await self._rooms.remove_peer(*_of(request))
        return done()

    async def peer_tracks(self, request: Request) -> Response:
        """List what a peer publishes, with its encodings and what they take."""
        return answer(tracks_of(self._rooms.report_peer(*_of(request))))

    async def mute_peer(self, request: Request) -> Response:
        """Mute what a peer publishes. Nobody but itself can unmute it."""
        asked = await read_json(request, Mute)
        self._rooms.mute_peer(*_of(request), asked.source, asked.reason)
        return done()

    async def move_peer(self, request: Request) -> Response:
        """Move a peer to another room of this daemon; its client joins there by itself."""
        asked = await read_json(request, Move)
        await self._rooms.move_peer(*_of(request), asked.room)
        return done()

    async def change_rights(self, request: Request) -> Response:
        """Give a peer other rights, all of them; what it publishes without one ends."""
        asked = await read_json(request, ClaimedRights)
        rights = msgspec.convert(asked, Rights, from_attributes=True)
        await self._rooms.change_rights(*_of(request), rights)
        return answer(rights)


def _of(request: Request) -> tuple[str, str]:
    return request.path_params["room"], request.path_params["peer"]
