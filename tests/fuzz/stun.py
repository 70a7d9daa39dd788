"""What a STUN or TURN server answers, and what an operator writes about where it is."""

from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from tests.fuzz.reading import Input
from trio_sfu.stun.message import Attribute, Kind, StunError, decode, encode
from trio_sfu.stun.place import stun_place, turn_place
from trio_sfu.stun.transaction import Transaction

ID: Final = b"seeded-id-01"
REQUEST: Final = encode(Kind.BINDING, ID)
KINDS: Final = [each.value for each in Kind]
ATTRIBUTES: Final = [each.value for each in Attribute]


def stun(data: bytes) -> None:
    """Whatever comes is an answer, an error with a code, or passed over."""
    source = Input(data)
    how = source.byte()
    if how % 3 == 2:
        text = source.rest().decode("latin-1")
        for place in (stun_place, turn_place):
            with suppress(ValueError):
                assert 0 <= place(text).port <= 65_535
        return
    answer = source.rest()
    if how % 3 == 1:
        source = Input(answer)
        kind = source.choose(KINDS)
        parts: list[tuple[int, bytes]] = []
        while source and len(parts) < 16:
            parts.append((source.choose(ATTRIBUTES), source.slice()[:64]))
        answer = encode(kind, ID, parts, fingerprint=bool(how & 0x80))
    with suppress(StunError):
        look(answer)


def look(answer: bytes) -> None:
    """Read all of it."""
    taken = Transaction(REQUEST, 0).take(answer)
    message = decode(answer)
    assert taken is None or taken == message
    message.authentic(b"key")
    with suppress(StunError):
        code, _ = message.error()
        assert 0 <= code <= 955
    for kind in (Attribute.XOR_MAPPED_ADDRESS, Attribute.XOR_RELAYED_ADDRESS):
        with suppress(StunError):
            host, port = message.address(kind)
            assert str(ip_address(host)) == host
            assert 0 <= port <= 65_535
