"""What a client knows of its room. Pure: messages in, state out."""

from collections import deque
from dataclasses import dataclass, field

from msgspec import structs

from trio_sfu.signaling.carried import (
    ChatMessage,
    PeerInfo,
    PeerReaction,
    SlotLayer,
    SlotLine,
    SlotState,
    Source,
    Speaker,
    VideoLimit,
)
from trio_sfu.signaling.messages import (
    Answer,
    Chat,
    ChatHistory,
    Draining,
    Error,
    Hands,
    Joined,
    Moderated,
    Moved,
    PeerJoined,
    PeerLeft,
    PeerUpdated,
    Reactions,
    RightsChanged,
    RoomLocked,
    SendEncodings,
    ServerMessage,
    SlotQuality,
    Slots,
    SlotShows,
    Speakers,
    VideoLimited,
)

_KEPT = 64
_MESSAGES = 200
"""As many chat messages as a room keeps."""


@dataclass(slots=True)
class RoomState:
    """The room as the client was told of it."""

    joined: Joined | None = None
    peers: dict[str, PeerInfo] = field(default_factory=dict)
    slots: dict[str, SlotState] = field(default_factory=dict)
    shows: dict[str, SlotShows] = field(default_factory=dict)
    layers: dict[str, SlotLayer] = field(default_factory=dict)
    """What is sent on each slot of video, by mid."""
    estimate: int | None = None
    """What the server sends at most, in bits/s, where it has measured that."""
    wanted: dict[Source, list[str]] = field(default_factory=dict)
    """Which of the client's own encodings somebody watches, where the server has said."""
    speakers: list[Speaker] = field(default_factory=list)
    """Who speaks or did, the dominant speaker first."""
    video_limit: VideoLimit = "high"
    draining: float | None = None
    """Seconds until the server ends the room, when it said so last; None: it does not."""
    lines: list[SlotLine] = field(default_factory=list)
    chat: deque[ChatMessage] = field(default_factory=lambda: deque(maxlen=_MESSAGES))
    """What was written in the room, oldest first, by the client itself, too."""
    hands: list[str] = field(default_factory=list)
    """Whose hands are raised, the first first."""
    reactions: deque[PeerReaction] = field(default_factory=lambda: deque(maxlen=_KEPT))
    locked: bool = False
    """Whether nobody new is let in."""
    answers: dict[int, Answer | Error] = field(default_factory=dict)
    left: deque[PeerLeft] = field(default_factory=lambda: deque(maxlen=_KEPT))
    moderated: deque[Moderated] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """What moderators have done to the client."""
    moved_to: str | None = None
    """The room that an operator has moved the client to; the session then ends (``moved``)."""
    errors: deque[Error] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def take(self, message: ServerMessage) -> None:
        """Bring the state up to date."""
        match message:
            case Joined():
                self.joined = message
                self.peers = {peer.id: peer for peer in message.peers}
            case PeerJoined(peer=peer) | PeerUpdated(peer=peer):
                self.peers[peer.id] = peer
            case PeerLeft():
                self.peers.pop(message.peer, None)
                self.left.append(message)
            case Moderated():
                self.moderated.append(message)
            case RightsChanged(rights=rights) if self.joined is not None:
                self.joined = structs.replace(self.joined, rights=rights)
            case Moved(room=room):
                self.moved_to = room
            case Answer():
                self.answers[message.id] = message
            case Error():
                self.errors.append(message)
                if message.id is not None:
                    self.answers[message.id] = message
            case _:
                self._take_commons(message)

    def _take_commons(self, message: ServerMessage) -> None:
        match message:
            case Chat(message=said):
                self.chat.append(said)
            case ChatHistory(messages=before):
                self.chat = deque(before, maxlen=_MESSAGES)
            case Hands(peers=hands):
                self.hands = hands
            case Reactions(reactions=reactions):
                self.reactions.extend(reactions)
            case RoomLocked(locked=locked):
                self.locked = locked
            case _:
                self._take_media(message)

    def _take_media(self, message: ServerMessage) -> None:
        match message:
            case Slots(slots=slots):
                self.slots = {slot.mid: slot for slot in slots}
            case SlotShows():
                self.shows[message.mid] = message
            case SlotQuality(slots=layers, estimate=estimate):
                self.layers = {layer.mid: layer for layer in layers}
                self.estimate = estimate
            case SendEncodings(source=source, rids=rids):
                self.wanted[source] = rids
            case Speakers(speakers=speakers):
                self.speakers = speakers
            case VideoLimited(most=most):
                self.video_limit = most
            case Draining(seconds=seconds):
                self.draining = seconds
            case _:
                pass

    def slot_of(self, peer: str, source: Source) -> str | None:
        """Return the mid of the slot that is mapped to a peer's ``source``."""
        for mid, slot in self.slots.items():
            if slot.peer == peer and slot.source == source:
                return mid
        return None

    def stage_of(self, peer: str) -> str | None:
        """Return the mid of the slot that is mapped to a peer's video, screen or camera."""
        return self.slot_of(peer, "screen") or self.slot_of(peer, "camera")
