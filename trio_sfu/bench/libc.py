"""What the C library has and Python has not: many messages in one call, and memory given back."""

import ctypes
import os
import socket
from contextlib import suppress
from typing import Final

UDP_SEGMENT: Final = 103
UDP_GRO: Final = 104
A_CALL: Final = 64
"""Messages of one call: as many as the engine gives."""
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_len", ctypes.c_uint32),
        ("parts", ctypes.POINTER(_Part)),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_len", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("len", ctypes.c_uint))


class _Address(ctypes.Structure):
    _fields_ = (
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint16),
        ("address", ctypes.c_uint8 * 4),
        ("zero", ctypes.c_uint8 * 8),
    )


class _Segment(ctypes.Structure):
    """A control message with the length of the datagrams that the kernel is to make."""

    _fields_ = (
        ("len", ctypes.c_size_t),
        ("level", ctypes.c_int),
        ("type", ctypes.c_int),
        ("segment", ctypes.c_uint16),
    )


class Messages:
    """Messages of equal length to addresses, ready to be sent again and again by sendmmsg(2)."""

    def __init__(
        self, addresses: list[tuple[str, int]], length: int, segment: int | None = None
    ) -> None:
        """Make one of ``length`` random bytes for each; by ``segment`` the kernel splits it."""
        count = len(addresses)
        self._data = ctypes.create_string_buffer(os.urandom(length * count), length * count)
        self._parts = (_Part * count)()
        self._addresses = (_Address * count)()
        self._messages = (_Message * count)()
        header = _Segment.segment.offset + _Segment.segment.size
        self._segment = _Segment(header, socket.SOL_UDP, UDP_SEGMENT, segment or 0)
        start = ctypes.addressof(self._data)
        for number, (host, port) in enumerate(addresses):
            part, address = self._parts[number], self._addresses[number]
            part.base, part.len = start + number * length, length
            address.family = socket.AF_INET
            address.port = socket.htons(port)
            address.address[:] = socket.inet_aton(host)
            message = self._messages[number].header
            message.name, message.name_len = ctypes.addressof(address), ctypes.sizeof(address)
            message.parts, message.part_count = ctypes.pointer(part), 1
            if segment is not None:
                message.control = ctypes.addressof(self._segment)
                message.control_len = ctypes.sizeof(self._segment)

    @property
    def data(self) -> memoryview:
        """The bytes of all."""
        return memoryview(self._data).cast("B")

    def send(self, number: int, first: int, count: int) -> None:
        """Send so many from the socket of that number. Raises OSError when one is refused."""
        size = ctypes.sizeof(_Message)
        end = first + count
        while first < end:
            at = ctypes.byref(self._messages, first * size)
            done: int = _LIBC.sendmmsg(number, at, min(A_CALL, end - first), 0)
            if done < 0:
                error = ctypes.get_errno()
                raise OSError(error, os.strerror(error))
            first += done

    def send_nothing(self, number: int) -> None:
        """Call the kernel as ``send`` does, with no message."""
        _LIBC.sendmmsg(number, ctypes.byref(self._messages, 0), 0, 0)


def give_back_memory() -> None:
    """Have the C library give back what was freed, so that what is used anew can be seen."""
    with suppress(AttributeError):  # Only glibc can.
        _LIBC.malloc_trim(0)
