"""What happens in the daemon: a dataclass for each kind of fact, and the journal of them.

A fact is noted once, where it happens. The journal counts it for ``/metrics``, keeps the
newest for ``/api/v1/events``, and passes it on to the log. A fact that is a failure
carries its record (``Failure``): the same one everywhere. No fact carries a person's name
or address, and ``Moderation`` alone an identity.
"""

from trio_sfu.events.connections import (
    AcceptFailed,
    ConnectionCrashed,
    ConnectionRefused,
    RequestCrashed,
    SessionEnded,
)
from trio_sfu.events.daemon import (
    AddressesLearned,
    CertificateLoaded,
    CertificateRefused,
    ConfigurationRefused,
    ConfigurationReloaded,
    DaemonFailed,
    DrainBegun,
    DrainCancelled,
    StunFailed,
)
from trio_sfu.events.engine import EngineFailed, EngineRestarted
from trio_sfu.events.fact import Crash, Fact
from trio_sfu.events.failure import Cause, Failure
from trio_sfu.events.failures import Failures
from trio_sfu.events.histogram import Histogram
from trio_sfu.events.journal import Journal
from trio_sfu.events.liveness import LoopStalled, SelfTestFailed, SelfTestPassed
from trio_sfu.events.moderation import Moderation
from trio_sfu.events.operators import WrongOperatorToken
from trio_sfu.events.overload import OverloadChanged
from trio_sfu.events.peers import (
    EncoderStuck,
    IceRestarted,
    JoinRefused,
    PeerConnected,
    PeerCrashed,
    PeerJoined,
    PeerLeft,
    PeerTornDown,
    RequestRefused,
    SessionResumed,
    TrackPublished,
    TrackUnpublished,
)
from trio_sfu.events.rooms import RoomClosed, RoomCrashed, RoomOpened, RoomRestarted
from trio_sfu.events.services import ServiceFailed
from trio_sfu.events.webhooks import WebhookFailing

FACTS: tuple[type[Fact], ...] = (
    RoomOpened,
    RoomClosed,
    RoomCrashed,
    RoomRestarted,
    PeerJoined,
    JoinRefused,
    PeerConnected,
    SessionResumed,
    IceRestarted,
    TrackPublished,
    TrackUnpublished,
    EncoderStuck,
    PeerLeft,
    PeerCrashed,
    PeerTornDown,
    RequestRefused,
    SessionEnded,
    ConnectionRefused,
    AcceptFailed,
    ConnectionCrashed,
    RequestCrashed,
    WrongOperatorToken,
    Moderation,
    EngineFailed,
    EngineRestarted,
    DaemonFailed,
    DrainBegun,
    DrainCancelled,
    ConfigurationReloaded,
    ConfigurationRefused,
    CertificateLoaded,
    CertificateRefused,
    AddressesLearned,
    StunFailed,
    OverloadChanged,
    ServiceFailed,
    LoopStalled,
    SelfTestPassed,
    SelfTestFailed,
    WebhookFailing,
)
"""Every kind of fact."""

__all__ = [
    "FACTS",
    "AcceptFailed",
    "AddressesLearned",
    "Cause",
    "CertificateLoaded",
    "CertificateRefused",
    "ConfigurationRefused",
    "ConfigurationReloaded",
    "ConnectionCrashed",
    "ConnectionRefused",
    "Crash",
    "DaemonFailed",
    "DrainBegun",
    "DrainCancelled",
    "EncoderStuck",
    "EngineFailed",
    "EngineRestarted",
    "Fact",
    "Failure",
    "Failures",
    "Histogram",
    "IceRestarted",
    "JoinRefused",
    "Journal",
    "LoopStalled",
    "Moderation",
    "OverloadChanged",
    "PeerConnected",
    "PeerCrashed",
    "PeerJoined",
    "PeerLeft",
    "PeerTornDown",
    "RequestCrashed",
    "RequestRefused",
    "RoomClosed",
    "RoomCrashed",
    "RoomOpened",
    "RoomRestarted",
    "SelfTestFailed",
    "SelfTestPassed",
    "ServiceFailed",
    "SessionEnded",
    "SessionResumed",
    "StunFailed",
    "TrackPublished",
    "TrackUnpublished",
    "WebhookFailing",
    "WrongOperatorToken",
]
