"""The engine of the run, set up by commands as the control plane would, but without DTLS."""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from select import EPOLLIN, epoll
from typing import Final

from trio_sfu._native import Engine
from trio_sfu.overload.workers import cpu_by_worker
from trio_sfu.sizing.client import PROFILE, Client
from trio_sfu.sizing.errors import SizeError
from trio_sfu.sizing.packets import (
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
"""Between those of two clients."""
_FIRST: Final = 0x5155_0000
_A_TURN: Final = 64
"""Datagrams of a socket before the others have their turn."""
_STATM: Final = Path("/proc/self/statm")


class Stage:
    """An engine, a publisher (the first client) and its subscribers. Made by ``open_stage``."""

    def __init__(self, engine: Engine, clients: list[Client], poller: epoll) -> None:
        self.clients = clients
        self.publisher, self.subscribers = clients[0], clients[1:]
        self._engine = engine
        self._poller = poller
        self._by_number = {client.socket.fileno(): client for client in clients}
        self._transports: list[int] = []
        self._tracks: dict[tuple[int, str], int] = {}
        self._slots: dict[str, list[int]] = {AUDIO_MID: [], VIDEO_MID: []}

    @property
    def receive_buffer(self) -> int:
        """Bytes that may wait in the engine's socket, as the kernel counts them."""
        return self._engine.receive_buffer()

    @property
    def gso(self) -> bool:
        """Whether many datagrams go in one call."""
        return self._engine.gso()

    def settle(self, client: int) -> None:
        """Give the engine a client: its transport, a track of each kind, and a pair of slots."""
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
        engine.set_srtp_keys(transport, PROFILE, own.inbound, own.outbound)
        base = ssrc_of(client)
        for at, (mid, kind) in enumerate(((AUDIO_MID, "audio"), (VIDEO_MID, "video"))):
            track = engine.add_up_track(
                transport,
                mid,
                "audio" if kind == "audio" else "video",
                ssrcs=[(base + at, None)],
            )
            self._tracks[client, mid] = track
        if client:
            self._slots[AUDIO_MID].append(
                engine.add_slot(transport, "2", "audio", ssrc=base + 2, cname="size")
            )
            self._slots[VIDEO_MID].append(
                engine.add_slot(
                    transport, "3", "video", ssrc=base + 3, rtx_ssrc=base + 4, cname="size"
                )
            )

    def connect(self) -> None:
        """Have the engine learn each client's address. Raises SizeError."""
        for client in self.clients:
            client.check()
            self._poller.register(client.socket, EPOLLIN)

    def show(self, mid: str | None) -> None:
        """Show the publisher's track of this line to all subscribers; None: nothing."""
        for line, slots in self._slots.items():
            track = self._tracks[0, line] if line == mid else None
            for slot in slots:
                self._engine.map_slot(slot, track)

    def receive(self, until: float) -> None:
        """Take what comes until then, and wait for more; at least once."""
        while True:
            wait = max(0.0, until - time.monotonic())
            for number, _ in self._poller.poll(wait, len(self.clients)):
                self._by_number[number].drain(_A_TURN)
            if time.monotonic() >= until:
                return

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
            raise SizeError("the packet engine's worker is gone", code="size-failed")
        return counters["rtp_received"], counters["rtp_forwarded"], worker


def ssrc_of(client: int) -> int:
    """Return the first of a client's SSRCs."""
    return _FIRST + client * _SSRCS


def resident() -> int:
    """Return the bytes of memory that the process has."""
    return int(_STATM.read_text().split()[1]) * resource.getpagesize()


@contextmanager
def open_stage(subscribers: int) -> Iterator[Stage]:
    """Start an engine of one worker on loopback, and its clients' sockets.

    Raises SizeError when there is no UDP on loopback.
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
            clients = []
            for number in range(subscribers + 1):
                clients.append(Client(address, ssrc_of(number)))
                stack.callback(clients[-1].close)
        except OSError as error:
            raise SizeError(
                f"no UDP port on {HOST} can be used: {error}. Is the loopback interface up "
                "(`ip link set lo up`), and may so many sockets be open (`ulimit -n`)?",
                code="size-no-udp",
            ) from None
        yield Stage(engine, clients, stack.enter_context(epoll()))
