"""Tries a TURN server: allocates a relayed address and gives it back (RFC 8656, section 7)."""

import hashlib
import struct
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import trio

from trio_sfu.stun.ask import Asked, connect
from trio_sfu.stun.message import (
    Attribute,
    Attributes,
    Kind,
    Message,
    StunError,
    encode,
    new_transaction,
)
from trio_sfu.stun.place import Place
from trio_sfu.stun.transaction import GIVE_UP

_UDP: Final = b"\x11\0\0\0"
_UNAUTHORIZED, _STALE_NONCE = 401, 438
_GIVING_BACK: Final = 1.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a TURN server knows a client by (RFC 8489, section 9.2)."""

    user: str
    password: str = field(repr=False)


async def try_relay(
    server: Place, credentials: Credentials, within: float = GIVE_UP
) -> tuple[str, int]:
    """Return an address that ``server`` relays from, which is given back at once.

    ``within`` are the seconds for each of its answers. Raises StunError; with
    stun-unauthorized it does not take the credentials.
    """
    async with AsyncExitStack() as stack:
        asked = await connect(stack, server, within)
        wanted = [(Attribute.REQUESTED_TRANSPORT, _UDP)]
        first = await asked.ask(encode(Kind.ALLOCATE, new_transaction(), wanted), within)
        if not first.refused:
            return first.address(Attribute.XOR_RELAYED_ADDRESS)
        session = _Session(asked, credentials, first, within)
        message = await session.ask(Kind.ALLOCATE, wanted)
        address = message.address(Attribute.XOR_RELAYED_ADDRESS)
        with trio.move_on_after(_GIVING_BACK):
            await session.ask(Kind.REFRESH, [(Attribute.LIFETIME, struct.pack("!I", 0))])
        return address


class _Session:
    """Requests with the realm and the nonce that a server has given."""

    def __init__(
        self, asked: Asked, credentials: Credentials, refusal: Message, within: float
    ) -> None:
        self._asked = asked
        self._who = credentials
        self._within = within
        self._take(refusal, _UNAUTHORIZED)

    async def ask(self, kind: Kind, attributes: Attributes) -> Message:
        """Return the success response. Raises StunError."""
        message = await self._once(kind, attributes)
        if message.refused and message.error()[0] == _STALE_NONCE:
            self._take(message, _STALE_NONCE)
            message = await self._once(kind, attributes)
        if not message.refused:
            return message
        code, reason = message.error()
        if code == _UNAUTHORIZED:
            raise StunError(f"{code} {reason}", code="stun-unauthorized")
        raise StunError(f"{code} {reason}", code="stun-refused")

    def _take(self, refusal: Message, expected: int) -> None:
        code, reason = refusal.error()
        realm, nonce = refusal.get(Attribute.REALM), refusal.get(Attribute.NONCE)
        if code != expected or realm is None or nonce is None:
            raise StunError(f"{code} {reason}", code="stun-refused")
        user = self._who.user.encode()
        # Not a secret's hash of our choice: RFC 8489, section 9.2.2.
        key = b":".join((user, realm, self._who.password.encode()))
        self._key = hashlib.md5(key, usedforsecurity=False).digest()
        self._identity = [
            (Attribute.USERNAME, user),
            (Attribute.REALM, realm),
            (Attribute.NONCE, nonce),
        ]

    async def _once(self, kind: Kind, attributes: Attributes) -> Message:
        request = encode(kind, new_transaction(), [*attributes, *self._identity], key=self._key)
        return await self._asked.ask(request, self._within)
