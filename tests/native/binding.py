"""Binding requests and what answers them, made by another implementation (aioice)."""

from dataclasses import dataclass
from random import Random

from aioice import stun

UFRAG = "sfuA"
PASSWORD = "0123456789abcdefghijkl"  # noqa: S105 - of a test's transport

Address = tuple[str, int]


@dataclass(frozen=True)
class Answer:
    """A success response: whom it answers and which address the engine saw."""

    transaction: bytes
    mapped: Address


def request(
    random: Random,
    *,
    ufrag: str = UFRAG,
    password: str = PASSWORD,
    nominate: bool = False,
) -> tuple[bytes, bytes]:
    """Return a browser's connectivity check (RFC 8445) and its transaction id."""
    transaction = random.randbytes(12)
    message = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.REQUEST,
        transaction_id=transaction,
    )
    message.attributes["USERNAME"] = f"{ufrag}:peer"
    message.attributes["PRIORITY"] = 1853824767
    message.attributes["ICE-CONTROLLING"] = 7
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    message.add_fingerprint()
    return bytes(message), transaction


def answer(datagram: bytes, *, password: str = PASSWORD) -> Answer:
    """Parse a success response and check that the engine knew the password."""
    message = stun.parse_message(datagram)
    assert message.message_class is stun.Class.RESPONSE
    assert message.check_message_integrity(password.encode())
    return Answer(message.transaction_id, message.attributes["XOR-MAPPED-ADDRESS"])
