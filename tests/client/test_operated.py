"""What an operator does to somebody in a call, with real media."""

import trio

from tests.client.calling import hear, is_colour, running_daemon, see, settled
from trio_sfu.access.grant import EVERYTHING
from trio_sfu.client import SyntheticVideo, Tone, connect, stay
from trio_sfu.signaling.carried import Rights
from trio_sfu.webrtc.sources import Colour

RED: Colour = (200, 40, 40)
CAMERA = SyntheticVideo((RED,) * 4, 160, 120)


async def test_who_is_moved_is_seen_in_the_other_room() -> None:
    async with running_daemon() as daemon:
        baseline = daemon.census()
        async with (
            connect(daemon.url, room="a", name="ann", pairs=1) as ann,
            connect(daemon.url, room="b", name="eve", pairs=1) as eve,
            stay(daemon.url, room="a", name="bob", pairs=1) as bob,
        ):
            await bob.publish(camera=CAMERA)
            before = (await bob.present()).id
            await see(ann, before, is_colour(RED))
            await daemon.operating.move_peer("a", before, "b")
            with trio.fail_after(10):
                await eve.until(lambda: eve.peers)
            after = await bob.present()
            assert set(eve.peers) == {after.id}
            assert ann.peers == {}
            assert [(left.peer, left.reason) for left in ann.state.left] == [(before, "moved")]
            await see(eve, after.id, is_colour(RED))
            assert bob.rejoins == 1
        await settled(daemon, baseline)


async def test_a_right_is_taken_and_given_back_in_the_same_session() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="r", name="ann", pairs=1) as ann,
        connect(daemon.url, room="r", name="bob", pairs=0) as bob,
    ):
        await bob.publish(camera=CAMERA, microphone=Tone(440))
        await see(ann, bob.id, is_colour(RED))
        tracks = daemon.census()["up_tracks"]
        await daemon.operating.change_rights("r", bob.id, Rights(publish=["microphone"]))
        assert daemon.census()["up_tracks"] == tracks - 3
        with trio.fail_after(5):
            await ann.until(lambda: len(ann.peers[bob.id].tracks) == 1)
            await ann.until(lambda: ann.state.stage_of(bob.id) is None)
            await bob.until(lambda: bob.rights.publish == ["microphone"])
        await hear(ann, bob.id)
        await daemon.operating.change_rights("r", bob.id, EVERYTHING)
        with trio.fail_after(5):
            await bob.until(lambda: len(bob.rights.publish) == 4)
        await bob.negotiate(0)
        assert daemon.census()["up_tracks"] == tracks
        await bob.publish(camera=CAMERA)
        await see(ann, bob.id, is_colour(RED))
        assert ann.ended is bob.ended is None
