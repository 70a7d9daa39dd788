"""What the clients of the run say, held against other implementations and the engine."""

import time

from trio_sfu.trial.client import Client
from trio_sfu.trial.feedback import MOST, Feedback
from trio_sfu.trial.packets import AUDIO_MID, Camera, Microphone, asks_for_keyframe, wide_number
from trio_sfu.trial.stage import open_stage, ssrc_of
from trio_sfu.trial.streams import AUDIO_PACKET, PACKETS_A_FRAME, VIDEO_PACKET


def test_packets_are_as_large_as_they_are_counted_and_numbered() -> None:
    frame = Camera(7).frame(0xFFFE)
    assert len(frame) == PACKETS_A_FRAME
    assert {len(packet) for packet in frame} == {VIDEO_PACKET}
    assert [wide_number(packet, len(packet)) for packet in frame[:4]] == [0xFFFE, 0xFFFF, 0, 1]
    assert [packet[1] >> 7 for packet in frame] == [0] * 5 + [1], "the marker ends the frame"
    sound = Microphone(8).packet(77)
    assert (len(sound), wide_number(sound, len(sound))) == (AUDIO_PACKET, 77)
    assert wide_number(bytes(12), 12) is None


def test_a_request_for_a_keyframe_is_found_behind_a_report() -> None:
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x01"
    assert asks_for_keyframe(report + b"\x81\xce\x00\x02" + bytes(8))
    assert not asks_for_keyframe(report)
    assert not asks_for_keyframe(b"")


def test_feedback_is_bounded_and_told_once() -> None:
    feedback = Feedback(1)
    assert feedback.message() is None
    for number in range(2 * MOST):
        feedback.note(number & 0xFFFF, number * 1_000_000)
    message = feedback.message()
    assert message is not None
    assert int.from_bytes(message[22:24]) == MOST
    assert feedback.message() is None


def test_the_engine_takes_the_feedback_of_a_subscriber() -> None:
    with open_stage(1, Client) as stage:
        for client in range(2):
            stage.settle(client, client)
        stage.connect()
        stage.show(AUDIO_MID)
        microphone = Microphone(ssrc_of(0))
        for turn in range(60):
            if turn % 7:  # What is not sent is a gap for nobody; what is late is one.
                stage.publisher.send(microphone.packet(stage.publisher.take_numbers(1)))
            stage.receive(time.monotonic() + 0.005)
            if turn % 10 == 9:
                stage.subscribers[0].report()
        stage.receive(time.monotonic() + 0.05)
        counters = stage.counters()
        assert counters["transport_cc_received"] >= 4
        assert counters["rtp_forwarded"] == stage.subscribers[0].received > 40
        drops = {name: n for name, n in counters.items() if name.startswith("drop_") and n}
        assert drops == {}
        stats = stage.transport_stats(1)
        assert stats["acknowledged"] > 0, "the estimator has made sense of it"
