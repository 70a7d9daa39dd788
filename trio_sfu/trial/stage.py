"""The engine of the run, set up by commands as the control plane would, but without DTLS."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from select import EPOLLIN, epoll
from typing import Final, Generic, TypeVar

from trio_sfu._native import Engine
from trio_sfu.overload.workers import cpu_by_worker
from trio_sfu.trial.client import Client
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.packets import (
    AUDIO_LEVEL,
    AUDIO_MID,
    MID,
    OPUS,
    RTX,
    TRANSPORT_CC,
    VIDEO_MID,
    VP8,
)

HOST: Final = "127.0.0.1"
_NEVER: Final = 3_600_000
"""Milliseconds: the clients send no consent checks."""
_WORKER: Final = "worker-0"
_SSRCS: Final = 8
"""Between those of two clients: two tracks, and two pairs of slots."""
_FIRST: Final = 0x5155_0000
_A_TURN: Final = 64
"""Datagrams of a socket before the others have their turn."""
_LOOK: Final = 0.001
"""Seconds between two looks at what has come, where it is looked at by the clock."""
_STATM: Final = Path("/proc/self/statm")
C = TypeVar("C", bound=Client)


class Stage(Generic[C]):
    """An engine, a publisher (the first client) and its subscribers. Made by ``open_stage``."""

    def __init__(
        self, engine: Engine, clients: list[C], poller: epoll, *, by_the_clock: bool
    ) -> None:
        self.clients = clients
        self.publisher, self.subscribers = clients[0], clients[1:]
        self._engine = engine
        self._poller = poller
        self._by_the_clock = by_the_clock
        self._by_number = {client.socket.fileno(): client for client in clients}
        self._transports: list[int] = []
        self._tracks: dict[tuple[int, str], int] = {}
        self._slots: dict[tuple[int, str], list[int]] = {}

    @property
    def receive_buffer(self) -> int:
        """Bytes that may wait in the engine's socket, as the kernel counts them."""
        return self._engine.receive_buffer()

    @property
    def gso(self) -> bool:
        """Whether many datagrams go in one call."""
        return self._engine.gso()

    def settle(self, client: int, pairs: int = 1) -> None:
        """Give the engine a client: its transport, two tracks, and two pairs of slots at most."""
        engine, own = self._engine, self.clients[client]
        transport = engine.add_transport(own.ufrag, own.password)
        self._transports.append(transport)
        engine.set_negotiated(
            transport,
            extensions=[
                (MID, "mid"),
                (TRANSPORT_CC, "transport-cc"),
                (AUDIO_LEVEL, "audio-level"),
            ],
            codecs=[(OPUS, "opus", 48_000, None), (VP8, "vp8", 90_000, RTX)],
        )
        engine.set_srtp_keys(transport, own.profile, own.inbound, own.outbound)
        base = ssrc_of(client)
        for at, (mid, kind) in enumerate(((AUDIO_MID, "audio"), (VIDEO_MID, "video"))):
            track = engine.add_up_track(
                transport,
                mid,
                "audio" if kind == "audio" else "video",
                ssrcs=[(base + at, None)],
            )
            self._tracks[client, mid] = track
        sound = self._slots[client, AUDIO_MID] = []
        pictures = self._slots[client, VIDEO_MID] = []
        for pair in range(pairs):
            line, ssrc = 2 + 2 * pair, base + 2 + 3 * pair
            sound.append(engine.add_slot(transport, str(line), "audio", ssrc=ssrc, cname="trial"))
            pictures.append(
                engine.add_slot(
                    transport,
                    str(line + 1),
                    "video",
                    ssrc=ssrc + 1,
                    rtx_ssrc=ssrc + 2,
                    cname="trial",
                )
            )

    def connect(self) -> None:
        """Have the engine learn each client's address. Raises TrialError."""
        for client in self.clients:
            client.check()
            self._poller.register(client.socket, EPOLLIN)

    def show(self, mid: str | None) -> None:
        """Show the publisher's track of this line to all subscribers; None: nothing."""
        for (_, line), slots in self._slots.items():
            track = self._tracks[0, line] if line == mid else None
            for slot in slots:
                self._engine.map_slot(slot, track)

    def introduce(self, viewer: int, publisher: int, mid: str, pair: int) -> None:
        """Show a client's track of this line to another, in one of its pairs."""
        self._engine.map_slot(self._slots[viewer, mid][pair], self._tracks[publisher, mid])

    def receive(self, until: float) -> None:
        """Take what comes until then, and wait for more; at least once.

        By the clock nobody waits on a socket, and so the engine wakes nobody up: with a
        network in between it would not either.
        """
        if self._by_the_clock:
            by_the_clock(self._collect, until)
            return
        while True:
            wait = max(0.0, until - time.monotonic())
            self._collect(wait)
            if time.monotonic() >= until:
                return

    def _collect(self, wait: float = 0.0) -> None:
        for number, _ in self._poller.poll(wait, len(self.clients)):
            self._by_number[number].drain(_A_TURN)

    def counters(self) -> dict[str, int]:
        """Return what the engine has counted."""
        return self._engine.counters()

    def transport_stats(self, client: int) -> dict[str, int]:
        """Return what the engine has counted of a client."""
        return self._engine.transport_stats(self._transports[client])

    def counted(self) -> tuple[int, int, float]:
        """Return RTP packets received and forwarded, and the worker's CPU seconds, so far."""
        self._engine.drain_events(100_000)
        counters = self.counters()
        worker = cpu_by_worker().get(_WORKER)
        if worker is None:
            raise TrialError("the packet engine's worker is gone", code="trial-failed")
        return counters["rtp_received"], counters["rtp_forwarded"], worker


def by_the_clock(collect: Callable[[], None], until: float) -> None:
    """Collect what has come once a millisecond until then, and at least once."""
    while True:
        collect()
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, _LOOK))


def ssrc_of(client: int) -> int:
    """Return the first of a client's SSRCs."""
    return _FIRST + client * _SSRCS


def resident() -> int:
    """Return the bytes of memory that the process has."""
    return int(_STATM.read_text().split()[1]) * resource.getpagesize()


@contextmanager
def open_stage(
    subscribers: int,
    make: Callable[[tuple[str, int], int], C],
    *,
    by_the_clock: bool = False,
) -> Iterator[Stage[C]]:
    """Start an engine of one worker on loopback, and its clients, made with address and SSRC.

    Raises TrialError when there is no UDP on loopback.
    """
    with ExitStack() as stack:
        try:
            engine = Engine(
                addresses=[(HOST, 0)],
                consent_timeout_ms=_NEVER,
                silence_timeout_ms=_NEVER,
                max_transports=subscribers + 1,
            )
            stack.callback(engine.close)
            address = engine.local_addresses()[0][0]
            clients: list[C] = []
            for number in range(subscribers + 1):
                clients.append(make(address, ssrc_of(number)))
                stack.callback(clients[-1].close)
            poller = stack.enter_context(epoll())
        except OSError as error:
            raise TrialError(
                f"no UDP port on {HOST} can be used: {error}. Is the loopback interface up "
                "(`ip link set lo up`), and may so many sockets be open (`ulimit -n`)?",
                code="trial-no-udp",
            ) from None
        yield Stage(engine, clients, poller, by_the_clock=by_the_clock)
