"""The floor: what this kernel and its crypto take for the same bytes, with no SFU around them."""

import hmac
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from select import EPOLLIN, epoll
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES128

from trio_sfu._native import Profile
from trio_sfu.bench.figures import FloorCount
from trio_sfu.bench.libc import Messages
from trio_sfu.bench.viewer import hear
from trio_sfu.trial.client import CM
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.stage import HOST, by_the_clock

_BUFFER: Final = 1 << 20
_PIECE: Final = 1 << 16
"""Bytes that are encrypted in one call, so that calling is nothing beside encrypting."""
_LARGEST: Final = 1 << 16
_A_TURN: Final = 64
_TRIES: Final = 25
_BLOCK: Final = 16


class Encryption:
    """OpenSSL over bytes in large pieces: no packets, and so neither keys to look up nor tags."""

    def __init__(self, profile: Profile) -> None:
        key = os.urandom(16)
        mode = modes.CTR(os.urandom(16)) if profile == CM else modes.GCM(os.urandom(12))
        self._cipher: CipherContext = Cipher(AES128(key), mode).encryptor()
        self._hash = hmac.new(key, digestmod="sha1") if profile == CM else None
        self._out = bytearray(_PIECE + _BLOCK)

    def encrypt(self, data: memoryview) -> None:
        """Encrypt, and authenticate where that is a step of its own."""
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            self._cipher.update_into(piece, self._out)
            if self._hash is not None:
                self._hash.update(piece)


@dataclass(frozen=True, slots=True)
class Burst:
    """What is sent at once."""

    packets: int
    """To each."""
    size: int
    """Bytes of a packet, encrypted."""
    fan_out: int
    gso: bool
    """Whether the packets to one socket go as one run."""
    profile: Profile


class Floor:
    """Sends the same bytes in the same runs to as many sockets. Made by ``open_floor``."""

    def __init__(
        self, sender: socket.socket, receivers: list[socket.socket], poller: epoll, burst: Burst
    ) -> None:
        self._sender = sender.fileno()
        self._receivers = {each.fileno(): each for each in receivers}
        self._poller = poller
        self._buffer = bytearray(_LARGEST)
        self._packets = self._sent = self._arrived = 0
        self._kernel = 0
        split = 1 if burst.gso else burst.packets
        addresses = [each.getsockname() for each in receivers for _ in range(split)]
        segment = burst.size if burst.gso and burst.packets > 1 else None
        self._messages = Messages(addresses, burst.size * burst.packets // split, segment)
        self._size = burst.size
        self._next, self._count = 0, len(addresses)
        self._a_step = burst.fan_out * split
        self._step_packets = burst.fan_out * burst.packets
        self._data = self._messages.data[: self._step_packets * burst.size]
        self._encryption = Encryption(burst.profile)
        self._calling = _median(lambda: self._messages.send_nothing(self._sender))

    def step(self) -> None:
        """Encrypt and send once, and note what sending took of this thread."""
        self._encryption.encrypt(self._data)
        # Python's own way there is in the caches then.
        self._messages.send_nothing(self._sender)
        began = time.thread_time_ns()
        try:
            self._messages.send(self._sender, self._next, self._a_step)
        except OSError as error:
            raise TrialError(
                f"the kernel does not send what the floor asks for: {error}", code="trial-failed"
            ) from None
        self._kernel += max(0, time.thread_time_ns() - began - self._calling)
        self._next += self._a_step
        if self._next + self._a_step > self._count:
            self._next = 0
        self._packets += self._step_packets
        self._sent += len(self._data)

    def receive(self, until: float) -> None:
        """Take what comes until then, by the clock."""
        by_the_clock(self._collect, until)

    def take_count(self) -> FloorCount:
        """Return what was counted since the last time."""
        count = FloorCount(
            packets=self._packets,
            kernel_nanos=self._kernel,
            crypto_ns=self._encrypting(),
            arrived=self._arrived / max(1, self._sent),
        )
        self._packets = self._sent = self._arrived = self._kernel = 0
        return count

    def _encrypting(self) -> float:
        """Return the nanoseconds for the bytes of a packet, without what calling takes."""
        data = self._data if len(self._data) >= _PIECE else memoryview(bytes(_PIECE))
        whole = _median(lambda: self._encryption.encrypt(data))
        calling = _median(lambda: self._encryption.encrypt(data[:_BLOCK]))
        return max(0, whole - calling) * self._size / len(data)

    def _collect(self) -> None:
        for number, _ in self._poller.poll(0, len(self._receivers)):
            receive = self._receivers[number].recv_into
            for _ in range(_A_TURN):
                try:
                    self._arrived += receive(self._buffer)
                except BlockingIOError:
                    break


def _median(call: Callable[[], None]) -> int:
    """Return the nanoseconds that the call itself takes."""
    taken = []
    for _ in range(_TRIES):
        began = time.thread_time_ns()
        call()
        taken.append(time.thread_time_ns() - began)
    return int(statistics.median(taken))


@contextmanager
def open_floor(receivers: int, burst: Burst) -> Iterator[Floor]:
    """Open its sockets on loopback. Raises TrialError."""
    with ExitStack() as stack:
        try:
            sockets = [stack.enter_context(_bound()) for _ in range(receivers + 1)]
            poller = stack.enter_context(epoll())
        except OSError as error:
            raise TrialError(
                f"no UDP port on {HOST} can be used: {error}. May so many sockets be open "
                "(`ulimit -n`)?",
                code="trial-no-udp",
            ) from None
        sender, *others = sockets
        for each in others:
            each.setblocking(False)  # noqa: FBT003
            hear(each)
            poller.register(each, EPOLLIN)
        yield Floor(sender, others, poller, burst)


def _bound() -> socket.socket:
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        own.bind((HOST, 0))
    except OSError:
        own.close()
        raise
    return own
