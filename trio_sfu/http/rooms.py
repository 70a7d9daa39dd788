"""The rooms, by `/api/v1/rooms`: listed, created, closed."""

from urllib.parse import quote

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from trio_sfu.http.bodies import read_json
from trio_sfu.http.operations import PREFIX, Operation, answer, done
from trio_sfu.rooms.inventory import PeerReport, RoomReport, TrackReport
from trio_sfu.rooms.operating import Operating
from trio_sfu.rooms.options import RoomOptions
from trio_sfu.signaling.carried import RoomName


class RoomList(Struct, frozen=True, kw_only=True):
    """All rooms."""

    rooms: list[RoomReport]


class NewRoom(RoomOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The room to create, with its options."""

    room: RoomName


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether somebody new is kept out of a room."""

    locked: bool


class PeerTracks(Struct, frozen=True, kw_only=True):
    """What one peer publishes."""

    peer: str
    tracks: list[TrackReport]


class RoomTracks(Struct, frozen=True, kw_only=True):
    """What the peers of a room publish; those that publish nothing are left out."""

    peers: list[PeerTracks]


CREATE_ERRORS = (
    "bad-request",
    "body-timeout",
    "body-too-large",
    "room-unavailable",
    "server-draining",
    "server-stopping",
    "too-many-rooms",
)


def room_operations(rooms: Operating) -> list[Operation]:
    """Return what can be done to rooms."""
    does = _Answers(rooms)
    one = "/rooms/{room}"
    return [
        Operation("GET", "/rooms", does.rooms, RoomList),
        Operation(
            "POST",
            "/rooms",
            does.create_room,
            RoomReport,
            status=201,
            body=NewRoom,
            errors=(*CREATE_ERRORS, "option-refused", "room-exists"),
        ),
        Operation("GET", one, does.room, RoomReport, errors=("not-found",)),
        Operation("DELETE", one, does.close_room, status=204, errors=("not-found",)),
        Operation(
            "PUT",
            f"{one}/lock",
            does.lock_room,
            status=204,
            body=Lock,
            errors=("not-found", "bad-request", "body-timeout", "body-too-large"),
        ),
        Operation("GET", f"{one}/tracks", does.room_tracks, RoomTracks, errors=("not-found",)),
    ]


def tracks_of(peer: PeerReport) -> PeerTracks:
    """Return a peer's tracks alone."""
    return PeerTracks(peer=peer.peer, tracks=peer.tracks)


class _Answers:
    def __init__(self, rooms: Operating) -> None:
        self._rooms = rooms

    async def rooms(self, _request: Request) -> Response:
        """List the rooms, with who is in them and what they publish."""
        return answer(RoomList(rooms=self._rooms.report()))

    async def create_room(self, request: Request) -> Response:
        """Create a room, which exists until nobody has been in it for `empty_timeout` seconds."""
        asked = await read_json(request, NewRoom)
        options = msgspec.convert(asked, RoomOptions, from_attributes=True)
        made = self._rooms.create_room(asked.room, options)
        where = f"{PREFIX}/rooms/{quote(asked.room, safe='')}"
        return answer(made, 201, {"location": where})

    async def room(self, request: Request) -> Response:
        """Show one room."""
        return answer(self._rooms.report_room(request.path_params["room"]))

    async def close_room(self, request: Request) -> Response:
        """Close a room; its peers are told `room-closed`, and do not come back by themselves."""
        await self._rooms.end_room(request.path_params["room"])
        return done()

    async def lock_room(self, request: Request) -> Response:
        """Lock a room, or unlock it: only who may moderate gets into a locked one."""
        asked = await read_json(request, Lock)
        self._rooms.lock_room(request.path_params["room"], locked=asked.locked)
        return done()

    async def room_tracks(self, request: Request) -> Response:
        """List what is published in a room."""
        room = self._rooms.report_room(request.path_params["room"])
        return answer(RoomTracks(peers=[tracks_of(peer) for peer in room.peers if peer.tracks]))
