import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import memory_stream_one_way_pair

from trio_sfu.listeners.head import MAX_HEAD_BYTES, HeadTooLarge, parse_head, read_head

UPGRADE = (
    b"GET /signal?x=1 HTTP/1.1\r\nHost: sfu\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: WebSocket\r\n\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_a_head_is_read_whatever_its_pieces(size: int) -> None:
    send, receive = memory_stream_one_way_pair()
    for start in range(0, len(UPGRADE), size):
        await send.send_all(UPGRADE[start : start + size])
    assert await read_head(receive) == UPGRADE


async def test_what_ends_early_is_what_there_was() -> None:
    send, receive = memory_stream_one_way_pair()
    await send.send_all(b"GET / HT")
    await send.aclose()
    assert await read_head(receive) == b"GET / HT"


async def test_a_head_without_end_is_refused() -> None:
    send, receive = memory_stream_one_way_pair()
    await send.send_all(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * MAX_HEAD_BYTES)
    with pytest.raises(HeadTooLarge), trio.fail_after(5):
        await read_head(receive)


def test_an_upgrade_on_the_signaling_path_is_known() -> None:
    head = parse_head(UPGRADE)
    assert head is not None
    assert head.wants_signaling()
    assert head.headers["host"] == "sfu"


@pytest.mark.parametrize(
    "data",
    [
        UPGRADE.replace(b"/signal", b"/signals"),
        UPGRADE.replace(b"WebSocket", b"h2c"),
        b"GET /signal HTTP/1.1\r\nHost: sfu\r\n\r\n",
    ],
)
def test_other_requests_are_not(data: bytes) -> None:
    head = parse_head(data)
    assert head is not None
    assert not head.wants_signaling()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_or_none(data: bytes) -> None:
    for text in (data, data + b"\r\n\r\n", b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n"):
        head = parse_head(text)
        assert head is None or isinstance(head.path, str)
