"""What an operator may make a room like."""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from trio_sfu.config.model import Rooms, Video
from trio_sfu.errors import RequestError
from trio_sfu.rooms.codecs import Preference, preference_of
from trio_sfu.signaling.carried import VideoCodec, VideoLimit

EMPTY_TIMEOUT: Final = 300.0

PeerCount: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds: TypeAlias = Annotated[float, Meta(ge=1, le=86_400)]


class RoomOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a room that was created is like.

    ``max_peers``: of `rooms.max_peers` at most, which is what counts without it. ``codecs``:
    the video codecs that are preferred, for screens too, the best first; the others of
    `video.codecs` follow.
    ``svc``: whether those with spatial layers use them. ``video``: the most video that is sent
    to anybody. ``empty_timeout``: seconds that it exists without anybody in it.
    """

    max_peers: PeerCount | None = None
    codecs: Annotated[list[VideoCodec], Meta(max_length=4)] = []
    svc: bool | None = None
    video: VideoLimit = "high"
    empty_timeout: Seconds = EMPTY_TIMEOUT


def check_options(options: RoomOptions, rooms: Rooms, video: Video) -> None:
    """Raise RequestError (option-refused) when the settings do not allow it."""
    if options.max_peers is not None and options.max_peers > rooms.max_peers:
        _refuse(f"max_peers may be {rooms.max_peers} at most (rooms.max_peers)")
    if len(set(options.codecs)) < len(options.codecs):
        _refuse("codecs names a codec twice")
    if absent := [codec for codec in options.codecs if codec not in video.codecs]:
        _refuse(f"codecs: {absent[0]} is not in video.codecs: {', '.join(video.codecs)}")


def preference_with(room: str, options: RoomOptions | None, settings: Video) -> Preference:
    """Return the codecs of a room, by its options where it has any."""
    usual = preference_of(room, settings)
    if options is None:
        return usual
    rest = [codec for codec in usual.codecs if codec not in options.codecs]
    svc = usual.svc if options.svc is None else options.svc
    return Preference([*options.codecs, *rest], svc, () if options.codecs else usual.screens)


def _refuse(message: str) -> None:
    raise RequestError(message, code="option-refused")
