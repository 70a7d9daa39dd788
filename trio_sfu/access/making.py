"""Making keys and tokens: for the command line, tests, and whoever embeds the daemon."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    generate_private_key as generate_rsa_private_key,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from trio_sfu.access.claims import Claims
from trio_sfu.access.keys import LEAST_SECRET_BYTES, Algorithm, Key

_RSA_BITS: Final = 3_072
"""As strong as 128 bits (NIST SP 800-57 part 1, table 2), as the others are."""

Jwk = Mapping[str, Any]


def new_key(algorithm: Algorithm, key_id: str) -> tuple[Jwk, Jwk | None]:
    """Return a new key to make tokens with, and its public half; of HS256 there is none."""
    named = {"kid": key_id, "alg": algorithm, "use": "sig"}
    match algorithm:
        case "HS256":
            secret = base64.urlsafe_b64encode(secrets.token_bytes(LEAST_SECRET_BYTES))
            return named | {"kty": "oct", "k": secret.rstrip(b"=").decode()}, None
        case "EdDSA":
            edwards = Ed25519PrivateKey.generate()
            both = (edwards, edwards.public_key())
            private, public = (OKPAlgorithm.to_jwk(each, as_dict=True) for each in both)
        case "ES256":
            curve = generate_private_key(SECP256R1())
            pair = (curve, curve.public_key())
            private, public = (ECAlgorithm.to_jwk(each, as_dict=True) for each in pair)
        case "RS256":
            rsa = generate_rsa_private_key(65_537, _RSA_BITS)
            halves = (rsa, rsa.public_key())
            private, public = (RSAAlgorithm.to_jwk(each, as_dict=True) for each in halves)
    for half in (private, public):
        half.pop("key_ops", None)
    return private | named, public | named


def make_token(key: Key, claims: Claims) -> str:
    """Return a token with ``claims``, signed by ``key``. Raises ValueError: it cannot sign."""
    if not key.signs:
        raise ValueError(f'the key "{key.id}" is a public one: it verifies only')
    payload = json.dumps(msgspec.to_builtins(claims), separators=(",", ":")).encode()
    return jwt.PyJWS().encode(
        payload, key.material, algorithm=key.algorithm, headers={"kid": key.id}
    )
