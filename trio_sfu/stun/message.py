"""STUN messages (RFC 8489, sections 5 and 14). Pure."""

import hashlib
import hmac
import secrets
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

from trio_sfu.errors import SfuError

COOKIE: Final = 0x2112A442
LONGEST: Final = 1_500
"""Bytes of a message that is looked at; those of a server are far shorter."""
_HEADER: Final = struct.Struct("!HHI12s")
_PART: Final = struct.Struct("!HH")
_FINGERPRINT_XOR: Final = 0x5354554E
_IPV4, _IPV6 = 1, 2
_WITH_INTEGRITY: Final = _PART.size + 20
_WITH_FINGERPRINT: Final = _PART.size + 4


class StunError(SfuError):
    """Nothing came of a request; ``docs/errors.md`` has the codes."""

    default_code = "stun-malformed"


class Kind(IntEnum):
    """Methods with their class, as they are on the wire."""

    BINDING = 0x0001
    BINDING_SUCCESS = 0x0101
    BINDING_ERROR = 0x0111
    ALLOCATE = 0x0003
    ALLOCATE_SUCCESS = 0x0103
    ALLOCATE_ERROR = 0x0113
    REFRESH = 0x0004


SUCCESS: Final = 0x0100
ERROR: Final = 0x0110
_CLASS: Final = 0x0110


class Attribute(IntEnum):
    """Types of attributes (RFC 8489, section 18.3; RFC 8656, 18; RFC 8445, 16.1)."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    LIFETIME = 0x000D
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_TRANSPORT = 0x0019
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    FINGERPRINT = 0x8028
    ICE_CONTROLLING = 0x802A


Attributes: TypeAlias = Sequence[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that has been read. Its MESSAGE-INTEGRITY is checked by ``authentic`` only."""

    kind: int
    transaction: bytes
    attributes: Attributes
    signed: bytes = b""
    """What MESSAGE-INTEGRITY is over, or nothing when there is none."""
    integrity: bytes = b""

    def get(self, wanted: Attribute) -> bytes | None:
        """Return the value of the first attribute of a type."""
        return next((value for kind, value in self.attributes if kind == wanted), None)

    def answers(self, request: int) -> bool:
        """Whether it is a response, good or bad, to a request of this kind."""
        return self.kind in (request | SUCCESS, request | ERROR)

    @property
    def refused(self) -> bool:
        """Whether it is an error response."""
        return self.kind & _CLASS == ERROR

    def error(self) -> tuple[int, str]:
        """Return code and reason of an error response. Raises StunError."""
        value = self.get(Attribute.ERROR_CODE)
        if value is None or len(value) < 4:
            raise StunError("an error response without an ERROR-CODE")
        return (value[2] & 7) * 100 + value[3], value[4:].decode("utf-8", "replace")

    def address(self, kind: Attribute) -> tuple[str, int]:
        """Return host and port of an XOR-…-ADDRESS. Raises StunError."""
        value = self.get(kind)
        if value is None:
            raise StunError(f"a response without {kind.name.replace('_', '-')}")
        family = value[1] if len(value) > 1 else 0
        if (family, len(value)) not in ((_IPV4, 8), (_IPV6, 20)):
            raise StunError(f"{kind.name.replace('_', '-')} is no address")
        pad = struct.pack("!I", COOKIE) + self.transaction
        port = int.from_bytes(value[2:4], "big") ^ COOKIE >> 16
        host = bytes(a ^ b for a, b in zip(value[4:], pad, strict=False))
        return str(ip_address(host)), port

    def authentic(self, key: bytes) -> bool:
        """Whether its MESSAGE-INTEGRITY was made with ``key``."""
        expected = hmac.digest(key, self.signed, hashlib.sha1)
        return bool(self.integrity) and hmac.compare_digest(expected, self.integrity)


def new_transaction() -> bytes:
    """Return an identifier that nobody off the path can guess (RFC 8489, section 5)."""
    return secrets.token_bytes(12)


def encode(
    kind: int,
    transaction: bytes,
    attributes: Iterable[tuple[int, bytes]] = (),
    *,
    key: bytes | None = None,
    fingerprint: bool = True,
) -> bytes:
    """Return a message's bytes, with MESSAGE-INTEGRITY by ``key``."""
    body = b"".join(_part(*each) for each in attributes)
    if key is not None:
        signed = _header(kind, len(body) + _WITH_INTEGRITY, transaction) + body
        body += _part(Attribute.MESSAGE_INTEGRITY, hmac.digest(key, signed, hashlib.sha1))
    if fingerprint:
        whole = _header(kind, len(body) + _WITH_FINGERPRINT, transaction) + body
        body += _part(Attribute.FINGERPRINT, _fingerprint(whole))
    return _header(kind, len(body), transaction) + body


def decode(data: bytes) -> Message:
    """Return the message that ``data`` is, all of it. Raises StunError.

    What comes after MESSAGE-INTEGRITY is passed over (RFC 8489, section 14.5); a FINGERPRINT
    must be the last attribute, and right.
    """
    if not _HEADER.size <= len(data) <= LONGEST:
        raise StunError("no STUN message: its length")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind >> 14 or cookie != COOKIE or length % 4 or _HEADER.size + length != len(data):
        raise StunError("no STUN message: its header")
    attributes: list[tuple[int, bytes]] = []
    signed = integrity = b""
    at = _HEADER.size
    while at < len(data):
        part, size = _PART.unpack_from(data, at)
        begin, end = at + _PART.size, at + _PART.size + size
        if end > len(data):
            raise StunError("no STUN message: an attribute passes its end")
        value = data[begin:end]
        after = end + -size % 4
        if part == Attribute.FINGERPRINT:
            if after != len(data) or value != _fingerprint(data[:at]):
                raise StunError("its FINGERPRINT is wrong")
        elif integrity:
            pass
        elif part == Attribute.MESSAGE_INTEGRITY:
            signed = _header(kind, after - _HEADER.size, transaction) + data[_HEADER.size : at]
            integrity = value
        else:
            attributes.append((part, value))
        at = after
    return Message(kind, transaction, tuple(attributes), signed, integrity)


def xor_address(host: str, port: int, transaction: bytes) -> bytes:
    """Return the value of an XOR-…-ADDRESS."""
    address: IPv4Address | IPv6Address = ip_address(host)
    pad = struct.pack("!I", COOKIE) + transaction
    packed = bytes(a ^ b for a, b in zip(address.packed, pad, strict=False))
    family = _IPV4 if address.version == 4 else _IPV6
    return struct.pack("!BBH", 0, family, port ^ COOKIE >> 16) + packed


def _header(kind: int, length: int, transaction: bytes) -> bytes:
    return _HEADER.pack(kind, length, COOKIE, transaction)


def _part(kind: int, value: bytes) -> bytes:
    return _PART.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _fingerprint(before: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(before) ^ _FINGERPRINT_XOR)
