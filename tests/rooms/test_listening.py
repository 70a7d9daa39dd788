"""What the clients of a room are told of who speaks."""

from collections.abc import Callable

import trio
from trio.testing import MockClock

from tests.rooms.scripted import Scene, ScriptedTrack, Someone, scene
from tests.rooms.talking import FRAME, Sound, Speaking, loudness
from trio_sfu._native import AudioLevel
from trio_sfu.signaling.messages import Answer, Leave, Speakers


async def joined(s: Scene, count: int) -> list[Someone]:
    """Let so many join who publish microphone and camera and have slots for two."""
    everybody = [await s.join() for _ in range(count)]
    for someone in everybody:
        await someone.offer("microphone", "camera")
        await someone.publish("microphone")
        await someone.publish("camera")
    return everybody


async def talk(someone: Someone, sound: Sound, seconds: float) -> None:
    """Make a sound, as the engine would tell of it."""
    hear = listener(someone)
    levels = sound.levels()
    for _ in range(round(seconds / FRAME / 5)):
        window = bytes(next(levels) for _ in range(5))
        await trio.sleep(5 * FRAME)
        hear(AudioLevel(1, loudness(window), voice=True, levels=window))


def listener(someone: Someone) -> Callable[[AudioLevel], None]:
    track: ScriptedTrack = someone.pc.tracks["microphone"]
    assert track.listener is not None
    return track.listener


def told(someone: Someone) -> list[list[tuple[str, bool]]]:
    messages = [each for each in someone.link.heard if isinstance(each, Speakers)]
    return [[(who.peer, who.speaking) for who in each.speakers] for each in messages]


async def test_everybody_is_told_who_speaks_and_who_did(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with scene() as s:
        ann, bob, eve = await joined(s, 3)
        await talk(ann, Speaking("ann"), 3)
        await talk(bob, Speaking("bob"), 3)
        await trio.sleep(3)
        for someone in (ann, bob, eve):
            assert told(someone)[0] == [(ann.id, True)]
            assert told(someone)[-1] == [(bob.id, False), (ann.id, False)]
        dan = await s.join()
        assert told(dan) == [[(bob.id, False), (ann.id, False)]]


async def test_however_many_speak_there_are_four_messages_a_second(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    async with scene() as s:
        *many, eve = await joined(s, 8)
        eve.link.forget()
        async with trio.open_nursery() as nursery:
            for number, someone in enumerate(many):
                nursery.start_soon(talk, someone, Speaking(number), 1 + number / 10)
        assert 1 <= len(told(eve)) <= 8
        last = told(eve)[-1]
        assert {who for who, _ in last} == {someone.id for someone in many}


async def test_who_speaks_takes_a_seat_without_sdp(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with scene() as s:
        everybody = await joined(s, 5)
        viewer, last = everybody[0], everybody[-1]
        assert last.id not in {shown[0] for shown in viewer.shown.values() if shown}
        viewer.link.forget()
        await trio.sleep(5)
        await talk(last, Speaking("last"), 1)
        pairs = {mid[1:] for mid, shown in viewer.shown.items() if shown and shown[0] == last.id}
        assert len(pairs) == 1
        assert sum(shown == (last.id, "camera") for shown in viewer.shown.values()) == 1
        assert sum(shown == (last.id, "microphone") for shown in viewer.shown.values()) == 1
        assert viewer.link.all(Answer) == []


async def test_who_has_left_is_heard_no_more(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with scene() as s:
        ann, bob = await joined(s, 2)
        hear = listener(ann)
        await talk(ann, Speaking("ann"), 2)
        ann.link.say(Leave())
        await trio.sleep(1)
        hear(AudioLevel(1, 30, voice=True, levels=b"\x1e\x2d\x1e"))
        room = next(iter(s.rooms.rooms.values()))
        assert not room.listening.speech.recent
        assert not room.listening._speakers._voices
        assert bob.id in room.peers
