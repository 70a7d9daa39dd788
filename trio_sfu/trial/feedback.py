"""What a subscriber says of what has arrived: transport-wide feedback, as browsers send it.

draft-holmer-rmcat-transport-wide-cc-extensions-01.
"""

import struct
from typing import Final

_OF: Final = 64_000_000
"""Nanoseconds of a step of the reference time."""
_STEP: Final = 250_000
"""Nanoseconds of a step of a delta."""
_EMPTY_REPORT: Final = b"\x80\xc9\x00\x01\x00\x00\x00\x01"
_HALF: Final = 0x8000
_A_CHUNK: Final = 7
"""Packets that a status vector chunk with two bits each tells of."""
_SMALL: Final = 0xFF
_LARGE: Final = 0x7FFF
MOST: Final = 400
"""Packets that one message tells of; more are left out."""


class Feedback:
    """The arrivals since the last message."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._arrived: dict[int, int] = {}
        self._next: int | None = None
        self._count = 0

    def note(self, wide: int, now: int) -> None:
        """Note a packet by its number, modulo 2^16, at ``now`` nanoseconds."""
        if self._next is not None:
            ahead = (wide - self._next) & 0xFFFF
            wide = self._next + (ahead if ahead < _HALF else ahead - 0x10000)
            if wide < self._next:
                return  # Told of as lost.
        if len(self._arrived) < MOST:
            self._arrived.setdefault(wide, now)

    def message(self) -> bytes | None:
        """Return the next compound packet; None when nothing has arrived."""
        if not self._arrived:
            return None
        arrived, self._arrived = self._arrived, {}
        first = min(arrived) if self._next is None else self._next
        numbers = range(first, min(max(arrived) + 1, first + MOST))
        self._next = numbers.stop
        earliest = min(arrived.values())
        symbols, deltas, at = [], bytearray(), earliest // _OF * _OF
        for number in numbers:
            time = arrived.get(number)
            symbol = 0
            if time is not None:
                step = (time - at) // _STEP
                at += step * _STEP
                symbol = 1 if 0 <= step <= _SMALL else 2
                step = max(-_LARGE, min(step, _LARGE))
                deltas += step.to_bytes(1) if symbol == 1 else step.to_bytes(2, signed=True)
            symbols.append(symbol)
        body = struct.pack(
            "!IIHHI",
            self._ssrc,
            self._ssrc,
            numbers.start & 0xFFFF,
            len(numbers),
            (earliest // _OF & 0xFFFFFF) << 8 | self._count & 0xFF,
        )
        self._count += 1
        body += _chunks(symbols) + deltas
        body += bytes(-len(body) % 4)
        return _EMPTY_REPORT + b"\x8f\xcd" + (len(body) // 4).to_bytes(2) + body


def _chunks(symbols: list[int]) -> bytes:
    out = bytearray()
    for begin in range(0, len(symbols), _A_CHUNK):
        chunk = 0b11
        for symbol in [*symbols[begin : begin + _A_CHUNK], *[0] * _A_CHUNK][:_A_CHUNK]:
            chunk = chunk << 2 | symbol
        out += chunk.to_bytes(2)
    return bytes(out)
