"""Keys of join tokens: JWK files (RFC 7517), each key bound to one algorithm.

What a token's header says never chooses how it is verified: the key does. So a public RSA
key cannot be used as the secret of an HMAC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, cast, get_args

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from msgspec import Meta, Struct

from trio_sfu.errors import NOT_JSON, ConfigError

Algorithm: TypeAlias = Literal["HS256", "EdDSA", "ES256", "RS256"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)
KeyId: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)")
]

MOST_KEYS: Final = 32
LEAST_RSA_BITS: Final = 2_048
LEAST_SECRET_BYTES: Final = 32
"""As many as the hash has (RFC 7518, section 3.2)."""
_MOST_BYTES: Final = 65_536
_SHAPES: Final[Mapping[Algorithm, tuple[str, str | None]]] = {
    "HS256": ("oct", None),
    "EdDSA": ("OKP", "Ed25519"),
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", None),
}
"""The ``kty`` and ``crv`` that go with each ``alg`` (RFC 7518, section 6; RFC 8037)."""
_PRIVATE: Final = (Ed25519PrivateKey, EllipticCurvePrivateKey, RSAPrivateKey)


@dataclass(frozen=True, slots=True)
class Key:
    """A key: ``id`` is what tokens name it by (``kid``)."""

    id: str
    algorithm: Algorithm
    material: Any = field(repr=False)
    """A secret as bytes, or a public or private key of ``cryptography``."""

    @property
    def signs(self) -> bool:
        """Whether tokens can be made with it, not only verified."""
        return self.algorithm == "HS256" or isinstance(self.material, _PRIVATE)

    def public(self) -> "Key":
        """Return the key without what it signs with; a secret is both."""
        if isinstance(self.material, _PRIVATE):
            return replace(self, material=self.material.public_key())
        return self


class _Jwk(Struct, frozen=True, kw_only=True):
    kty: str
    kid: KeyId
    alg: Algorithm
    crv: str | None = None
    use: str = "sig"


class _JwkSet(Struct, frozen=True, kw_only=True):
    keys: list[dict[str, Any]]


def read_keys(files: Iterable[Path]) -> dict[str, Key]:
    """Return the keys to verify with, by id, from files of one JWK or of a JWK Set each.

    Raises ConfigError, with the file, what is wrong, and nothing of what is in it.
    """
    keys: dict[str, Key] = {}
    for file in files:
        for key in read_key_file(file):
            if key.id in keys:
                raise _error(f'{file}: there is another key with the kid "{key.id}"')
            if key.algorithm != "HS256" and key.signs:
                raise _error(
                    f'{file}: the key "{key.id}" has its private half in it, which the daemon'
                    " need not know: name the file with the public half, NAME.public.jwk"
                )
            keys[key.id] = key
    if len(keys) > MOST_KEYS:
        raise _error(f"there are {len(keys)} keys; {MOST_KEYS} are allowed")
    return keys


def read_key_file(file: Path) -> list[Key]:
    """Return the keys of one file. Raises ConfigError, as ``read_keys`` does."""
    try:
        if not file.is_file():
            raise _error(f'there is no file "{file}"')
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _error(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise _error(f"{file} has more than {_MOST_BYTES} bytes")
    return [_key(file, jwk) for jwk in _jwks(file, content)]


def _jwks(file: Path, content: bytes) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
    except NOT_JSON:
        raise _error(
            f"{file} is no JSON Web Key (RFC 7517); `trio-sfu token new-key` makes one"
        ) from None
    if "keys" not in found:
        return [found]
    try:
        return msgspec.convert(found, _JwkSet).keys
    except msgspec.ValidationError as error:
        raise _error(f"{file}: {error}") from None


def _key(file: Path, content: dict[str, Any]) -> Key:
    try:
        jwk = msgspec.convert(content, _Jwk)
    except msgspec.ValidationError as error:
        raise _error(f"{file}: {error}") from None
    kty, crv = _SHAPES[jwk.alg]
    if (jwk.kty, jwk.crv) != (kty, crv):
        of = f' and crv "{crv}"' if crv else ""
        raise _error(f'{file}: a key for "{jwk.alg}" has kty "{kty}"{of}')
    if jwk.use != "sig":
        raise _error(f'{file}: the key "{jwk.kid}" is not for signatures (use "sig")')
    try:
        material = jwt.PyJWK(content, algorithm=jwk.alg).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        raise _error(f'{file}: the key "{jwk.kid}" is no {kty} key') from None
    key = Key(jwk.kid, jwk.alg, material)
    if weakness := _weakness(key):
        raise _error(f'{file}: the key "{jwk.kid}" has {weakness}')
    return key


def _weakness(key: Key) -> str | None:
    if key.algorithm == "HS256" and len(cast("bytes", key.material)) < LEAST_SECRET_BYTES:
        return f"{len(key.material)} bytes; HS256 needs at least {LEAST_SECRET_BYTES}"
    if isinstance(key.material, RSAPrivateKey | RSAPublicKey):
        bits = key.material.key_size
        if bits < LEAST_RSA_BITS:
            return f"{bits} bits; RS256 needs at least {LEAST_RSA_BITS}"
    return None


def _error(message: str) -> ConfigError:
    return ConfigError(message, code="config-keys")
