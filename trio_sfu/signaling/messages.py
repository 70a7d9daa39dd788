"""The signaling messages, version 1 (WebSocket subprotocol ``trio-sfu.v1``).

One JSON object a text frame, its ``type`` in kebab case. The JSON Schema, the
TypeScript types and ``docs/protocol.md`` are generated from this module: what a
docstring says here is what they say. Unknown fields are ignored; an unknown type,
a malformed or an oversized message is answered with a fatal ``error``.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from trio_sfu.signaling.carried import (
    ChatMessage,
    ChatText,
    DisplayName,
    IceServer,
    LeaveReason,
    Mid,
    ModerationCode,
    ModerationReason,
    PeerInfo,
    PeerReaction,
    PeerRef,
    Quality,
    Reaction,
    RequestId,
    Rights,
    RoomName,
    Sdp,
    Seconds,
    SendingLine,
    SlotLayer,
    SlotLine,
    SlotState,
    Source,
    Speaker,
    Tile,
    VideoCodec,
    VideoLimit,
)

SUBPROTOCOL = "trio-sfu.v1"
MAX_MESSAGE_BYTES = 320 * 1024
"""The longest message a client may send: an SDP of the greatest length, escaped."""


class _Message(Struct, frozen=True, tag_field="type", kw_only=True):
    pass


# ---- client to server --------------------------------------------------------------


class Join(_Message, frozen=True, tag="join"):
    """Enter a room; the first message of a session. Answered by ``joined``.

    ``replaces`` is the ``resumeToken`` of an earlier session of the same client:
    that session's peer, if it still exists, is removed first (reason ``replaced``).
    ``token`` is a join token (JWT, at most 4,096 characters), where the server asks for one;
    where it has a name, that counts and not ``name``. See ``docs/secure.md``.
    ``encrypted``: the client encrypts what it sends end to end (``docs/encryption.md``), so that
    the others are told; the server does nothing else about it.
    ``trial``: the client only tests its connection. It is let in as for the room, and into
    another one, which only those join who say the same of the same room; nobody else sees it,
    and it ends after two minutes (``trial-over``). The name of its room in ``joined`` has a
    slash. The token is not used up.
    """

    room: RoomName
    name: DisplayName
    token: str | None = None
    encrypted: bool = False
    trial: Annotated[str, Meta(min_length=16, max_length=64, pattern="^[A-Za-z0-9]*$")] | None = (
        None
    )
    replaces: Annotated[str, Meta(max_length=128)] | None = None


class Resume(_Message, frozen=True, tag="resume", rename="camel"):
    """Go on with a session whose socket was lost; the first message of a new socket.

    Answered by ``resumed`` while the peer still exists: its media, its slots and its id
    stay, and nobody else is told. Else by the fatal error ``resume-unknown``; the client
    then joins anew with ``replaces``.
    """

    resume_token: Annotated[str, Meta(max_length=128)]


class Offer(_Message, frozen=True, tag="offer"):
    """An SDP offer; the client always offers. Answered by ``answer`` with the same ``id``."""

    id: RequestId
    sdp: Sdp
    sending: list[SendingLine] = []
    slots: list[SlotLine] = []


class Candidate(_Message, frozen=True, tag="candidate"):
    """A trickled ICE candidate. The server is ICE-lite: it learns addresses from checks."""

    candidate: Annotated[str, Meta(max_length=1024)]
    mid: Mid | None = None


class Publish(_Message, frozen=True, tag="publish"):
    """Say what a negotiated sending m-line carries from now on.

    ``live`` false ends the track (``screen``: the others see the camera again).

    A room has one screen at a time: one that is live and not muted takes the place of that of
    another peer, whose client is told so (``moderated``), and everybody else
    (``screen-taken-over``). ``again``: it was said before, in a session or over a socket that was
    lost; then it takes nobody's place, and is over when another peer shares a screen by now, or
    has shared one meanwhile.
    """

    source: Source
    live: bool
    muted: bool = False
    again: bool = False


class Prefer(_Message, frozen=True, tag="prefer"):
    """The best quality the client can use of a peer's video (size of its tile)."""

    peer: str
    quality: Quality


