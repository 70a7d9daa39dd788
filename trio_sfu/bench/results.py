"""What was found, as ``--json`` has it."""

from msgspec import Struct

from trio_sfu._native import Profile
from trio_sfu.bench.figures import Round, Spread
from trio_sfu.trial.host import Host


class Measured(Struct, frozen=True, kw_only=True):
    """What was found of a workload with a profile."""

    workload: str
    about: str
    profile: Profile
    subscribers: int
    packets_a_frame: int
    packet_bytes: int
    """As sent, encrypted, without the headers of UDP and IP."""
    wanted_packets_a_second: float
    memory_bytes: int
    """A subscriber: what the process has grown by, with what its packets need."""
    checked: int
    """Packets that were decrypted and compared."""
    stamped: bool
    """Whether the kernel said when packets came; else it is when the clients looked."""
    gso: bool
    floor_arrived: float
    """The least share of the floor's bytes that came through in a round."""
    figures: dict[str, Spread | None]
    """Of the rounds, by the names that they have there."""
    rounds: list[Round]


class Joined(Struct, frozen=True, kw_only=True):
    """What joins took."""

    joins: int
    join_ns: Spread
    """Of the event loop, for a join, a call and its end; without the clients' part."""
    joins_a_second: Spread
    """What one core has time for, at that."""
    seen_a_second: Spread
    """One after the other, with the clients in the same thread."""


class Clock(Struct, frozen=True, kw_only=True):
    """What times are read from, and what sets the cores' pace; None: the kernel does not say."""

    source: str | None
    governor: str | None


class Report(Struct, frozen=True, kw_only=True):
    """All that the command says."""

    host: Host
    clock: Clock
    seconds: float
    """A workload, without loading and warming up."""
    rounds: int
    workloads: list[Measured]
    joins: Joined | None
    warnings: list[str]
    notes: tuple[str, ...]
