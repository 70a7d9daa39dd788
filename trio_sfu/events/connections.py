"""Facts about TCP connections and what is spoken on them."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Fact, Group, Level


@dataclass(frozen=True, slots=True)
class SessionEnded(Fact):
    """The server ended a signaling session, with the code the client was told."""

    counter: ClassVar[tuple[str, str] | None] = (
        "signaling_ended",
        "Signaling sessions the server ended",
    )
    label: ClassVar[str | None] = "code"
    session: str
    code: str


@dataclass(frozen=True, slots=True)
class ConnectionRefused(Fact):
    """A TCP connection or its first request was turned away."""

    level: ClassVar[Level] = "debug"
    counter: ClassVar[tuple[str, str] | None] = ("connections_refused", "TCP connections refused")
    label: ClassVar[str | None] = "reason"
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptFailed(Fact):
    """For a while no TCP connection could be accepted, for want of what errno ``code`` says."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "accept_failures",
        "Spells in which no TCP connection could be accepted",
    )
    label: ClassVar[str | None] = "code"
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionCrashed(Crash):
    """An error nobody expected ended one TCP connection."""

    counter: ClassVar[tuple[str, str] | None] = (
        "connection_crashes",
        "TCP connections ended by an error",
    )

    @property
    def group(self) -> Group:
        """All connections: one alone is nothing to look for."""
        return ("listeners",)


@dataclass(frozen=True, slots=True)
class RequestCrashed(Crash):
    """An error nobody expected ended one HTTP request; it was answered 500."""

    counter: ClassVar[tuple[str, str] | None] = (
        "request_crashes",
        "HTTP requests ended by an error",
    )

    @property
    def group(self) -> Group:
        """All connections: one request alone is nothing to look for."""
        return ("listeners",)