class View(_Message, frozen=True, tag="view"):
    """What the client shows: the whole of it, in place of what it said before.

    A peer that is not in ``tiles`` is taken for shown, at a size that is not known.
    ``hidden``: the page cannot be seen at all, so that no video is sent. ``statistics``:
    somebody looks at figures: ``slot-state`` then comes every second.
    """

    tiles: Annotated[list[Tile], Meta(max_length=256)] = []
    hidden: bool = False
    statistics: bool = False


class Experience(_Message, frozen=True, tag="experience"):
    """How it was for the viewer since it last said so, in seconds; for the operator's metrics.

    ``watched``: pictures that were shown, all tiles together; ``frozen``: of that, pictures
    that stood still (W3C webrtc-stats, totalFreezesDuration). ``heard``: sound that was played;
    ``concealed``: of that, sound that the decoder had to make up, pauses aside.
    """

    watched: Seconds = 0.0
    frozen: Seconds = 0.0
    heard: Seconds = 0.0
    concealed: Seconds = 0.0


class MutePeer(_Message, frozen=True, tag="mute-peer"):
    """Mute what somebody publishes; the right ``moderate`` is needed.

    Nothing of it is forwarded until its client has said that it is muted and, after that,
    that it is not: only who was muted can unmute.
    """

    peer: PeerRef
    source: Source
    reason: ModerationReason = ""


class RemovePeer(_Message, frozen=True, tag="remove-peer"):
    """Remove somebody from the room; the right ``moderate`` is needed.

    Who came by a join token cannot come back to the room by a token made before.
    """

    peer: PeerRef
    reason: ModerationReason = ""


class SendChat(_Message, frozen=True, tag="send-chat"):
    """Write to the people in the room; the right ``data`` is needed.

    Everybody who may read it gets ``chat``, the client itself, too, in the same order. A
    refusal (data-denied, chat-empty, chat-too-fast) comes in that order as well. Five at once
    and one a second are let through.
    """

    text: ChatText


class RaiseHand(_Message, frozen=True, tag="raise-hand"):
    """Raise the client's hand, or lower it. Everybody is told by ``hands``."""

    raised: bool


class React(_Message, frozen=True, tag="react"):
    """Show the others what the client's user thinks; the right ``data`` is needed.

    It is told at once or not at all. Six gestures at once and two a second are let through,
    raised hands among them (gesture-too-fast).
    """

    reaction: Reaction


class LowerHand(_Message, frozen=True, tag="lower-hand"):
    """Lower somebody's hand; the right ``moderate`` is needed."""

    peer: PeerRef


class LockRoom(_Message, frozen=True, tag="lock-room"):
    """Let nobody new in, or everybody again; the right ``moderate`` is needed.

    Who is in the room stays, and comes back if its session is lost. Who may moderate comes in
    all the same. Others are refused (``room-locked``).
    """

    locked: bool


class Leave(_Message, frozen=True, tag="leave"):
    """Leave the room; the server closes the socket with 1000."""


class Ping(_Message, frozen=True, tag="ping"):
    """Is the server there? Answered by ``pong`` with the same ``id``."""

    id: RequestId


ClientMessage: TypeAlias = (
    Join
    | Resume
    | Offer
    | Candidate
    | Publish
    | Prefer
    | View
    | Experience
    | MutePeer
    | RemovePeer
    | SendChat
    | RaiseHand
    | React
    | LowerHand
    | LockRoom
    | Leave
    | Ping
)


# ---- server to client --------------------------------------------------------------


class Joined(_Message, frozen=True, tag="joined", rename="camel"):
    """The client is in the room. ``peers`` are the others.

    ``name`` is what they see it as, ``rights`` what it may do, as long as the session lives.
    """

    peer: str
    room: str
    resume_token: str
    peers: list[PeerInfo]
    ice_servers: list[IceServer] = []
    name: str = ""
    rights: Rights = Rights()


class Resumed(_Message, frozen=True, tag="resumed"):
    """The session goes on. ``peers`` are the others now; ``slots`` and ``slot-shows`` follow.

    What the old socket lost is lost: the client repeats what was not answered, and what
    it publishes and prefers.
    """

    peer: str
    room: str
    peers: list[PeerInfo]


