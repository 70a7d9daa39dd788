"""What a join token is worth: a pure function of its text, the time and the keys.

A token is a JWT (RFC 7519) in compact form. Nothing of it is believed before its signature is
verified, and only the key decides with which algorithm (RFC 8725, sections 3.1 and 3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NoReturn

import jwt
import msgspec

from trio_sfu.access.claims import Claims, fits
from trio_sfu.access.grant import Grant
from trio_sfu.access.keys import ALGORITHMS, Key
from trio_sfu.errors import NOT_JSON, TokenError

LONGEST: Final = 4_096
"""Characters of a token; RS256 of 4096 bits with all claims at their limits has 3,400."""

_jws: Final = jwt.PyJWS(algorithms=list(ALGORITHMS))
_claims: Final = msgspec.json.Decoder(Claims)


@dataclass(frozen=True, slots=True)
class Policy:
    """What tokens are accepted. ``keys`` are by id."""

    keys: Mapping[str, Key] = field(repr=False)
    audience: str = "trio-sfu"
    max_lifetime: float = 86_400.0
    """Seconds that a token may still be good for."""
    leeway: float = 10.0
    """Seconds by which clocks may differ."""


def verify(token: str | None, now: float, policy: Policy, *, room: str) -> Grant:
    """Return what ``token`` lets its holder do in ``room`` at ``now`` (Unix time, seconds).

    Raises TokenError: token-required, token-too-large, token-malformed,
    token-algorithm-refused, token-key-unknown, token-signature-invalid, token-claims-invalid,
    token-audience-wrong, token-room-wrong, token-expiry-missing, token-lifetime-too-long,
    token-not-yet-valid, token-expired. The last is raised only when all else is right.

    Whether a token that lets in once was used before is not asked here: see ``gate``.
    """
    if not token:
        _refuse("token-required", "a join token is needed")
    if len(token) > LONGEST:
        _refuse("token-too-large", f"the token has {len(token)} characters; {LONGEST} are allowed")
    if not token.isascii():
        _refuse("token-malformed", "the token is no JWT")
    claims, key = _read(token, policy.keys)
    _check_place(claims, policy, room)
    _check_time(claims, policy, now)
    assert claims.exp is not None  # noqa: S101  (checked with the times)
    return Grant(
        rights=claims.rights,
        room=room,
        identity=claims.sub,
        name=claims.name,
        metadata=claims.metadata,
        expires=claims.exp + policy.leeway,
        issued=claims.iat,
        single=(key.id, claims.jti) if claims.once and claims.jti is not None else None,
        fingerprint=sha256(token.encode()).digest(),
    )


def _read(token: str, keys: Mapping[str, Key]) -> tuple[Claims, Key]:
    """Return the claims of a token that one of ``keys`` has signed, and the key."""
    try:
        header = _jws.get_unverified_header(token)
    except jwt.PyJWTError:
        _refuse("token-malformed", "the token is no JWT")
    key = _key_for(header, keys)
    try:
        payload: bytes = _jws.decode(token, key.material, algorithms=[key.algorithm])
    except jwt.InvalidSignatureError:
        _refuse("token-signature-invalid", f'the token is not signed by the key "{key.id}"')
    except jwt.PyJWTError:
        _refuse("token-malformed", "the token is no JWT")
    try:
        claims: Claims = _claims.decode(payload)
    except NOT_JSON as error:
        _refuse("token-claims-invalid", f"the token's claims: {error}")
    if claims.once and claims.jti is None:
        _refuse("token-claims-invalid", "the token's claims: `once` needs `jti`")
    return claims, key


def _key_for(header: Mapping[str, Any], keys: Mapping[str, Key]) -> Key:
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        _refuse("token-algorithm-refused", f"alg must be one of {', '.join(ALGORITHMS)}")
    key_id = header.get("kid")
    key = keys.get(key_id) if isinstance(key_id, str) else None
    if key is None:
        _refuse("token-key-unknown", "the token's `kid` names no key of this server")
    if algorithm != key.algorithm:
        _refuse("token-algorithm-refused", f'the key "{key.id}" is for {key.algorithm} alone')
    return key


def _check_place(claims: Claims, policy: Policy, room: str) -> None:
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if policy.audience not in audiences:
        _refuse("token-audience-wrong", f'the token is not for "{policy.audience}" (`aud`)')
    if not fits(claims.room, room):
        _refuse("token-room-wrong", "the token is for another room")


def _check_time(claims: Claims, policy: Policy, now: float) -> None:
    if claims.exp is None:
        _refuse("token-expiry-missing", "the token has no `exp`")
    if claims.exp - now > policy.max_lifetime + policy.leeway:
        _refuse(
            "token-lifetime-too-long",
            f"the token is good for more than {policy.max_lifetime:g} s (auth.max_lifetime)",
        )
    if claims.nbf is not None and now < claims.nbf - policy.leeway:
        _refuse("token-not-yet-valid", "the token is not valid yet (`nbf`)")
    if now >= claims.exp + policy.leeway:
        _refuse("token-expired", "the token has expired")


def _refuse(code: str, message: str) -> NoReturn:
    raise TokenError(message, code=code)
