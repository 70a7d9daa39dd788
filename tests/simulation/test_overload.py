"""Steps against overload in the whole SFU: video as the step has it, sound without a gap."""

from random import Random

import trio

from tests.simulation.test_clients import joined, play
from trio_sfu.overload.levels import Level
from trio_sfu.testing.faults import force_overload, raise_in_room
from trio_sfu.testing.simulation.session import ClientSession
from trio_sfu.testing.simulation.world import World

LOOK = 0.05
SETTLED = 1.0
"""Seconds after a step within which its pictures have gone, or are there again."""
GAP = 0.6
"""Seconds between two packets of one source on a good network, as the clients send them."""


def silence(viewer: ClientSession, other: ClientSession, source: str) -> float:
    """How long ago the last packet of a source came to a viewer."""
    return trio.current_time() - viewer.last_media[other.label, source]  # type: ignore[index]


def test_whatever_the_steps_sound_has_no_gap_and_cameras_follow() -> None:
    random = Random(7)

    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        for _ in range(60):
            level = random.choice(list(Level))
            force_overload(world.daemon, level)
            since, until = trio.current_time(), trio.current_time() + random.choice([0.1, 0.5, 4])
            while trio.current_time() < until:
                await trio.sleep(LOOK)
                for viewer, other in ((ann, ben), (ben, ann)):
                    assert silence(viewer, other, "microphone") < GAP
                    if trio.current_time() - since < SETTLED + GAP:
                        continue
                    dark = silence(viewer, other, "camera") > GAP
                    assert dark == (level >= Level.SCREENS), level

    play(scene)


def test_who_resumes_during_overload_gets_the_picture_back_after_it() -> None:
    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        force_overload(world.daemon, Level.AUDIO)
        await trio.sleep(2)
        ann.lose_socket()
        await trio.sleep(3)
        assert ann.resumes == 1
        assert silence(ann, ben, "camera") > 2
        assert silence(ann, ben, "microphone") < GAP
        force_overload(world.daemon, Level.NORMAL)
        await trio.sleep(2)
        assert silence(ann, ben, "camera") < GAP

    assert joined(play(scene)) == 2


def test_a_room_that_fails_on_a_full_server_is_full_again_and_a_stranger_is_not_let_in() -> None:
    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        force_overload(world.daemon, Level.FULL)
        raise_in_room(world.daemon, "amber")
        await trio.sleep(10)
        assert ann.over
        assert ben.over
        for client in world.clients:
            assert client.session is not None
            assert client.session.settled
        assert "server-busy" not in world.story.text()
        # Without its token one of them is a stranger.
        stranger = world.clients[0]
        stranger.end_session("left")
        await trio.sleep(10)
        assert "server-busy" in world.story.text()
        force_overload(world.daemon, Level.NORMAL)
        await trio.sleep(10)
        assert stranger.session is not None
        assert stranger.session.settled

    play(scene)
