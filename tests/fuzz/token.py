"""A join token: any text, and right and wrong claims behind a right signature."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

from tests.fuzz.reading import Input
from trio_sfu.access import Gate, Grant, Policy
from trio_sfu.access.keys import ALGORITHMS, Key
from trio_sfu.errors import TokenError
from trio_sfu.signaling.codes import CODES

NOW: Final = 1_800_000_000.0
SECRET: Final = b"k" * 32
POLICY: Final = Policy({"k": Key("k", "HS256", SECRET)})
HEADERS: Final = [
    b'{"alg":"HS256","kid":"k"}',
    *(b'{"alg":"%s","kid":"k"}' % each.encode() for each in (*ALGORITHMS, "none")),
]


def token(data: bytes) -> None:
    """Whatever it is, it is granted for its room or refused with a code; nothing else."""
    source = Input(data)
    how = source.byte()
    if how % 3 == 0:
        text = source.rest().decode("latin-1") if how % 2 else source.text()
    else:
        header = HEADERS[source.byte() % len(HEADERS)] if how % 3 == 1 else source.slice()
        text = signed(header, source.rest())
    gate = Gate(POLICY, lambda: NOW)
    found = outcome(gate, text)
    if isinstance(found, str):
        assert found in CODES
        return
    assert found.room == "room"
    assert found.identity
    assert NOW < found.expires <= NOW + POLICY.max_lifetime + 2 * POLICY.leeway
    gate.use(found)
    again = outcome(gate, text)
    assert again == ("token-used" if found.single is not None else found)


def outcome(gate: Gate, text: str) -> Grant | str:
    """Return what a token grants, or the code it is refused with."""
    try:
        return gate.grant(text, "room")
    except TokenError as refused:
        return refused.code


def signed(header: bytes, claims: bytes) -> str:
    """Return a token with this header and these claims, signed by the key."""
    both = b".".join(map(part, (header, claims)))
    return (both + b"." + part(hmac.digest(SECRET, both, hashlib.sha256))).decode()


def part(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
