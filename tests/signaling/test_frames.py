"""Frames are read as their messages, whatever their length, and are made once for many."""

import pytest
from wsproto.connection import CLIENT, Connection
from wsproto.events import TextMessage

from trio_sfu.signaling.codec import encode
from trio_sfu.signaling.frames import KEPT, Frames
from trio_sfu.signaling.messages import Answer, Pong


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 300_000])
def test_frames_one_behind_the_other_are_read_as_their_messages(size: int) -> None:
    frames, client = Frames(), Connection(CLIENT)
    messages = [Answer(id=number, sdp="é" + "x" * size) for number in range(2)]
    client.receive_data(b"".join(map(frames.of, messages)))
    read = [event.data for event in client.events() if isinstance(event, TextMessage)]
    assert "".join(read) == "".join(map(encode, messages))


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
        assert frames.of(Pong(id=number)).endswith(f'{{"type":"pong","id":{number}}}'.encode())
    assert len(frames._kept) == KEPT
