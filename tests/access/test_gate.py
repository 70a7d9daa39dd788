"""What is remembered between two tokens: single use, coming back, and being put out."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.minting import NOW, ROOM, policy, token
from trio_sfu.access import OPEN, Gate, Grant
from trio_sfu.access.remembered import Barred, UsedTokens
from trio_sfu.errors import TokenError


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(policy(), clock)


def refused(gate: Gate, text: str | None, room: str = ROOM, held: Grant | None = None) -> str:
    with pytest.raises(TokenError) as caught:
        gate.grant(text, room, held)
    return caught.value.code


def joined(gate: Gate, text: str, room: str = ROOM, held: Grant | None = None) -> Grant:
    grant = gate.grant(text, room, held)
    gate.use(grant)
    return grant


def once(jti: str = "1", **claims: Any) -> str:
    return token(once=True, jti=jti, **claims)


def test_without_a_policy_everybody_gets_in_and_nobody_is_above_the_others() -> None:
    gate = Gate()
    assert gate.grant(None, ROOM) is OPEN
    assert gate.grant("x", ROOM) is OPEN
    assert OPEN.rights.subscribe
    assert not OPEN.rights.moderate
    gate.bar(OPEN)
    assert gate.grant(None, ROOM) is OPEN


def test_a_token_lets_in_as_often_as_it_is_shown_unless_it_says_once(gate: Gate) -> None:
    for _ in range(3):
        joined(gate, token(jti="1"))
    joined(gate, once())
    assert refused(gate, once()) == "token-used"
    # Also another token with the same id, for that is what is remembered.
    assert refused(gate, once(name="Bob")) == "token-used"
    joined(gate, once("2"))
    joined(gate, token("HS256", once=True, jti="1"))


def test_a_refused_join_uses_nothing_up(gate: Gate) -> None:
    gate.grant(once(), ROOM)
    assert joined(gate, once())


def test_it_lets_its_own_client_back_in_and_no_other(gate: Gate) -> None:
    held = joined(gate, once())
    again = joined(gate, once(), held=held)
    assert joined(gate, once(), held=again)
    other = joined(gate, once("2"))
    assert refused(gate, once(), held=other) == "token-used"
    # Nor into another room of a pattern.
    wide = joined(gate, once("3", room="r-*"), "r-1")
    assert refused(gate, once("3", room="r-*"), "r-2", wide) == "token-used"


def test_a_used_token_is_remembered_until_it_cannot_be_valid(gate: Gate, clock: Clock) -> None:
    joined(gate, once(exp=NOW + 60))
    clock.now = NOW + 69
    assert refused(gate, once(exp=NOW + 60)) == "token-used"
    clock.now = NOW + 71
    assert refused(gate, once(exp=NOW + 60)) == "token-expired"
    assert not gate.used.has(("EdDSA", "1"), clock.now)
    assert len(gate.used) == 0


def test_expired_it_lets_back_who_came_with_it_into_the_same_room(gate: Gate, clock: Clock) -> None:
    text = token(exp=NOW + 60, room="r-*")
    held = joined(gate, text, "r-1")
    clock.now = NOW + 3_600
    assert refused(gate, text, "r-1") == "token-expired"
    assert joined(gate, text, "r-1", held) == held
    assert refused(gate, text, "r-2", held) == "token-expired"
    assert refused(gate, token(exp=NOW + 61, room="r-*"), "r-1", held) == "token-expired"
    assert refused(gate, None, "r-1", held) == "token-required"
    # A key that was taken out is another matter than an expiry.
    assert gate.policy is not None
    gate.policy = replace(gate.policy, keys={})
    assert refused(gate, text, "r-1", held) == "token-key-unknown"


def test_a_newer_token_changes_what_a_client_that_returns_may_do(gate: Gate) -> None:
    held = joined(gate, token())
    assert not joined(gate, token(rights={}), held=held).rights.subscribe


def test_who_was_put_out_comes_back_with_a_later_token_only(gate: Gate, clock: Clock) -> None:
    held = joined(gate, token())
    clock.now += 60
    gate.bar(held)
    assert refused(gate, token()) == "join-barred"
    assert refused(gate, token("HS256", exp=NOW + 900)) == "join-barred"
    assert refused(gate, token(iat=None)) == "join-barred"
    assert refused(gate, token(), held=held) == "join-barred"
    assert joined(gate, token(sub="bob"))
    assert joined(gate, token(room="other"), "other")
    assert joined(gate, token(iat=int(clock.now) + 1))
    clock.now += 3_600
    assert refused(gate, token(), held=held) == "join-barred"
    clock.now += 86_400
    assert joined(gate, token(iat=None, exp=int(clock.now) + 60))


def test_what_is_full_of_used_tokens_takes_no_more_of_them_and_forgets_none() -> None:
    used = UsedTokens(most=2)
    for number in ("1", "2"):
        used.check_room(0)
        used.note(("k", number), 10 + int(number))
    with pytest.raises(TokenError) as caught:
        used.check_room(0)
    assert (caught.value.code, caught.value.retry_after) == ("too-many-used-tokens", 10.0)
    assert used.has(("k", "1"), 10.9)
    used.check_room(11)
    assert len(used) == 1


def test_when_used_tokens_are_too_many_others_still_get_in(gate: Gate) -> None:
    gate.used = UsedTokens(most=1)
    held = joined(gate, once())
    assert refused(gate, once("2")) == "too-many-used-tokens"
    assert joined(gate, once(), held=held)
    assert joined(gate, token())


def test_of_too_many_who_were_put_out_the_oldest_is_forgotten() -> None:
    barred = Barred(most=2)
    grant = replace(OPEN, room=ROOM)
    for name in ("a", "b", "c"):
        barred.bar(ROOM, name, 0, 100)
    assert [barred.bars(replace(grant, identity=name), 1) for name in "abc"] == [False, True, True]
    assert len(barred) == 2
