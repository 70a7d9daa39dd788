"""Facts about peers."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from trio_sfu.events.fact import Crash, Fact, Group, Level
from trio_sfu.ids import PeerId, RoomId

_SOURCES = ("camera", "microphone", "screen", "screen-audio")


@dataclass(frozen=True, slots=True)
class PeerFact(Fact):
    """Base of what happens to one peer."""

    room: RoomId
    peer: PeerId


@dataclass(frozen=True, slots=True)
class PeerJoined(PeerFact):
    """A peer entered a room."""


@dataclass(frozen=True, slots=True)
class JoinRefused(Fact):
    """A join was refused."""

    level: ClassVar[Level] = "warning"
    label: ClassVar[str | None] = "code"
    labels: ClassVar[tuple[str, ...]] = (
        "room-full",
        "room-locked",
        "room-unavailable",
        "server-busy",
        "server-draining",
        "token-expired",
        "token-required",
        "token-signature-invalid",
        "too-many-joins",
        "too-many-joins-from-address",
        "too-many-joins-of-identity",
        "too-many-peers",
        "too-many-rooms",
    )
    room: RoomId
    code: str


@dataclass(frozen=True, slots=True)
class PeerConnected(PeerFact):
    """A peer's DTLS handshake is done, ``seconds`` after it joined: media can flow."""

    counter: ClassVar[tuple[str, str] | None] = (
        "join_seconds",
        "From a join to the end of its DTLS handshake: media can flow",
    )
    measure: ClassVar[str | None] = "seconds"
    seconds: float


@dataclass(frozen=True, slots=True)
class SessionResumed(PeerFact):
    """A peer whose socket was lost goes on over another one."""

    counter: ClassVar[tuple[str, str] | None] = (
        "sessions_resumed",
        "Sessions resumed over another socket",
    )


@dataclass(frozen=True, slots=True)
class IceRestarted(PeerFact):
    """A peer's client asked for another path, in the same session (RFC 8445, section 9)."""

    counter: ClassVar[tuple[str, str] | None] = ("ice_restarts", "ICE restarts answered")


@dataclass(frozen=True, slots=True)
class EncoderStuck(PeerFact):
    """Those who watch a source see no picture that moves; its client is to start it anew."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "encoders_stuck",
        "Times a publisher was asked to start an encoder anew",
    )
    label: ClassVar[str | None] = "reason"
    labels: ClassVar[tuple[str, ...]] = ("no-keyframe", "undecodable")
    source: str
    rid: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrackPublished(PeerFact):
    """A peer says that a source of it is live now."""

    counter: ClassVar[tuple[str, str] | None] = ("tracks_published", "Tracks published")
    label: ClassVar[str | None] = "source"
    labels: ClassVar[tuple[str, ...]] = _SOURCES
    source: str


@dataclass(frozen=True, slots=True)
class TrackUnpublished(PeerFact):
    """A source of a peer is live no more, for a ``reason``.

    It was stopped by the peer itself, or not allowed any more by an operator, or taken over by
    another peer, ``by``, who shares a screen in its place.
    """

    counter: ClassVar[tuple[str, str] | None] = ("tracks_unpublished", "Tracks unpublished")
    label: ClassVar[str | None] = "source"
    labels: ClassVar[tuple[str, ...]] = _SOURCES
    source: str
    reason: Literal["stopped", "not-allowed", "taken-over"] = "stopped"
    by: str = ""


@dataclass(frozen=True, slots=True)
class PeerLeft(PeerFact):
    """A peer is gone from its room."""

    counter: ClassVar[tuple[str, str] | None] = (
        "peers_left",
        "Peers that are gone from their rooms",
    )
    label: ClassVar[str | None] = "reason"
    labels: ClassVar[tuple[str, ...]] = (
        "left",
        "gone",
        "timeout",
        "failed",
        "replaced",
        "removed",
        "moved",
        "room-closed",
    )
    reason: str


@dataclass(frozen=True, slots=True)
class PeerCrashed(Crash):
    """A task of a peer raised; the peer has ended."""

    counter: ClassVar[tuple[str, str] | None] = ("peer_crashes", "Peers ended by an error")
    room: RoomId
    peer: PeerId

    @property
    def group(self) -> Group:
        """The peer."""
        return ("rooms", self.room, self.peer)


@dataclass(frozen=True, slots=True)
class PeerTornDown(PeerFact):
    """Nothing of a peer is left: ``seconds`` after its end was decided or an error met it."""

    level: ClassVar[Level] = "debug"
    counter: ClassVar[tuple[str, str] | None] = (
        "peer_teardown_seconds",
        "From the moment a peer's end was decided to the moment nothing of it was left",
    )
    measure: ClassVar[str | None] = "seconds"
    seconds: float


@dataclass(frozen=True, slots=True)
class RequestRefused(PeerFact):
    """One request of a client was refused; its session goes on."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = ("requests_refused", "Requests refused")
    label: ClassVar[str | None] = "code"
    code: str
