"""STUN messages: the vectors of RFC 5769, and whatever else may come."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.stun.message import (
    Attribute,
    Kind,
    StunError,
    decode,
    encode,
    new_transaction,
    xor_address,
)

ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
# RFC 5769, sections 2.2 and 2.3.
IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200014"
    "0002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)


@pytest.mark.parametrize(
    ("vector", "host"),
    [(IPV4, "192.0.2.1"), (IPV6, "2001:db8:1234:5678:11:2233:4455:6677")],
)
def test_the_responses_of_rfc_5769(vector: bytes, host: str) -> None:
    message = decode(vector)
    assert (message.kind, message.transaction) == (Kind.BINDING_SUCCESS, ID)
    assert message.address(Attribute.XOR_MAPPED_ADDRESS) == (host, 32853)
    assert message.authentic(PASSWORD)
    assert not message.authentic(b"another")


def test_a_bit_that_was_turned_is_seen_by_the_fingerprint() -> None:
    for at in range(8, len(IPV4) - 8):
        wrong = bytearray(IPV4)
        wrong[at] ^= 1
        with pytest.raises(StunError):
            decode(bytes(wrong))


@pytest.mark.parametrize("host", ["203.0.113.9", "2001:db8::9"])
def test_what_is_written_is_read(host: str) -> None:
    transaction = new_transaction()
    mapped = Attribute.XOR_MAPPED_ADDRESS, xor_address(host, 4711, transaction)
    data = encode(Kind.BINDING_SUCCESS, transaction, [mapped], key=b"secret")
    message = decode(data)
    assert message.address(Attribute.XOR_MAPPED_ADDRESS) == (host, 4711)
    assert message.authentic(b"secret")
    assert not decode(encode(Kind.BINDING_SUCCESS, transaction, [mapped])).authentic(b"")


def test_what_comes_after_the_integrity_counts_for_nothing() -> None:
    transaction = new_transaction()
    signed = encode(Kind.BINDING_SUCCESS, transaction, key=b"k", fingerprint=False)
    mapped = xor_address("203.0.113.9", 1, transaction)
    added = signed + b"\0\x20\0\x08" + mapped
    added = added[:2] + (len(added) - 20).to_bytes(2, "big") + added[4:]
    message = decode(added)
    assert message.get(Attribute.XOR_MAPPED_ADDRESS) is None
    assert message.authentic(b"k")


def test_an_error_has_a_code_and_a_reason() -> None:
    error = Attribute.ERROR_CODE, b"\0\0\4\1Unauthorized"
    message = decode(encode(Kind.ALLOCATE_ERROR, new_transaction(), [error]))
    assert message.refused
    assert message.error() == (401, "Unauthorized")
    with pytest.raises(StunError, match="without an ERROR-CODE"):
        decode(encode(Kind.ALLOCATE_ERROR, new_transaction())).error()


@pytest.mark.parametrize("value", [b"", b"\0", bytes(8), b"\0\1\0\0\0\0", b"\0\2" + bytes(8)])
def test_an_address_that_is_none(value: bytes) -> None:
    data = encode(Kind.BINDING_SUCCESS, ID, [(Attribute.XOR_MAPPED_ADDRESS, value)])
    with pytest.raises(StunError, match="XOR-MAPPED-ADDRESS is no address"):
        decode(data).address(Attribute.XOR_MAPPED_ADDRESS)


@given(st.binary(max_size=200) | st.builds(lambda cut: IPV6[:cut], st.integers(0, len(IPV6))))
def test_whatever_comes_is_a_message_or_an_error(data: bytes) -> None:
    with suppress(StunError):
        message = decode(data)
        assert len(data) % 4 == 0
        message.authentic(b"key")
