"""Frames are those of the library, whatever their length, and are made once for many."""

import pytest
from wsproto.connection import SERVER, Connection
from wsproto.events import TextMessage

from trio_sfu.signaling.frames import KEPT, Frames, text_frame
from trio_sfu.signaling.messages import Answer, Pong


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
def test_a_frame_is_what_the_library_sends(size: int) -> None:
    text = ("é" + "x" * size)[:size]
    payload = text.encode()
    assert text_frame(payload) == Connection(SERVER).send(TextMessage(data=text))


def test_what_many_get_is_framed_once_and_what_is_long_is_not_kept() -> None:
    frames = Frames()
    pong, answer = Pong(id=1), Answer(id=1, sdp="v=0" * 5_000)
    assert frames.of(pong) is frames.of(pong)
    assert frames.of(pong) == frames.of(Pong(id=1))
    assert frames.of(answer) is not frames.of(answer)


def test_no_frame_of_another_message_is_given() -> None:
    frames = Frames()
    for number in range(1_000):
        # Each is gone at once, so that ids come again.
        assert frames.of(Pong(id=number)) == text_frame(f'{{"type":"pong","id":{number}}}'.encode())
    assert len(frames._kept) == KEPT
