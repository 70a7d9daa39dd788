"""The packet engine's Python face: coarse calls, each releasing the GIL.

Identifiers are opaque integers, unique for the life of an engine and never
reused. Times are nanoseconds. Every call validates its arguments and raises
``EngineError`` (attribute ``code``: a stable string) when it cannot be done.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias, final

from typing_extensions import disjoint_base

__all__ = [
    "AudioLevel",
    "Codec",
    "Commands",
    "Connected",
    "ConsentExpired",
    "ControlDatagram",
    "EncodingIdle",
    "EncodingStarted",
    "EncodingStopped",
    "Engine",
    "EngineError",
    "EstimateChanged",
    "Event",
    "EventsLost",
    "Extension",
    "Heard",
    "Kind",
    "LayersMeasured",
    "PathChanged",
    "Profile",
    "Silent",
    "SimulatedEngine",
    "SlotSwitched",
    "WorkerPanicked",
]

Kind: TypeAlias = Literal["audio", "video"]
Codec: TypeAlias = Literal["opus", "vp8", "vp9", "h264", "av1", "red"]
Extension: TypeAlias = Literal[
    "mid",  # urn:ietf:params:rtp-hdrext:sdes:mid
    "rid",  # urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
    "repaired-rid",  # urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
    "audio-level",  # urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464)
    "transport-cc",  # transport-wide-cc-extensions-01
    "abs-send-time",  # .../abs-send-time
    "video-orientation",  # urn:3gpp:video-orientation
    "dependency-descriptor",  # AV1 dependency descriptor
]
Profile: TypeAlias = Literal["AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "AES128_CM_HMAC_SHA1_80"]

class EngineError(Exception):
    """A command could not be carried out; ``code`` is one of the stable codes.

    Codes: unknown-transport, unknown-track, unknown-slot, unknown-encoding,
    bad-credentials, bad-keys, bad-extension, bad-payload-type, bad-ssrc,
    kind-mismatch, wrong-worker, too-many, closed, worker-lost.
    """

    code: str

@final
class ControlDatagram:
    """A datagram the engine does not handle itself (DTLS, RFC 7983 20..63)."""

    __match_args__ = ("transport", "data")
    transport: int
    data: bytes
    def __new__(cls, transport: int, data: bytes) -> ControlDatagram: ...

@final
class Connected:
    """First authenticated binding request: the transport has an address to send to."""

    __match_args__ = ("transport", "host", "port")
    transport: int
    host: str
    port: int
    def __new__(cls, transport: int, host: str, port: int) -> Connected: ...

@final
class PathChanged:
    """The peer nominated another address; datagrams go there from now on."""

    __match_args__ = ("transport", "host", "port")
    transport: int
    host: str
    port: int
    def __new__(cls, transport: int, host: str, port: int) -> PathChanged: ...

@final
class ConsentExpired:
    """No authenticated binding request within ``consent_timeout`` (RFC 7675).

    Nor anything else that is authentic within two thirds of it.
    """

    __match_args__ = ("transport",)
    transport: int
    def __new__(cls, transport: int) -> ConsentExpired: ...

@final
class Silent:
    """Nothing authenticated (STUN, SRTP, SRTCP) arrived for ``silence_timeout``."""

    __match_args__ = ("transport",)
    transport: int
    def __new__(cls, transport: int) -> Silent: ...

@final
class Heard:
    """Something authenticated arrived again after ``Silent``."""

    __match_args__ = ("transport",)
    transport: int
    def __new__(cls, transport: int) -> Heard: ...

@final
class EncodingStarted:
    """An encoding's packets arrive (first time, or again after a pause or a stop)."""

    __match_args__ = ("up_track", "rid", "ssrc", "codec")
    up_track: int
    rid: str  # "" when the track has a single encoding without a RID
    ssrc: int
    codec: Codec
    def __new__(cls, up_track: int, rid: str, ssrc: int, codec: Codec) -> EncodingStarted: ...

@final
class EncodingIdle:
    """No packet of a video encoding for ``encoding_timeout``; its source may still be there."""

    __match_args__ = ("up_track", "rid")
    up_track: int
    rid: str
    def __new__(cls, up_track: int, rid: str) -> EncodingIdle: ...

