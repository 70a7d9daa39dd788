"""A client that takes whole GSO runs, and looks at when its packets came."""

import socket
import struct
import time
from array import array
from contextlib import suppress
from typing import Final

from trio_sfu._native import Profile
from trio_sfu.bench.libc import UDP_GRO, UDP_SEGMENT
from trio_sfu.trial.client import GCM, Client
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.packets import wide_number

SAMPLE: Final = 5
"""After one that was decrypted so many are not, at least."""
_SO_TIMESTAMPNS: Final = 35
_STAMP: Final = slice(-24, -16)
"""Where the number of a departure is: in front of the bytes that every payload ends in."""
_MESSAGE: Final = bytearray(1 << 16)
"""What one call receives. One for all: it is looked at before the next one comes."""
_CONTROL: Final = socket.CMSG_SPACE(4) + socket.CMSG_SPACE(16)
_HEAD: Final = 64
"""Bytes in which a header with its extensions ends."""


class Travel:
    """When packets left and how long they took, of all clients."""

    def __init__(self) -> None:
        self.departures = array("q")
        """When what has that number was sent, in nanoseconds since the epoch."""
        self.latencies = array("q")
        """Nanoseconds."""
        self.stamped = True
        """Whether the kernel said when a packet had come; else it is when it was looked at."""


class Viewer(Client):
    """Publishes whole frames in one call, and takes runs as the kernel has them."""

    def __init__(
        self, server: tuple[str, int], ssrc: int, *, travel: Travel, profile: Profile = GCM
    ) -> None:
        super().__init__(server, ssrc, profile)
        self.published = 0
        self.gso = False
        """Whether a frame may go in one call."""
        self._travel = travel
        self._next_check = 0
        hear(self.socket)

    def publish(self, packets: list[bytes]) -> None:
        """Encrypt and send packets of equal length at once."""
        stamp = len(self._travel.departures).to_bytes(8)
        protect = self._sending.protect
        frame = [protect(each[: _STAMP.start] + stamp + each[_STAMP.stop :]) for each in packets]
        self.published += len(frame)
        self._travel.departures.append(time.time_ns())
        if not self.gso or len(frame) == 1:
            for each in frame:
                self._put(each)
            return
        segment = (socket.SOL_UDP, UDP_SEGMENT, struct.pack("=H", len(frame[0])))
        with suppress(BlockingIOError):  # Lost, as on a network.
            self.socket.sendmsg(frame, [segment])

    def drain(self, most: int) -> None:
        """Take what has come, at most so many runs."""
        now = time.monotonic_ns()
        for _ in range(most):
            try:
                size, controls, _, _ = self.socket.recvmsg_into([_MESSAGE], _CONTROL)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                raise TrialError(
                    "the packet engine's port is gone", code="trial-no-answer"
                ) from None
            segment, arrived = said(controls)
            self._take(size, segment or size, arrived, now)

    def _take(self, size: int, segment: int, arrived: int | None, now: int) -> None:
        media = []
        for start in range(0, size, segment):
            if _MESSAGE[start] < 128:
                continue
            if 192 <= _MESSAGE[start + 1] <= 223:  # RFC 5761, section 4
                self._take_control(bytes(_MESSAGE[start : min(size, start + segment)]))
            else:
                media.append(start)
        if not media:
            return
        self._note(media, size, now)
        self.received += len(media)
        if self._next_check < self.received:
            # Each place in a frame has its turn.
            start = media[self.checked % len(media)]
            self._next_check = self.received + SAMPLE
            self._look_at(bytes(_MESSAGE[start : min(size, start + segment)]), arrived)

    def _note(self, media: list[int], size: int, now: int) -> None:
        """Note them for feedback; what leaves in one run has consecutive numbers."""
        first, last = (self._wide_at(start, size) for start in (media[0], media[-1]))
        if first is None or last is None:
            return
        if (last - first) & 0xFFFF == len(media) - 1:
            for number in range(first, first + len(media)):
                self._feedback.note(number & 0xFFFF, now)
            return
        for start in media:
            number_there = self._wide_at(start, size)
            if number_there is not None:
                self._feedback.note(number_there, now)

    def _wide_at(self, start: int, size: int) -> int | None:
        head = bytes(_MESSAGE[start : min(size, start + _HEAD)])
        return wide_number(head, len(head))

    def _look_at(self, datagram: bytes, arrived: int | None) -> None:
        departure = int.from_bytes(self._check_payload(datagram)[_STAMP])
        departures = self._travel.departures
        if departure >= len(departures):
            raise TrialError("what came is not what was sent", code="trial-damaged")
        if arrived is None:
            self._travel.stamped = False
            arrived = time.time_ns()
        self._travel.latencies.append(arrived - departures[departure])


def hear(own: socket.socket) -> None:
    """Have the kernel hand over whole runs, and say when they came, where it can."""
    for level, option in ((socket.SOL_UDP, UDP_GRO), (socket.SOL_SOCKET, _SO_TIMESTAMPNS)):
        with suppress(OSError):
            own.setsockopt(level, option, 1)


def said(controls: list[tuple[int, int, bytes]]) -> tuple[int | None, int | None]:
    """Return the length of the datagrams of a run, and when it came, as far as it was said."""
    segment = arrived = None
    for level, kind, data in controls:
        if (level, kind) == (socket.SOL_UDP, UDP_GRO):
            [segment] = struct.unpack("=i", data[:4])
        elif (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanos = struct.unpack("@ll", data[:16])
            arrived = seconds * 1_000_000_000 + nanos
    return segment, arrived
