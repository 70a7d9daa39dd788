"""Files with keys, and what is said when they are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.access.minting import NOW, ROOM, token
from trio_sfu.access import Policy, verify
from trio_sfu.access.keys import ALGORITHMS, Algorithm, read_key_file, read_keys
from trio_sfu.access.making import new_key
from trio_sfu.errors import ConfigError, TokenError


def written(folder: Path, content: object, name: str = "key.jwk") -> Path:
    file = folder / name
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    file.write_bytes(content)
    return file


def said(*files: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_keys(files)
    assert caught.value.code == "config-keys"
    return str(caught.value)


def public(algorithm: Algorithm = "EdDSA", kid: str = "k") -> dict[str, Any]:
    private, half = new_key(algorithm, kid)
    return dict(half or private)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_new_key_signs_its_other_half_verifies(tmp_path: Path, algorithm: Algorithm) -> None:
    private, half = new_key(algorithm, "k-1")
    [signing] = read_key_file(written(tmp_path, dict(private), "private"))
    keys = read_keys([written(tmp_path, dict(half or private), "public")])
    assert signing.signs
    assert keys["k-1"].signs == (algorithm == "HS256")
    text = token(signing=signing, kid="k-1")
    assert verify(text, NOW, Policy(keys), room=ROOM).identity == "ada"
    assert str(private.get("d", private.get("k"))) not in repr(signing)


def test_keys_come_and_go_while_tokens_of_the_others_go_on(tmp_path: Path) -> None:
    old, new = (new_key("EdDSA", kid) for kid in ("2026-03", "2026-04"))
    signed = [read_key_file(written(tmp_path, dict(each[0]), "private"))[0] for each in (old, new)]
    tokens = [token(signing=key, kid=key.id) for key in signed]
    files = [
        written(tmp_path, dict(half or {}), f"{at}") for at, (_, half) in enumerate((old, new))
    ]

    def said_of_each(*files: Path) -> list[str]:
        accepted = Policy(read_keys(files))
        found = []
        for text in tokens:
            try:
                found.append(str(verify(text, NOW, accepted, room=ROOM).identity))
            except TokenError as refused:
                found.append(refused.code)
        return found

    assert said_of_each(files[0]) == ["ada", "token-key-unknown"]
    assert said_of_each(*files) == ["ada", "ada"]
    assert said_of_each(files[1]) == ["token-key-unknown", "ada"]


def test_a_set_of_keys_is_read_whole(tmp_path: Path) -> None:
    both = {"keys": [public(kid="a"), public("RS256", "b")]}
    assert sorted(read_keys([written(tmp_path, both)])) == ["a", "b"]


def test_a_private_key_is_not_the_daemon_s(tmp_path: Path) -> None:
    for algorithm in ("EdDSA", "ES256", "RS256"):
        private, _ = new_key(algorithm, "k")
        message = said(written(tmp_path, dict(private)))
        assert "has its private half in it" in message
        assert "public.jwk" in message


def test_a_key_id_is_that_of_one_key(tmp_path: Path) -> None:
    files = [written(tmp_path, public(), name) for name in ("one", "two")]
    assert said(*files).endswith('two: there is another key with the kid "k"')


def test_a_weak_rsa_key_is_refused(tmp_path: Path) -> None:
    weak = generate_private_key(65_537, 1_024).public_key()  # noqa: S505  (to be refused)
    jwk = json.loads(RSAAlgorithm.to_jwk(weak)) | {"kid": "k", "alg": "RS256"}
    del jwk["key_ops"]
    assert "1024 bits; RS256 needs at least 2048" in said(written(tmp_path, jwk))


def without(jwk: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in jwk.items() if key != name}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is no JSON Web Key (RFC 7517); `trio-sfu token new-key` makes one"),
        ("-----BEGIN PUBLIC KEY-----", "is no JSON Web Key"),
        ("[" * 5_000, "is no JSON Web Key"),
        (b'{"kid": "\xfa"}', "is no JSON Web Key"),
        ("{}", "missing required field `kty`"),
        ({"keys": 3}, "Expected `array`"),
        (without(public(), "kid"), "missing required field `kid`"),
        (without(public(), "alg"), "missing required field `alg`"),
        (public() | {"alg": "none"}, "Invalid enum value 'none'"),
        (public() | {"alg": "HS256"}, 'a key for "HS256" has kty "oct"'),
        (public("RS256") | {"alg": "HS256"}, 'a key for "HS256" has kty "oct"'),
        (public() | {"alg": "ES256"}, 'a key for "ES256" has kty "EC" and crv "P-256"'),
        (public() | {"crv": "Ed448"}, 'has kty "OKP" and crv "Ed25519"'),
        (public() | {"use": "enc"}, "is not for signatures"),
        (public() | {"x": "AAAA"}, 'the key "k" is no OKP key'),
        (without(public("RS256"), "n"), 'the key "k" is no RSA key'),
        (public("HS256") | {"k": "c2hvcnQ"}, "has 5 bytes; HS256 needs at least 32"),
        (public() | {"kid": "a b"}, "Expected `str` matching regex"),
        ("x" * 70_000, "has more than 65536 bytes"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_with_a_file_is_told_with_its_name(
    tmp_path: Path, content: object, says: str
) -> None:
    file = written(tmp_path, content)
    message = said(file)
    assert message.startswith(str(file))
    assert says in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        assert said(path) == f'there is no file "{path}"'


def test_there_are_so_many_keys_at_most(tmp_path: Path) -> None:
    keys = {"keys": [public(kid=f"k{number}") for number in range(33)]}
    assert "there are 33 keys; 32 are allowed" in said(written(tmp_path, keys))
