"""When a request is sent, and what is taken for its answer. No clock."""

import pytest

from trio_sfu.stun.message import Kind, StunError, encode
from trio_sfu.stun.transaction import Transaction

OURS, FOREIGN = b"seeded-id-01", b"seeded-id-02"
REQUEST = encode(Kind.BINDING, OURS)


def sent(transaction: Transaction, now: float, within: float = 4) -> list[float]:
    """Return the times of all requests, until it gives up."""
    times, end = [], now + within
    while now < end:
        if transaction.due(now):
            times.append(now)
        now = transaction.deadline()
    with pytest.raises(StunError, match="no answer"):
        transaction.due(now)
    return [*times, now]


def test_the_wait_doubles_until_four_seconds_are_over() -> None:
    assert sent(Transaction(REQUEST, 100), 100) == [100, 100.5, 101.5, 103.5, 104]


def test_less_time_has_fewer_requests() -> None:
    assert sent(Transaction(REQUEST, 0, within=1), 0, within=1) == [0, 0.5, 1]


def test_a_reliable_transport_is_told_once() -> None:
    assert sent(Transaction(REQUEST, 0, repeated=False), 0) == [0, 4]


@pytest.mark.parametrize("kind", [Kind.BINDING_SUCCESS, Kind.BINDING_ERROR])
def test_an_answer_is_taken(kind: Kind) -> None:
    message = Transaction(REQUEST, 0).take(encode(kind, OURS))
    assert message is not None
    assert message.refused == (kind is Kind.BINDING_ERROR)


@pytest.mark.parametrize(
    "data",
    [
        encode(Kind.BINDING_SUCCESS, FOREIGN),
        encode(Kind.ALLOCATE_SUCCESS, OURS),
        encode(Kind.BINDING, OURS),
        b"",
        bytes(2_000),
        encode(Kind.BINDING_SUCCESS, OURS)[:-1] + b"\xff",
    ],
    ids=["another's", "of another method", "a request", "nothing", "too long", "broken"],
)
def test_anything_else_is_passed_over(data: bytes) -> None:
    assert Transaction(REQUEST, 0).take(data) is None
