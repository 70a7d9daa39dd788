"""What a peer connection reports."""

from dataclasses import dataclass
from typing import TypeAlias

from trio_sfu._native import Codec
from trio_sfu.signaling.carried import Source


@dataclass(frozen=True, slots=True)
class Connected:
    """The DTLS handshake is done: media can flow."""


@dataclass(frozen=True, slots=True)
class Path:
    """An ICE check has come through: datagrams go to this address from now on."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing authenticated has come for the engine's silence timeout (3 s)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something authenticated came again after ``Silent``."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The connection is of no more use; the last event.

    Codes: ice-timeout, dtls-timeout, dtls-failed, dtls-closed (by the peer),
    consent-expired (RFC 7675), worker-lost, events-lost. ``failure`` is the id of the
    failure that is the reason, if one is.
    """

    code: str
    message: str
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class IceRestarted:
    """The remote end asked for another path (RFC 8445, section 9); it has been answered."""


@dataclass(frozen=True, slots=True)
class EncodingStarted:
    """Packets of an encoding arrive, or go on in another codec.

    ``rid`` is "" for a single encoding.
    """

    source: Source
    rid: str
    codec: Codec | None = None


@dataclass(frozen=True, slots=True)
class EncodingIdle:
    """No packet of a video encoding for a while (2 s); its source may still be there."""

    source: Source
    rid: str


@dataclass(frozen=True, slots=True)
class EncodingStopped:
    """A video encoding is over: said so by RTCP, or no sign of its source for long (10 s)."""

    source: Source
    rid: str


@dataclass(frozen=True, slots=True)
class LayersMeasured:
    """What the layers of a source cost has changed (``UpTrack.layers``); at most at 2 Hz."""

    source: Source


@dataclass(frozen=True, slots=True)
class SlotShows:
    """A slot has spliced to what it was told to show."""

    mid: str
    up_track_id: int
    rid: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What everything sent to the peer may take together, in bits/s; at most ten a second."""

    bitrate: int


PeerConnectionEvent: TypeAlias = (
    Connected
    | Path
    | Silent
    | Heard
    | Failed
    | IceRestarted
    | EncodingStarted
    | EncodingIdle
    | EncodingStopped
    | LayersMeasured
    | SlotShows
    | Estimate
)
