"""What the signaling messages carry: named types, and the objects in their fields.

Their docstrings are those of the JSON Schema, the TypeScript types and ``docs/protocol.md``.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

# Python's $ also matches before a last line feed.
RoomName: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)")
]
DisplayName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Mid: TypeAlias = Annotated[str, Meta(min_length=1, max_length=16)]
Sdp: TypeAlias = Annotated[str, Meta(min_length=1, max_length=262_144)]
Source: TypeAlias = Literal["camera", "microphone", "screen", "screen-audio"]
Quality: TypeAlias = Literal["off", "low", "medium", "high"]
Kind: TypeAlias = Literal["audio", "video"]
VideoCodec: TypeAlias = Literal["vp8", "vp9", "h264", "av1"]
VideoLimit: TypeAlias = Literal["high", "medium", "low", "screens", "none"]
Connection: TypeAlias = Literal["connecting", "connected", "lost"]
LeaveReason: TypeAlias = Literal[
    "left", "gone", "timeout", "failed", "replaced", "removed", "moved", "room-closed"
]
Pixels: TypeAlias = Annotated[int, Meta(ge=0, le=16_384)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=3_600)]
Pause: TypeAlias = Literal["hidden", "bandwidth", "overload", "room", "unsupported", "not-sent"]
RequestId: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
PeerRef: TypeAlias = Annotated[str, Meta(max_length=64)]
ModerationCode: TypeAlias = Literal[
    "muted-by-moderator",
    "removed-by-moderator",
    "muted-by-operator",
    "hand-lowered-by-moderator",
    "screen-taken-over",
]
ModerationReason: TypeAlias = Annotated[str, Meta(max_length=200)]
# The page lets people write 2,000 characters; encrypted, they become as many as this.
ChatText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=8_100)]
Reaction: TypeAlias = Literal["thumbs-up", "clap", "heart", "laugh", "surprise", "celebrate"]


class TrackInfo(Struct, frozen=True, kw_only=True):
    """A track somebody publishes."""

    source: Source
    muted: bool = False


class PeerInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """A peer as the others see it.

    ``identity`` and ``metadata`` are what its join token says; null where there is none.
    ``encrypted``: it says that it encrypts what it sends end to end.
    """

    id: str
    name: str
    tracks: list[TrackInfo] = []
    connection: Connection = "connecting"
    identity: str | None = None
    metadata: str | None = None
    encrypted: bool = False


class Rights(Struct, frozen=True, kw_only=True):
    """What a peer may do: what is not named it may not.

    ``publish``: the sources it may send. ``subscribe``: see, hear and read the others.
    ``data``: write to the others, and react. ``moderate``: mute and remove others, lower
    their hands, lock the room. ``record`` is reserved: it is carried, and nothing asks for
    it yet.
    """

    publish: Annotated[list[Source], Meta(max_length=4)] = []
    subscribe: bool = False
    data: bool = False
    moderate: bool = False
    record: bool = False


class SendingLine(Struct, frozen=True, kw_only=True):
    """Which source a ``sendonly`` m-line of the offer carries."""

    mid: Mid
    source: Source


class SlotLine(Struct, frozen=True, kw_only=True):
    """A ``recvonly`` m-line of the offer. Lines of one ``pair`` share a msid (lip sync)."""

    mid: Mid
    kind: Kind
    pair: Annotated[int, Meta(ge=0, le=255)]


class SlotState(Struct, frozen=True, kw_only=True):
    """What a slot is mapped to. ``peer`` and ``source`` are null while it is dark."""

    mid: str
    peer: str | None = None
    source: Source | None = None


class Tile(Struct, frozen=True, kw_only=True):
    """How large a peer's stage video is on the client's screen, in device pixels.

    ``visible`` false: its tile is scrolled away or covered. ``pinned``: its viewer wants it
    before all others. A size of 0 by 0 is one that is not known.

    ``source`` "camera": the tile is another one, of the peer's camera beside its screen. It
    asks for a slot of its own while both are shared. It gets one that no stage is on, and
    video there when no stage waits for bits.
    """

    peer: Annotated[str, Meta(max_length=64)]
    width: Pixels = 0
    height: Pixels = 0
    visible: bool = True
    pinned: bool = False
    source: Literal["camera"] | None = None


class SlotLayer(Struct, frozen=True, kw_only=True):
    """What the server sends on a slot of video.

    ``rid``, ``spatial`` and ``temporal`` are the highest layer of it (``spatial``,
    ``temporal``: null is all there are; ``rid`` is null while nothing is sent), ``bitrate``
    what that costs in bits/s, ``width`` and ``height`` its size in pixels, 0 where they are
    not known. ``wanted`` is the encoding that the size of the tile asks for; one that is
    above ``rid`` is waited for or not affordable.

    ``paused`` says why nothing is sent: hidden (nobody looks, or the client prefers it
    off), bandwidth (the network does not carry it), overload (of the server), room (it has
    no such video), unsupported (the client cannot decode it), not-sent (its publisher sends
    nothing at the moment).
    ``loss`` is the share of the slot's packets that the client reports as lost, null
    where it is not known.
    """

    mid: str
    rid: str | None = None
    spatial: int | None = None
    temporal: int | None = None
    bitrate: int = 0
    width: int = 0
    height: int = 0
    wanted: str | None = None
    paused: Pause | None = None
    loss: float | None = None


class Speaker(Struct, frozen=True, kw_only=True):
    """Somebody who speaks, or did. ``speaking``: they do so now."""

    peer: str
    speaking: bool


class IceServer(Struct, frozen=True, kw_only=True):
    """An RTCIceServer (W3C webrtc-pc)."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class ChatMessage(Struct, frozen=True, kw_only=True):
    """What somebody has written to the room.

    ``number`` counts the room's messages from 1. ``peer`` wrote it and may have left since;
    ``name`` is what it was called. ``time`` is Unix time in seconds, by the server's clock.
    """

    number: int
    peer: str
    name: str
    time: float
    text: str


class PeerReaction(Struct, frozen=True, kw_only=True):
    """What somebody thinks of what is going on, for a moment."""

    peer: str
    reaction: Reaction
