"""Tries whether a media port is reached, as ICE does: a connectivity check (RFC 8445, 7.2)."""

import secrets
from contextlib import AsyncExitStack
from typing import Final

from trio_sfu.stun.ask import connect_peer
from trio_sfu.stun.message import Attribute, Kind, StunError, encode, new_transaction
from trio_sfu.stun.place import Place
from trio_sfu.stun.transaction import GIVE_UP

_PRIORITY: Final = (110 << 24 | 65_535 << 8 | 255).to_bytes(4, "big")
"""Of a peer-reflexive candidate (RFC 8445, section 5.1.2.1)."""


def connectivity_check(
    transaction: bytes, username: str, password: str, *, tie_breaker: bytes, nominate: bool = False
) -> bytes:
    """Return the request of a controlling agent; ``password`` is of the one that is checked.

    ``transaction`` has 12 bytes, ``tie_breaker`` 8.
    """
    attributes = [
        (Attribute.USERNAME, username.encode()),
        (Attribute.PRIORITY, _PRIORITY),
        (Attribute.ICE_CONTROLLING, tie_breaker),
    ]
    if nominate:
        attributes.append((Attribute.USE_CANDIDATE, b""))
    return encode(Kind.BINDING, transaction, attributes, key=password.encode())


async def check_path(place: Place, user: str, password: str, within: float = GIVE_UP) -> str:
    """Return the address that who has these ICE credentials sees this machine at.

    ``user`` and ``password`` are of the one that is checked. Raises StunError: no answer, or
    one of somebody else.
    """
    async with AsyncExitStack() as stack:
        asked = await connect_peer(stack, place, within)
        tie_breaker = secrets.token_bytes(8)
        request = connectivity_check(
            new_transaction(), f"{user}:doctor", password, tie_breaker=tie_breaker
        )
        message = await asked.ask(request, within)
    if message.refused or not message.authentic(password.encode()):
        raise StunError("somebody else answers there", code="stun-refused")
    return message.address(Attribute.XOR_MAPPED_ADDRESS)[0]
