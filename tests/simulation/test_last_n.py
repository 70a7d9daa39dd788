"""Fifty publishers, and a viewer with nine slots of video and three of audio."""

from collections.abc import Callable
from itertools import pairwise
from statistics import median

import trio

from tests.rooms.talking import Keyboard, Noise, Silence, Speaking, Turns
from tests.simulation.meeting import Meeting, meeting, session_of
from trio_sfu.signaling.messages import Answer, Speakers
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.clock import VirtualClock
from trio_sfu.testing.simulation.determinism import seeded

PUBLISHERS = 50
TURNS = 8
TURN = 4.0
WITHIN = 1.0
APART = 5.0


async def the_story() -> Meeting:
    async with meeting(PUBLISHERS) as room:
        room.talk(room.publishers[0], Noise("fan", 45), 200)
        room.talk(room.publishers[1], Noise("another", 40), 200)
        room.talk(room.publishers[2], Keyboard("typing"), 200)
        # Those who speak were not there before: the newest, who have no seat.
        for turn, client in enumerate(room.publishers[-TURNS:]):
            await its_turn(room, client, turn)
        room.turns_ended = trio.current_time()
        for number, client in enumerate(room.publishers[-3:]):
            sound = Turns((number * 0.3, Silence(number)), (60.0, Speaking(f"at once {number}")))
            room.talk(client, sound, 60)
        await trio.sleep(20)
        return room


async def its_turn(room: Meeting, client: SimulatedClient, turn: int) -> None:
    begun = trio.current_time()
    room.heard.clear()
    room.talk(client, Speaking(f"turn {turn}"), TURN)
    await trio.sleep(WITHIN + 0.02)
    name = session_of(client).label
    audio, video = room.place(client, "microphone"), room.place(client, "camera")
    assert audio is not None, f"{name} is not heard"
    assert video == f"v{audio[1:]}", f"{name} is heard in {audio} and seen in {video}"
    spoken = [when for when, mid, got in room.heard if got.tag.sender == name and mid[0] == "a"]
    assert spoken[0] - begun < 0.5
    room.word.append(spoken[0] - begun)
    moved = next(when for when, said in room.mappings(begun) if room.in_front(said, client))
    room.seen.append(moved - begun)
    await trio.sleep(TURN - WITHIN)
    said = list(room.of(Speakers))[-1][1].speakers
    joined = session_of(client).joined
    assert joined is not None
    assert (said[0].peer, said[0].speaking) == (joined.peer, True)


def test_speakers_come_to_the_front_and_stay_there(measure: Callable[[str, str], None]) -> None:
    with seeded(7):
        room = trio.run(the_story, clock=VirtualClock())
    assert len(list(room.of(Answer))) == 1, "no SDP but the first"
    video, audio = room.changes("video"), room.changes("audio")
    steady = room.turns_ended + 3
    for mid, times in video.items():
        apart = [after - before for before, after in pairwise(times)]
        assert all(seconds >= APART for seconds in apart), room.history(mid)
        assert max(times) < steady, "three who go on speaking move nobody"
    for mid, times in audio.items():
        late = [when for when in times if when > steady]
        apart = [after - before for before, after in pairwise(late)]
        assert all(seconds >= APART for seconds in apart), room.history(mid)
    turns = [when for times in audio.values() for when in times if when < room.turns_ended]
    assert len(turns) <= 2 * TURNS
    measure("a new speaker of fifty is heard after", f"{median(room.word):.2f} s")
    measure(
        "a new speaker of fifty is in front after",
        f"{median(room.seen):.2f} s, at most {max(room.seen):.2f} s",
    )
    for what, taken in room.cpu.items():
        measure(f"CPU of {what}, fifty publishers", f"{median(taken) * 1e6:.0f} µs")
    plans = sorted(room.cpu["a plan with twelve slots"])
    assert plans[round(0.9 * len(plans))] < 0.005
