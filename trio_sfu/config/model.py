"""Every setting, with its default. ``conf/trio-sfu.toml`` shows the same with comments."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

Port: TypeAlias = Annotated[int, Meta(ge=0, le=65_535)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=3_600)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]


class Http(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one TCP port: pages, API and signaling."""

    host: str = "127.0.0.1"
    port: Port = 8080
    certificate: str = ""
    key: str = ""
    origins: list[str] = []
    max_connections: Count = 4_096


class Media(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The packet engine and its UDP port."""

    addresses: list[str] = field(default_factory=lambda: ["127.0.0.1", "::1"])
    port: Port = 7882
    announced: list[str] = []
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    max_transports: Count = 10_000
    handshake_timeout: Seconds = 10.0


class Rooms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of the rooms, and how long a lost peer is waited for."""

    max_rooms: Count = 1_000
    max_peers: Count = 200
    grace: Seconds = 15.0


class Signaling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one client's signaling session."""

    join_timeout: Seconds = 10.0
    ping_interval: Seconds = 5.0
    ping_timeout: Seconds = 10.0
    messages_per_second: Count = 50
    burst: Count = 200


class Liveness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the daemon says of itself that it does not get on."""

    stuck_after: Seconds = 2.0


class Auth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may join."""

    open: bool = False


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Made by ``load``, which checks them against each other."""

    http: Http = Http()
    media: Media = field(default_factory=Media)
    rooms: Rooms = Rooms()
    signaling: Signaling = Signaling()
    liveness: Liveness = Liveness()
    auth: Auth = Auth()
    log: Log = Log()