@final
class EncodingStopped:
    """A video encoding is over.

    Its source said goodbye (RTCP BYE), or neither RTP nor RTCP of its SSRC came for
    ``source_timeout`` while other things did come from the peer.
    """

    __match_args__ = ("up_track", "rid")
    up_track: int
    rid: str
    def __new__(cls, up_track: int, rid: str) -> EncodingStopped: ...

@final
class AudioLevel:
    """How loud an audio track was over the last 100 ms, from its packets' levels (RFC 6464).

    ``level`` is that of the mean power, in dB below full scale: 0 is the loudest, 127
    silence. ``voice``: its sender took some of it for voice. ``levels`` are those of its
    packets, at most ten. At most 10 a second and track, only while the level is 60 or
    louder, and once when it falls silent (without packets: after 300 ms, with no levels).
    """

    __match_args__ = ("up_track", "level", "voice", "levels")
    up_track: int
    level: int
    voice: bool
    levels: bytes
    def __new__(cls, up_track: int, level: int, voice: bool, levels: bytes) -> AudioLevel: ...

@final
class LayersMeasured:
    """What the layers of a video track cost has changed; at most twice a second.

    ``layers`` are ``(rid, spatial, temporal, bitrate, width, height)``: all that flow now, in
    the order of the track's encodings, lower layers first. ``bitrate`` is in bits/s on the wire
    over the last second, with that of the layers it depends on; width and height are pixels,
    0 when they are not known. Told when the set or a size is another, or a bitrate has moved
    by a tenth.
    """

    __match_args__ = ("up_track", "layers")
    up_track: int
    layers: list[tuple[str, int, int, int, int, int]]
    def __new__(
        cls, up_track: int, layers: list[tuple[str, int, int, int, int, int]]
    ) -> LayersMeasured: ...

@final
class SlotSwitched:
    """The slot has spliced to what it was last mapped to and shows it from this packet on."""

    __match_args__ = ("slot", "up_track", "rid")
    slot: int
    up_track: int
    rid: str
    def __new__(cls, slot: int, up_track: int, rid: str) -> SlotSwitched: ...

@final
class EstimateChanged:
    """What everything sent to the peer together may take, in bits/s.

    The first one comes as soon as media can be sent, when the peer has negotiated
    transport-cc: a cautious guess, for want of measurements. Without transport-cc it is
    the peer's own estimate (REMB), and comes with its first; without either there are only
    events about losses. At most ten a second, but at once when it falls by more than 10 %.
    """

    __match_args__ = ("transport", "bitrate")
    transport: int
    bitrate: int
    def __new__(cls, transport: int, bitrate: int) -> EstimateChanged: ...

@final
class WorkerPanicked:
    """A worker panicked; all of its transports are gone."""

    __match_args__ = ("worker", "message")
    worker: int
    message: str
    def __new__(cls, worker: int, message: str) -> WorkerPanicked: ...

@final
class EventsLost:
    """The bounded event queue overflowed; ``count`` events were dropped."""

    __match_args__ = ("count",)
    count: int
    def __new__(cls, count: int) -> EventsLost: ...

Event: TypeAlias = (
    ControlDatagram
    | Connected
    | PathChanged
    | ConsentExpired
    | Silent
    | Heard
    | EncodingStarted
    | EncodingIdle
    | EncodingStopped
    | AudioLevel
    | LayersMeasured
    | SlotSwitched
    | EstimateChanged
    | WorkerPanicked
    | EventsLost
)