class Answer(_Message, frozen=True, tag="answer"):
    """The SDP answer to the offer ``id``, all of the server's candidates in it."""

    id: int
    sdp: str


class PeerJoined(_Message, frozen=True, tag="peer-joined"):
    """Somebody entered the room."""

    peer: PeerInfo


class PeerUpdated(_Message, frozen=True, tag="peer-updated"):
    """Somebody's tracks, mute states or connection changed.

    In large rooms changes that follow each other closely are told as one.
    """

    peer: PeerInfo


class PeerLeft(_Message, frozen=True, tag="peer-left"):
    """Somebody is gone.

    ``reason``: left, gone (socket and media silent), timeout (no consent),
    failed (its session ended by an error), replaced, removed, moved (to another room),
    room-closed.
    """

    peer: str
    reason: LeaveReason


class Slots(_Message, frozen=True, tag="slots"):
    """The whole mapping of the client's slots, sent whenever it changes."""

    slots: list[SlotState]


class SlotShows(_Message, frozen=True, tag="slot-shows"):
    """The first packet of a new source or encoding left the server on this slot."""

    mid: str
    peer: str
    source: Source
    rid: str


class SlotQuality(_Message, frozen=True, tag="slot-state"):
    """What is sent on the slots of video, whenever that changes; all that are mapped.

    ``estimate`` is what the network to the client carries, in bits/s, as the server
    measures it; null while it does not know.
    """

    slots: list[SlotLayer]
    estimate: int | None = None


class SendEncodings(_Message, frozen=True, tag="send-encodings"):
    """Which encodings of the client's ``source`` somebody watches.

    The client may stop the others (``active`` false in ``setParameters``, webrtc-pc 5.2)
    and goes on with them when a later message names them; who ignores it wastes bandwidth
    and nothing else. A single encoding without a RID is ``""``. Until the first of these
    messages in a session, all are wanted.
    """

    source: Source
    rids: list[str]


class RestartEncoder(_Message, frozen=True, tag="restart-encoder"):
    """Those who watch the client's ``source`` see no picture that moves: begin it anew.

    ``reason``: no-keyframe (one was asked for again and again), undecodable (keyframes come,
    and those who watch go on asking). The client stops the encoder and starts it, which
    needs no negotiation; it is said again every few seconds while it does not help.
    """

    source: Source
    reason: Literal["no-keyframe", "undecodable"]


class SendCodec(_Message, frozen=True, tag="send-codec"):
    """What the client should encode ``source`` with, so that all who watch it decode it.

    It comes when that is not what the client encodes with already: at first the first codec
    of its answer, without spatial layers. ``svc``: one stream with spatial layers (W3C
    webrtc-svc) instead of simulcast. A client that ignores it is not seen by those who
    lack its codec; they are told ``unsupported``.
    """

    source: Source
    codec: VideoCodec
    svc: bool = False


class Speakers(_Message, frozen=True, tag="speakers"):
    """Who speaks in the room, whenever that changes, at most four times a second.

    The dominant speaker is the first, also while they pause; then come the others who
    speak and those who spoke last, the latest first: at most eight in all. The client
    itself may be among them.
    """

    speakers: list[Speaker]


class VideoLimited(_Message, frozen=True, tag="video-limited"):
    """How much video the server sends, for it is overloaded or is no more. Audio goes on.

    ``most``: high (all), medium or low (the best encoding of a camera), screens (no
    cameras), none. After ``joined`` and ``resumed`` it is ``high`` until this says otherwise.
    """

    most: VideoLimit


class Draining(_Message, frozen=True, tag="draining"):
    """The server ends every room in ``seconds``, or (null) does not intend to any more.

    It comes when that is decided and whenever it changes, and after ``joined`` and
    ``resumed`` while it is so. Who then loses its session (``server-stopping``) rejoins.
    """

    seconds: float | None


