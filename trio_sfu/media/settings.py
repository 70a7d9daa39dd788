"""What a packet engine is started with."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Addresses and limits of a packet engine. Times are seconds.

    ``addresses`` share one UDP port; port 0 means any that is free on all of them.
    ``descriptors``: sockets of each worker that are bound already, in place of those.
    ``tcp_port``: where clients may connect (RFC 6544); 0: the number of the UDP port; None:
    nowhere. ``tcp_descriptors``: listening sockets of each worker, in its place.
    ``spread_above``: packets/s that a worker sends before peers of its rooms go to others.
    """

    addresses: Sequence[tuple[str, int]] = (("127.0.0.1", 0),)
    workers: int = 1
    spread_above: float = 100_000.0
    consent_timeout: float = 15.0
    silence_timeout: float = 3.0
    encoding_timeout: float = 2.0
    source_timeout: float = 10.0
    max_transports: int = 10_000
    event_queue: int = 16_384
    descriptors: Sequence[Sequence[int]] | None = None
    tcp_port: int | None = None
    tcp_descriptors: Sequence[Sequence[int]] | None = None