@disjoint_base
class Commands:
    """What ``Engine`` and ``SimulatedEngine`` have in common. Not to be constructed."""

    def add_transport(self, ice_ufrag: str, ice_pwd: str, *, worker: int = 0) -> int:
        """Register the local ICE-lite credentials (RFC 8445); returns the transport.

        Its tracks and slots live on the same worker. ``wrong-worker`` when there is none
        of that number.
        """

    def restart_ice(self, transport: int, ice_ufrag: str, ice_pwd: str) -> None:
        """Answer checks for new local credentials as well (RFC 8445, section 9).

        The old ones are answered until a check for the new ones nominates a pair; media
        and DTLS keep the path they have until then. Of several restarts that were not
        completed the last one counts. ``bad-credentials`` when they are malformed or
        taken.
        """

    def set_negotiated(
        self,
        transport: int,
        *,
        extensions: Sequence[tuple[int, Extension]],
        codecs: Sequence[tuple[int, Codec, int, int | None]],
    ) -> None:
        """Set the header extension ids and payload types of the transport's bundle.

        ``codecs`` are ``(payload_type, codec, clock_rate, rtx_payload_type)``. May
        be called again; existing tracks and slots keep working.
        """

    def set_srtp_keys(
        self, transport: int, profile: Profile, inbound: bytes, outbound: bytes
    ) -> None:
        """Install master key + master salt (concatenated) for each direction."""

    def send_control(self, transport: int, datagram: bytes) -> None:
        """Send a DTLS datagram to the selected address; dropped when there is none yet."""

    def add_up_track(
        self,
        transport: int,
        mid: str,
        kind: Kind,
        *,
        rids: Sequence[str] = (),
        ssrcs: Sequence[tuple[int, int | None]] = (),
    ) -> int:
        """Expect a track on ``mid``; ``ssrcs`` are ``(ssrc, rtx_ssrc)`` known from SDP."""

    def add_slot(
        self,
        transport: int,
        mid: str,
        kind: Kind,
        *,
        ssrc: int,
        rtx_ssrc: int | None = None,
        cname: str,
    ) -> int:
        """Add a sending m-line with the SSRCs that were announced in the answer."""

    def map_slot(self, slot: int, up_track: int | None, rid: str = "") -> None:
        """Show ``up_track``'s encoding ``rid`` from its next keyframe on (audio: at once).

        Until that keyframe the old encoding goes on; the keyframe is requested at
        once. ``None`` stops at once. An encoding that has not started yet is waited for. A track
        of another worker is relayed to the slot's, once for all slots there; it is
        ``unknown-track`` when that worker has panicked.
        """

    def set_demand(self, transport: int, bitrate: int) -> None:
        """Say what would be sent to the peer if its path carried it, in bits/s.

        The engine probes for no more than that, and not at all once the estimate is as
        high. 0, the default: no probing. Does not wait for the worker: what is not there any
        more is no error.
        """

    def limit_slot(self, slot: int, spatial: int | None, temporal: int | None) -> None:
        """Forward no higher layers than these of what the slot shows; None: all there are.

        Layers count from 0, and hold for whatever the slot is mapped to. Lowering takes effect
        at the next frame from which the rest decodes by itself, raising at the next one a
        decoder can begin the layer with; where only a keyframe will do, it is asked for. Does
        not wait for the worker: what is not there any more is no error.
        """

    def request_keyframe(self, up_track: int, rid: str = "") -> None:
        """Ask the publisher for a keyframe, subject to the throttle."""

    def remove_up_track(self, up_track: int) -> None:
        """Forget the track; slots mapped to it go dark.

        Unknown ids are ignored, in all removals: also when the engine is closed or the
        worker lost, for then what was on it is gone.
        """

    def remove_slot(self, slot: int) -> None:
        """Forget the slot. Unknown ids are ignored."""

    def remove_transport(self, transport: int) -> None:
        """Forget the transport, its tracks, slots and addresses. Unknown ids are ignored."""

    def drain_events(self, limit: int = 1024) -> list[Event]:
        """Return the oldest events, at most ``limit``."""

    def census(self) -> dict[str, int]:
        """Count what exists: transports, addresses, up_tracks, encodings, slots, relays.

        ``relays`` are up-tracks that are watched from another worker, once for each such.
        """

    def counters(self) -> dict[str, int]:
        """Return monotonic counters (packets, bytes, drops by reason, ...).

        Of a worker that was lost what it had counted when it was asked last goes on counting.
        """

    @staticmethod
    def worker_of(handle: int) -> int:
        """Return the worker that a transport, a track or a slot lives on."""

    def transport_stats(self, transport: int) -> dict[str, int]:
        """Return the transport's counters, with ``idle_ns`` since it was last heard.

        ``estimate`` and ``demand`` are bits/s, 0 while there is none. ``tcp`` is 1 when its
        path is a TCP connection.
        """

    def up_track_stats(self, up_track: int) -> list[dict[str, int | str]]:
        """Return one entry per encoding: rid, ssrc, codec, packets, bytes, lost, keyframes, ...

        ``ssrc`` is 0 and ``codec`` is "" until they are known. ``live`` is 1 from its start
        to its stop, ``idle`` while it pauses in between.
        """

    def slot_stats(self, slot: int) -> dict[str, int | str]:
        """Return the slot's counters: packets, bytes, nacked, retransmitted, plis, rtt_us, ...

        ``up_track`` and ``rid`` are what it shows, ``waiting_up_track`` and
        ``waiting_rid`` what it waits to show; 0 and "" when there is none.
        """