class Moderated(_Message, frozen=True, tag="moderated"):
    """A moderator has muted the client's ``source``, lowered its hand, or removes the client.

    Or another peer has shared a screen in place of the client's (screen-taken-over): that and its
    sound are over. The client stops the capture and says so (``publish``, ``live`` false); what it
    says otherwise of its screen until then does not count. It is told again after ``resumed``, and
    in another session when it says that its screen is shared as before.

    ``by`` is the moderator's peer id, ``name`` what it is called; both are empty when it was an
    operator, who is in no room (muted-by-operator). ``reason`` is theirs, and may be empty.
    Muted, the client mutes itself and says so (``publish``); removed, the fatal ``error`` of
    the same code follows.
    """

    code: ModerationCode
    by: str
    name: str
    source: Source | None = None
    reason: str = ""


class ScreenTakenOver(_Message, frozen=True, tag="screen-taken-over", rename="camel"):
    """A peer, ``by``, shares a screen now in place of that of ``former``, which is over.

    Told to everybody but the latter, who is told by ``moderated``; ``name`` and ``formerName`` are
    what the two are called.
    """

    by: str
    name: str
    former: str
    former_name: str


class Moved(_Message, frozen=True, tag="moved"):
    """An operator moves the client to another ``room``; the fatal ``error`` ``moved`` follows.

    The client joins that room, with ``replaces`` and the token it has, which need not be for it.
    """

    room: str


class RightsChanged(_Message, frozen=True, tag="rights-changed"):
    """An operator has changed what the client may do: these are its rights from now on.

    What it publishes without a right has ended. The client makes an offer: it brings what was
    not negotiated for want of a right. After ``resumed`` it comes again.
    """

    rights: Rights


class Chat(_Message, frozen=True, tag="chat"):
    """Somebody has written to the room; the client itself may be the one."""

    message: ChatMessage


class ChatHistory(_Message, frozen=True, tag="chat-history"):
    """What was written before, oldest first; after ``joined`` and ``resumed``, if anything was.

    It takes the place of all that the client has of it. ``dropped`` messages before these are
    not kept any more: a room keeps the newest 200, and 64 KiB of them, until its last peer
    leaves.
    """

    messages: list[ChatMessage]
    dropped: int = 0


class Hands(_Message, frozen=True, tag="hands"):
    """Whose hands are raised, the first first: the whole list, whenever it changes.

    The client itself may be among them. After ``joined`` and ``resumed`` none are, until this
    says otherwise.
    """

    peers: list[str]


class Reactions(_Message, frozen=True, tag="reactions"):
    """What some have just shown, the client itself maybe; at most four times a second."""

    reactions: list[PeerReaction]


class RoomLocked(_Message, frozen=True, tag="room-locked"):
    """A moderator has locked the room, or unlocked it.

    ``by`` is the moderator's peer id, ``name`` what it is called. After ``joined`` and
    ``resumed`` the room is not locked, until this says otherwise.
    """

    locked: bool
    by: str = ""
    name: str = ""


class Error(_Message, frozen=True, tag="error", rename="camel"):
    """Something was refused. ``fatal``: the server closes the socket after it.

    ``id`` is that of the request, where it had one. Codes are listed in
    ``docs/protocol.md``; ``rejoin`` says that joining anew may help, ``retryAfter`` after
    how many seconds what was refused may be granted. ``failure`` is there when an error in
    the server is the reason: under this id its operator finds the error in the log and in
    ``/api/v1/failures``.
    """

    code: str
    message: str
    fatal: bool = False
    rejoin: bool = False
    id: int | None = None
    failure: str | None = None
    retry_after: float | None = None


class Pong(_Message, frozen=True, tag="pong"):
    """The answer to ``ping``."""

    id: int


ServerMessage: TypeAlias = (
    Joined
    | Resumed
    | Answer
    | PeerJoined
    | PeerUpdated
    | PeerLeft
    | Slots
    | SlotShows
    | SlotQuality
    | SendEncodings
    | SendCodec
    | RestartEncoder
    | Speakers
    | VideoLimited
    | Draining
    | Moderated
    | ScreenTakenOver
    | Moved
    | RightsChanged
    | Chat
    | ChatHistory
    | Hands
    | Reactions
    | RoomLocked
    | Error
    | Pong
)
