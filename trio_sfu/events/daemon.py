"""Facts about the daemon as a whole."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Fact, Group, Level


@dataclass(frozen=True, slots=True)
class DaemonFailed(Crash):
    """An error that no crash group is there for ended the daemon."""

    counter: ClassVar[tuple[str, str] | None] = ("daemon_failures", "Errors that end the daemon")

    @property
    def group(self) -> Group:
        """The daemon."""
        return ()


@dataclass(frozen=True, slots=True)
class DrainBegun(Fact):
    """The daemon opens no more rooms and stops in `seconds`; `final`: a signal asked for it."""

    counter: ClassVar[tuple[str, str] | None] = ("drains", "Drains, and changes of their deadline")
    seconds: float
    final: bool


@dataclass(frozen=True, slots=True)
class DrainCancelled(Fact):
    """The drain was taken back: all is as before it."""


@dataclass(frozen=True, slots=True)
class ConfigurationReloaded(Fact):
    """The settings were read again and applied; `keys` are those that have changed."""

    counter: ClassVar[tuple[str, str] | None] = ("reloads", "Reloads of the settings")
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigurationRefused(Fact):
    """The settings were read again and refused, with `code`; nothing has changed."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "reloads_refused",
        "Reloads of the settings that were refused",
    )
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AddressesLearned(Fact):
    """A STUN server sees this host at other addresses than before: new clients are told them."""

    counter: ClassVar[tuple[str, str] | None] = (
        "announced_changes",
        "Changes of the addresses that a STUN server sees this host at",
    )
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StunFailed(Fact):
    """The STUN server gave no address, with `code`; clients are told what they were told before."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "stun_failures",
        "Times that no address was learned from the STUN server",
    )
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CertificateLoaded(Fact):
    """The files of the certificate were others; new connections get the new one."""

    counter: ClassVar[tuple[str, str] | None] = (
        "certificate_reloads",
        "Certificates taken over while running",
    )


@dataclass(frozen=True, slots=True)
class CertificateRefused(Fact):
    """The files of the certificate were others and cannot be used; the one before them stays."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "certificates_refused",
        "Certificates that could not be taken over",
    )
    message: str