@final
class Engine(Commands):
    """Worker threads, their UDP sockets and TCP connections (RFC 6544, passive)."""

    def __new__(
        cls,
        *,
        addresses: Sequence[tuple[str, int]],
        workers: int = 1,
        consent_timeout_ms: int = 15_000,
        silence_timeout_ms: int = 3_000,
        encoding_timeout_ms: int = 2_000,
        source_timeout_ms: int = 10_000,
        max_transports: int = 10_000,
        event_queue: int = 16_384,
        descriptors: Sequence[Sequence[int]] | None = None,
        tcp_port: int | None = None,
        tcp_descriptors: Sequence[Sequence[int]] | None = None,
    ) -> Engine:
        """Bind ``addresses`` (port 0: any; worker n binds port + n) and start.

        ``descriptors``: each worker's UDP sockets, bound by somebody else who keeps them; they
        are duplicated, and ``addresses`` are not bound then. ``tcp_port``: where clients may
        connect, on the same addresses, worker n at port + n; 0: the number of its UDP port;
        None: nowhere, unless ``tcp_descriptors`` are each worker's listening sockets. Raises
        OSError when an address cannot be bound, or a descriptor is no socket that can be used.
        """

    def local_addresses(self) -> list[list[tuple[str, int]]]:
        """Return the bound addresses, one list per worker."""

    def tcp_addresses(self) -> list[list[tuple[str, int]]]:
        """Return the addresses where TCP connections are taken, one list per worker."""

    def event_fd(self) -> int:
        """Return an eventfd that is readable while events wait; owned by the engine.

        ``close`` closes it: who waits for it must have stopped before. Raises EngineError
        (closed) after that.
        """

    def progress(self) -> list[int]:
        """Return each worker's loop counter, for a watchdog (it moves at least every 500 ms)."""

    def forwarded(self) -> list[int]:
        """Return how many packets each worker has sent to subscribers since it was started."""

    def restart_worker(self, worker: int) -> None:
        """Start a worker anew that has panicked, on the same addresses, with nothing in it.

        The other workers go on; what they showed of its tracks is gone. Raises OSError.
        """

    def receive_buffer(self) -> int:
        """Return the bytes of the smallest socket's receive buffer, as the kernel counts them.

        16 MiB when the process may exceed ``net.core.rmem_max`` (CAP_NET_ADMIN), else at
        most twice that setting.
        """

    def gso(self) -> bool:
        """Return whether UDP segmentation offload is in use."""

    def close(self) -> None:
        """Stop the workers, join their threads and close every descriptor. Idempotent."""

@final
class SimulatedEngine(Commands):
    """The same core without sockets, threads or clock."""

    def __new__(
        cls,
        *,
        now: int = 0,
        seed: int = 0,
        workers: int = 1,
        consent_timeout_ms: int = 15_000,
        silence_timeout_ms: int = 3_000,
        encoding_timeout_ms: int = 2_000,
        source_timeout_ms: int = 10_000,
        max_transports: int = 10_000,
        event_queue: int = 16_384,
    ) -> SimulatedEngine: ...
    def handle_datagram(
        self, now: int, source: tuple[str, int], datagram: bytes, *, worker: int = 0
    ) -> None: ...
    def handle_deadline(self, now: int) -> None: ...
    def next_deadline(self) -> int | None: ...
    def transmit(self, *, worker: int = 0) -> list[tuple[tuple[str, int], bytes]]:
        """Return and forget what is to be sent by a worker now."""

    def lose_worker(self, worker: int, message: str) -> None:
        """Lose all that is in a worker, as a panic does; ``WorkerPanicked`` tells of it."""

    def restart_worker(self, worker: int, *, seed: int) -> None:
        """Start a worker anew that was lost; its random numbers are others for another seed."""
