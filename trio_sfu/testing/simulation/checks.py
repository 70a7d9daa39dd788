"""A client's ICE connectivity checks (RFC 8445, RFC 8489), written and read."""

import hashlib
import hmac
import zlib
from typing import Final

_COOKIE: Final = bytes.fromhex("2112a442")
_REQUEST: Final = b"\x00\x01"
_SUCCESS: Final = b"\x01\x01"
_USERNAME: Final = 0x0006
_INTEGRITY: Final = 0x0008
_PRIORITY: Final = 0x0024
_USE_CANDIDATE: Final = 0x0025
_FINGERPRINT: Final = 0x8028
_CONTROLLING: Final = 0x802A
_HOST_PRIORITY: Final = (126 << 24) | (65_535 << 8) | 255


def binding_request(transaction: bytes, *, username: str, password: str) -> bytes:
    """Return a nominating check of a controlling agent."""
    body = _attribute(_USERNAME, username.encode())
    body += _attribute(_PRIORITY, _HOST_PRIORITY.to_bytes(4))
    body += _attribute(_CONTROLLING, (7).to_bytes(8))
    body += _attribute(_USE_CANDIDATE, b"")
    signed = _header(transaction, len(body) + 24) + body
    body += _attribute(_INTEGRITY, hmac.new(password.encode(), signed, hashlib.sha1).digest())
    checked = _header(transaction, len(body) + 8) + body
    return checked + _attribute(_FINGERPRINT, (zlib.crc32(checked) ^ 0x5354554E).to_bytes(4))


def answers(datagram: bytes) -> bytes | None:
    """Return the transaction a success response answers."""
    if len(datagram) < 20 or datagram[:2] != _SUCCESS or datagram[4:8] != _COOKIE:
        return None
    return datagram[8:20]


def _header(transaction: bytes, length: int) -> bytes:
    return _REQUEST + length.to_bytes(2) + _COOKIE + transaction


def _attribute(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2) + len(value).to_bytes(2) + value + bytes(-len(value) % 4)
