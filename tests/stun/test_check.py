"""ICE checks, held against another implementation."""

from random import Random

from aioice import stun as aioice_stun

from trio_sfu.stun.check import connectivity_check
from trio_sfu.stun.message import LONGEST
from trio_sfu.stun.transaction import Transaction

ID = bytes(range(12))


def check(transaction: bytes = ID) -> bytes:
    return connectivity_check(
        transaction, "ufrag:own", "password", tie_breaker=bytes(8), nominate=True
    )


def test_a_check_is_one_for_another_implementation() -> None:
    message = aioice_stun.parse_message(check())
    assert message.check_message_integrity(b"password")
    assert not message.check_message_integrity(b"another")
    assert message.attributes["USERNAME"] == "ufrag:own"
    assert "USE-CANDIDATE" in message.attributes


def test_only_the_right_answer_is_one() -> None:
    response = aioice_stun.Message(
        message_method=aioice_stun.Method.BINDING,
        message_class=aioice_stun.Class.RESPONSE,
        transaction_id=ID,
    )
    response.attributes["XOR-MAPPED-ADDRESS"] = ("127.0.0.1", 9)
    asked = Transaction(check(), 0.0)
    unsigned = asked.take(bytes(response))
    assert unsigned is not None
    assert not unsigned.authentic(b"password"), "no integrity"
    response.add_message_integrity(b"password")
    response.add_fingerprint()
    answer = bytes(response)
    taken = asked.take(answer)
    assert taken is not None
    assert taken.authentic(b"password")
    assert not taken.authentic(b"another")
    assert Transaction(check(bytes(12)), 0.0).take(answer) is None
    assert not any(asked.take(answer[:end]) for end in range(len(answer)))
    random = Random(1)
    for size in (*[40] * 200, LONGEST):
        assert asked.take(answer[:20] + random.randbytes(size)) is None
