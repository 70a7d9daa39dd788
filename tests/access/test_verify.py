"""What a token is worth: right ones, and each thing that can be wrong with one."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.access.minting import NOW, ROOM, claims, pair, part, policy, token
from trio_sfu.access import Grant, verify
from trio_sfu.access.keys import ALGORITHMS, Algorithm
from trio_sfu.access.verify import LONGEST
from trio_sfu.errors import TokenError

ACCEPTED = policy()


def granted(text: str | None, room: str = ROOM, now: float = NOW, **settings: Any) -> Grant:
    return verify(text, now, policy(**settings) if settings else ACCEPTED, room=room)


def refused(text: str | None, room: str = ROOM, now: float = NOW, **settings: Any) -> str:
    with pytest.raises(TokenError) as caught:
        granted(text, room, now, **settings)
    return caught.value.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_token_is_taken_with_what_it_says(algorithm: Algorithm) -> None:
    grant = granted(token(algorithm, name="Ada", metadata="{}", jti="x", once=True))
    assert (grant.identity, grant.name, grant.metadata, grant.room) == ("ada", "Ada", "{}", ROOM)
    assert grant.rights.publish == ["camera", "microphone", "screen", "screen-audio"]
    assert grant.rights.subscribe
    assert grant.rights.moderate
    assert grant.single == (algorithm, "x")


def test_what_a_token_does_not_name_it_does_not_grant() -> None:
    rights = granted(token(rights={})).rights
    assert rights.publish == []
    assert not any((rights.subscribe, rights.data, rights.moderate, rights.record))


def rsa_public_key_as_a_secret(kid: str) -> str:
    """Sign with HMAC, the secret being the public key that everybody has."""
    material = pair("RS256", "RS256")[1].material
    secret = material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': kid})}.{part(claims())}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def unsigned(algorithm: str = "none", **header: Any) -> str:
    return f"{part({'alg': algorithm, 'kid': 'EdDSA'} | header)}.{part(claims())}."


def tampered() -> str:
    header, _, signature = token(rights={}).split(".")
    return f"{header}.{part(claims())}.{signature}"


WRONG: dict[str, list[str | None]] = {
    "token-required": [None, ""],
    "token-too-large": ["x" * (LONGEST + 1), "." * 300_000, token(metadata="x" * LONGEST)],
    "token-malformed": [
        "x",
        "..",
        "a.b.c",
        ".".join("é" * 3),
        f"{part([])}.{part({})}.{part(b'')}",
        f"{part(b'[' * 2_000)}.{part({})}.{part(b'')}",
        f"{part({'alg': 'EdDSA', 'kid': 3})}.{part(claims())}.{part(b'')}",
        token(headers={"crit": ["x"], "x": 1}),
        token() + ".x",
        token(headers={"b64": False}),
    ],
    "token-algorithm-refused": [
        unsigned(),
        unsigned("None"),
        unsigned("NONE"),
        unsigned("nOnE"),
        unsigned("HS384"),
        unsigned("ES256K"),
        unsigned(alg=["EdDSA"]),
        unsigned(alg=None),
        # Key confusion: what signs is not what the key is for.
        rsa_public_key_as_a_secret("RS256"),
        token("HS256", kid="EdDSA"),
        token("EdDSA", kid="ES256"),
        token("RS256", kid="HS256"),
    ],
    "token-key-unknown": [
        token(kid=None),
        token(kid="other"),
        rsa_public_key_as_a_secret("none"),
        token(kid="../../dev/null"),
    ],
    "token-signature-invalid": [
        tampered(),
        rsa_public_key_as_a_secret("HS256"),
        *(token(signing=pair(each, "stranger's")[0], kid=each) for each in ALGORITHMS),
        unsigned("EdDSA"),
        # Whoever brings a key along is not believed.
        token(
            signing=pair("EdDSA", "stranger's")[0],
            kid="EdDSA",
            headers={"jwk": {"kty": "OKP"}, "jku": "https://x.example/keys"},
        ),
    ],
    "token-claims-invalid": [
        token(payload=b"x"),
        token(payload=b"[]"),
        token(payload=b"[" * 2_000),
        token(payload=json.dumps(claims()).encode().replace(b"trio-sfu", b"trio-s\xfau")),
        token(sub=None),
        token(sub=""),
        token(sub=3),
        token(sub="a" * 129),
        token(sub="a\nb"),
        token(sub="a b"),
        token(sub="a\u2028b"),
        token(room=None),
        token(room="a*b"),
        token(room="*a"),
        token(room="standup\n"),
        token(room="x" * 65),
        token(room=["standup"]),
        token(rights=None),
        token(rights={"moderator": True}),
        token(rights={"publish": ["window"]}),
        token(rights={"publish": ["camera"] * 5}),
        token(rights={"subscribe": 1}),
        token(name=""),
        token(name="x" * 65),
        token(metadata="x" * 1_025),
        token(metadata={"role": "x"}),
        token(exp="1800000600"),
        token(exp=True),
        token(exp=-1),
        token(payload=json.dumps(claims()).replace("1800000600", "1e999").encode()),
        token(payload=json.dumps(claims()).replace("1800000600", "9" * 400).encode()),
        token(nbf="x"),
        token(once=True),
        token(once=True, jti=""),
        token(once=True, jti="x" * 129),
        token(aud=3),
        token(aud=["x"] * 17),
    ],
    "token-audience-wrong": [token(aud=None), token(aud="other"), token(aud=["a", "b"])],
    "token-room-wrong": [
        token(room="standup2"),
        token(room="stand"),
        token(room="Standup"),
        token(room="review-*"),
        token(room="standup-*"),
    ],
    "token-expiry-missing": [token(exp=None)],
    "token-lifetime-too-long": [token(exp=int(NOW) + 86_411), token(exp=2**40)],
    "token-not-yet-valid": [token(nbf=NOW + 10.5)],
    "token-expired": [token(exp=NOW - 10), token(exp=0)],
}


@pytest.mark.parametrize(
    ("code", "text"),
    [(code, text) for code, texts in WRONG.items() for text in texts],
    ids=lambda value: str(value)[:24],
)
def test_a_wrong_token_is_refused_with_its_code(code: str, text: str | None) -> None:
    assert refused(text) == code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_only_a_token_that_is_right_in_all_else_is_told_that_it_has_expired(
    algorithm: Algorithm,
) -> None:
    old = int(NOW) - 60
    assert refused(token(algorithm, exp=old)) == "token-expired"
    assert refused(token(algorithm, exp=old, room="other")) == "token-room-wrong"
    assert refused(token(algorithm, exp=old, aud="other")) == "token-audience-wrong"
    stranger = pair(algorithm, "stranger's")[0]
    assert refused(token(signing=stranger, kid=algorithm, exp=old)) == "token-signature-invalid"


@pytest.mark.parametrize(
    ("pattern", "room"),
    [("standup", "standup"), ("standup-*", "standup-3"), ("standup-*", "standup-"), ("*", "any")],
)
def test_a_room_may_be_named_by_its_beginning(pattern: str, room: str) -> None:
    assert granted(token(room=pattern), room).room == room


def test_times_are_taken_with_the_leeway_that_clocks_need() -> None:
    assert granted(token(exp=NOW - 9.5))
    assert granted(token(nbf=NOW + 9.5))
    assert granted(token(exp=NOW + 86_409))
    assert refused(token(exp=NOW - 1), leeway=0) == "token-expired"
    assert granted(token(exp=NOW + 61), max_lifetime=60)
    assert refused(token(exp=NOW + 71), max_lifetime=60) == "token-lifetime-too-long"


def test_an_audience_may_be_one_of_several() -> None:
    assert granted(token(aud=["other", "trio-sfu"]))
    assert granted(token(aud="meet.example.org"), audience="meet.example.org")
    assert refused(token(), audience="meet.example.org") == "token-audience-wrong"


def test_claims_that_mean_nothing_here_are_passed_over() -> None:
    assert granted(token(iss="us", email="ada@example.org", more={"a": [1]}))


def test_a_message_tells_nothing_of_what_is_in_the_token() -> None:
    for texts in WRONG.values():
        for text in texts:
            with pytest.raises(TokenError) as caught:
                granted(text)
            assert "ada" not in str(caught.value).replace("metadata", "")
            assert len(str(caught.value)) < 200


@given(st.text(max_size=200) | st.binary(max_size=90).map(lambda data: f"{part(data)}." * 2 + "x"))
def test_whatever_is_given_is_refused_with_a_code(text: str) -> None:
    assert refused(text).startswith("token-")


@given(st.data())
def test_a_token_that_was_bent_anywhere_is_refused(data: st.DataObject) -> None:
    right = token("HS256")
    at = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_.="))
    bent = right[:at] + other + right[at + 1 :]
    if bent != right:
        assert refused(bent).startswith("token-")
