"""Keys and tokens for the tests: right ones, and ones that are wrong in one thing."""

import base64
import json
from functools import cache
from typing import Any

import jwt

from trio_sfu.access import Policy
from trio_sfu.access.keys import ALGORITHMS, Algorithm, Key
from trio_sfu.access.making import new_key

NOW = 1_800_000_000.0
ROOM = "standup"
EVERYTHING = {
    "publish": ["camera", "microphone", "screen", "screen-audio"],
    "subscribe": True,
    "data": True,
    "moderate": True,
    "record": True,
}


@cache
def pair(algorithm: Algorithm, kid: str) -> tuple[Key, Key]:
    """Return a key to sign with and the one that verifies."""
    private, _public = new_key(algorithm, kid)
    signing = Key(kid, algorithm, jwt.PyJWK(dict(private), algorithm=algorithm).key)
    return signing, signing.public()


def policy(**settings: Any) -> Policy:
    """Accept tokens of one key of each algorithm, named as it is."""
    keys: dict[str, Key] = {name: pair(name, name)[1] for name in ALGORITHMS}
    return Policy(keys, **settings)


def claims(**other: Any) -> dict[str, Any]:
    """Return right claims, with ``other`` ones; None takes one away."""
    said = {
        "sub": "ada",
        "room": ROOM,
        "rights": EVERYTHING,
        "aud": "trio-sfu",
        "iat": int(NOW),
        "exp": int(NOW) + 600,
    } | other
    return {name: value for name, value in said.items() if value is not None}


def token(
    algorithm: Algorithm = "EdDSA",
    *,
    signing: Key | None = None,
    kid: str | None = "",
    payload: bytes | None = None,
    headers: dict[str, Any] | None = None,
    **other: Any,
) -> str:
    """Return a token, right but for what is given."""
    key = signing or pair(algorithm, algorithm)[0]
    named = {} if kid is None else {"kid": kid or algorithm}
    body = json.dumps(claims(**other)).encode() if payload is None else payload
    return jwt.PyJWS().encode(
        body, key.material, algorithm=key.algorithm, headers=named | (headers or {})
    )


def part(value: Any) -> str:
    """Return a value as a part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
