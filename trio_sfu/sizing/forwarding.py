"""The run: sound and pictures through the engine, and what its worker takes for them."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from trio_sfu.trial.client import Client
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.packets import AUDIO_MID, VIDEO_MID, Camera, Microphone
from trio_sfu.trial.playing import Events, at_intervals, merged, next_frame, play, reports
from trio_sfu.trial.stage import Stage, open_stage, resident, ssrc_of
from trio_sfu.trial.streams import AUDIO_PACKETS, FRAMES_A_SECOND, PACKETS_A_FRAME

PUBLISHERS: Final = 10
"""Clients that send while what receiving takes is measured."""
_WARM_UP: Final = 0.3
"""Seconds before each measurement: slots switch, caches fill."""
_FEEDBACK: Final = 0.05
"""Seconds between two messages of feedback, as Chromium has it at the rate of a picture."""
_FEEDBACK_ON_SOUND: Final = 0.25
"""The same where there is only sound. With a picture both have one feedback, which is its."""
_APART: Final = 1 / (2.5 * FRAMES_A_SECOND * PACKETS_A_FRAME)
"""Seconds between two packets of a frame: browsers pace them at 2.5 times the rate, and
what a pacer sends at once a subscriber line spreads."""
_SHARES: Final = {"receive": 0.2, "video": 0.5, "audio": 0.3}


@dataclass(frozen=True, slots=True)
class Forwarding:
    """CPU of the engine's worker, in nanoseconds a packet, and what the packets tell."""

    received_ns: float
    """For a packet that comes in and goes to nobody."""
    video_ns: float
    audio_ns: float
    """For one that goes to one subscriber."""
    transport_bytes: float
    """Memory a subscriber, with what its packets need."""
    arrived: float
    """The share of the forwarded packets that the subscribers got."""
    checked: int
    """Packets that were decrypted and compared."""
    gso: bool
    receive_buffer: int


@dataclass(frozen=True, slots=True)
class _Count:
    received: int
    forwarded: int
    nanos: float


def measure_forwarding(subscribers: int, seconds: float) -> Forwarding:
    """Let packets go from one publisher to ``subscribers`` for ``seconds``.

    Raises TrialError when there is no UDP on loopback, or nothing comes through it.
    """
    with open_stage(subscribers, Client) as stage:
        before = resident()
        for client in range(len(stage.clients)):
            stage.settle(client, int(client > 0))
        stage.connect()
        cameras = [Camera(ssrc_of(number) + 1) for number in range(len(stage.clients))]
        microphone = Microphone(ssrc_of(0))
        senders = list(zip(stage.clients, cameras, strict=True))
        video = _run(
            stage, VIDEO_MID, _pictures(senders[:1]), _FEEDBACK, seconds * _SHARES["video"]
        )
        memory = max(0, resident() - before) / subscribers
        audio = _run(
            stage,
            AUDIO_MID,
            _sound(stage.publisher, microphone),
            _FEEDBACK_ON_SOUND,
            seconds * _SHARES["audio"],
        )
        receive = _run(
            stage, None, _pictures(senders[:PUBLISHERS]), _FEEDBACK, seconds * _SHARES["receive"]
        )
        if not video.forwarded or not audio.forwarded or not receive.received:
            raise TrialError(
                "packets did not come through the engine; has the machine any time for it?",
                code="trial-failed",
            )
        received_ns = receive.nanos / receive.received
        arrived = sum(each.received for each in stage.subscribers)
        _, forwarded, _ = stage.counted()
        return Forwarding(
            received_ns=received_ns,
            video_ns=_each(video, received_ns),
            audio_ns=_each(audio, received_ns),
            transport_bytes=memory,
            arrived=min(1.0, arrived / forwarded),
            checked=sum(each.checked for each in stage.subscribers),
            gso=stage.gso,
            receive_buffer=stage.receive_buffer,
        )


def _each(counted: _Count, received_ns: float) -> float:
    """Return the nanoseconds of a packet that was forwarded, without those of its coming in."""
    own = counted.nanos - counted.received * received_ns
    # On a machine that is busy in between, coming in may have been dearer than it is here.
    return max(own, counted.nanos / 2) / counted.forwarded


def _run(
    stage: Stage[Client], mid: str | None, sent: Events, feedback: float, seconds: float
) -> _Count:
    stage.show(mid)
    events = merged(reports(stage.clients, feedback), sent)
    play(stage, events, _WARM_UP)
    received, forwarded, cpu = stage.counted()
    play(stage, events, seconds)
    more_received, more_forwarded, more_cpu = stage.counted()
    return _Count(more_received - received, more_forwarded - forwarded, (more_cpu - cpu) * 1e9)


def _pictures(senders: list[tuple[Client, Camera]]) -> Events:
    apart = _APART / len(senders)
    pause = 1 / FRAMES_A_SECOND - PACKETS_A_FRAME * _APART
    while True:
        frames = [(client, next_frame(client, camera)) for client, camera in senders]
        for position in range(PACKETS_A_FRAME):
            for client, frame in frames:
                yield apart, partial(client.send, frame[position])
        yield pause, _nothing


def _nothing() -> None:
    return


def _sound(publisher: Client, microphone: Microphone) -> Events:
    def send() -> None:
        publisher.send(microphone.packet(publisher.take_numbers(1)))

    return at_intervals(1 / AUDIO_PACKETS, send)
