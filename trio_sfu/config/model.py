"""Every setting, with its default. ``conf/trio-sfu.toml`` shows the same with comments."""

from typing import Annotated, Final, Literal, TypeAlias, get_args

from msgspec import Meta, Struct, field

from trio_sfu.config.cpus import usable_cpus
from trio_sfu.signaling.carried import VideoCodec

Port: TypeAlias = Annotated[int, Meta(ge=0, le=65_535)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=3_600)]
SecondsOrNever: TypeAlias = Annotated[float, Meta(ge=0, le=86_400)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Percent: TypeAlias = Annotated[int, Meta(ge=1, le=100)]
MOST_WORKERS: Final = 64
MOST_BY_ITSELF: Final = 8
"""Workers where the settings leave their number open: the event loop ends before so many do
(docs/performance.md), and each has a port that a firewall must let through."""


class Http(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one TCP port: pages, API and signaling."""

    host: str = "127.0.0.1"
    port: Port = 8080
    tls: Literal["files", "self-signed"] = "files"
    certificate: str = ""
    key: str = ""
    origins: list[str] = []
    max_connections: Count = 4_096
    max_connections_per_address: Count = 256


class Media(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The packet engine, its UDP port, and the TCP port for who cannot use that."""

    addresses: list[str] = field(default_factory=lambda: ["127.0.0.1", "::1"])
    port: Port = 7882
    tcp: bool = True
    tcp_port: Port = 0
    announced: list[str] = []
    stun_server: str = ""
    workers: Annotated[int, Meta(ge=0, le=MOST_WORKERS)] = 0
    spread_above: Count = 100_000
    max_transports: Count = 10_000
    handshake_timeout: Seconds = 10.0

    @property
    def worker_count(self) -> int:
        """How many workers there are: ``workers``, or one for each CPU that may be used."""
        return self.workers or min(usable_cpus(), MOST_BY_ITSELF)


class Video(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which codecs video is sent with."""

    codecs: list[VideoCodec] = field(default_factory=lambda: ["vp8", "vp9", "h264", "av1"])
    screens: list[VideoCodec] = field(default_factory=lambda: ["av1"])
    svc: bool = False
    rooms: list[str] = []


class Turn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Relays for clients whose network lets no UDP through."""

    urls: list[str] = []
    secret: str = ""
    lifetime: Annotated[int, Meta(ge=60, le=604_800)] = 86_400


class Rooms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of the rooms, and how long a lost peer is waited for."""

    max_rooms: Count = 1_000
    max_peers: Count = 200
    voices: Annotated[int, Meta(ge=1, le=64)] = 8
    grace: Seconds = 15.0


class Signaling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one client's signaling session."""

    join_timeout: Seconds = 10.0
    ping_interval: Seconds = 5.0
    ping_timeout: Seconds = 10.0
    messages_per_second: Count = 50
    burst: Count = 200
    max_message_bytes: Annotated[int, Meta(ge=4_096, le=327_680)] = 327_680
    max_lines: Annotated[int, Meta(ge=1, le=144)] = 144
    max_slots: Annotated[int, Meta(ge=1, le=64)] = 64
    max_tracks: Annotated[int, Meta(ge=1, le=4)] = 4


class Whip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Publishing and watching by HTTP: WHIP and WHEP."""

    enabled: bool = True
    max_sessions: Count = 1_000


class Overload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When joins are refused and video is shed, so that those who are here stay well."""

    joins_per_second: Count = 50
    join_burst: Count = 200
    address_joins_per_second: Count = 10
    address_join_burst: Count = 100
    identity_joins_per_second: Count = 1
    identity_join_burst: Count = 20
    max_lag: Seconds = 0.25
    max_busy: Percent = 85
    max_memory: Percent = 90
    memory_limit: Annotated[int, Meta(ge=0, le=16_777_216)] = 0
    max_descriptors: Percent = 90
    shed: bool = True


class Liveness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the daemon says of itself that it does not get on."""

    stuck_after: Seconds = 2.0
    self_test_interval: SecondsOrNever = 60.0
    self_test_timeout: Seconds = 10.0


class Auth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may join, and what they may do: see ``docs/secure.md``."""

    open: bool = False
    keys: list[str] = []
    audience: Annotated[str, Meta(min_length=1, max_length=256)] = "trio-sfu"
    max_lifetime: Annotated[int, Meta(ge=10, le=31_536_000)] = 86_400
    leeway: Annotated[int, Meta(ge=0, le=300)] = 10


class Admin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may see the tree and the events, and end rooms and peers."""

    token_file: str = ""


WebhookEvent: TypeAlias = Literal[
    "room-started",
    "room-ended",
    "peer-joined",
    "peer-left",
    "track-published",
    "track-unpublished",
]


class Webhooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told by HTTP what happens: see ``docs/webhooks.md``."""

    urls: list[str] = []
    secret_file: str = ""
    events: list[WebhookEvent] = field(default_factory=lambda: list(get_args(WebhookEvent)))
    private: bool = False
    timeout: Seconds = 10.0
    give_up_after: Seconds = 600.0
    queue: Annotated[int, Meta(ge=1, le=100_000)] = 1_000


class Drain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long rooms may go on when the daemon is asked to stop."""

    deadline: SecondsOrNever = 30.0


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"
    lines_per_second: Annotated[int, Meta(ge=0, le=100_000)] = 30


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Made by ``load``, which checks them against each other."""

    http: Http = Http()
    media: Media = field(default_factory=Media)
    video: Video = field(default_factory=Video)
    turn: Turn = Turn()
    rooms: Rooms = Rooms()
    signaling: Signaling = Signaling()
    whip: Whip = Whip()
    liveness: Liveness = Liveness()
    overload: Overload = Overload()
    auth: Auth = Auth()
    admin: Admin = Admin()
    webhooks: Webhooks = field(default_factory=Webhooks)
    drain: Drain = Drain()
    log: Log = Log()
