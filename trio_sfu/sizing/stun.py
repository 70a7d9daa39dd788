"""A binding request and its answer (RFC 8489, RFC 8445), for clients that only measure."""

import hmac
import struct
import zlib
from hashlib import sha1
from typing import Final

_COOKIE: Final = b"\x21\x12\xa4\x42"
_REQUEST, _SUCCESS = 0x0001, 0x0101
_USERNAME, _INTEGRITY, _PRIORITY, _USE_CANDIDATE = 0x0006, 0x0008, 0x0024, 0x0025
_FINGERPRINT, _CONTROLLING = 0x8028, 0x802A
_FINGERPRINT_XOR: Final = 0x5354554E
_HEADER: Final = 20
_INTEGRITY_LEN: Final = 24
"""Bytes of the attribute, with its own header."""


def request(transaction: bytes, ufrag: str, password: str) -> bytes:
    """Return a check that nominates; ``transaction`` has 12 bytes."""
    attributes = (
        _attribute(_USERNAME, f"{ufrag}:size".encode())
        + _attribute(_PRIORITY, (1).to_bytes(4))
        + _attribute(_CONTROLLING, (1).to_bytes(8))
        + _attribute(_USE_CANDIDATE, b"")
    )
    # Each of the last two covers a length that has itself in it.
    covered = _header(_REQUEST, len(attributes) + _INTEGRITY_LEN, transaction) + attributes
    attributes += _attribute(_INTEGRITY, _mac(password, covered))
    covered = _header(_REQUEST, len(attributes) + 8, transaction) + attributes
    crc = zlib.crc32(covered) ^ _FINGERPRINT_XOR
    return covered + _attribute(_FINGERPRINT, crc.to_bytes(4))


def is_answer(datagram: bytes, transaction: bytes, password: str) -> bool:
    """Return whether this is the success of that request, from who knows the password."""
    if len(datagram) < _HEADER or datagram[:2] != _SUCCESS.to_bytes(2):
        return False
    if datagram[4:8] != _COOKIE or datagram[8:_HEADER] != transaction:
        return False
    at = _HEADER
    while at + 4 <= len(datagram):
        kind, length = struct.unpack_from("!HH", datagram, at)
        if kind == _INTEGRITY:
            head = _header(_SUCCESS, at - _HEADER + _INTEGRITY_LEN, transaction)
            mac = _mac(password, head + datagram[_HEADER:at])
            return hmac.compare_digest(mac, datagram[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4
    return False


def _header(kind: int, length: int, transaction: bytes) -> bytes:
    return kind.to_bytes(2) + length.to_bytes(2) + _COOKIE + transaction


def _attribute(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2) + len(value).to_bytes(2) + value + bytes(-len(value) % 4)


def _mac(password: str, covered: bytes) -> bytes:
    return hmac.digest(password.encode(), covered, sha1)
