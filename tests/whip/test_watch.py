"""What a WHEP player sees, and of whom."""

import trio
import trio.testing

from tests.rooms.scripted import Someone, settle
from tests.webrtc.offering import Description, Section
from tests.whip.staging import AnsweringConnection, Stage, stage
from trio_sfu.signaling.carried import Source
from trio_sfu.webrtc.events import Connected, EncodingStarted


async def publisher(staged: Stage, name: str, *sources: Source) -> Someone:
    """Have somebody join with a browser, and publish."""
    someone = await staged.scene.join(name=name)
    staged.connections[-1].is_scripted = True
    await someone.offer(*sources, pairs=0)
    await someone.happen(Connected())
    for source in sources:
        await someone.publish(source)
        await someone.happen(EncodingStarted(source, "", "vp8" if source != "microphone" else None))
    return someone


def seen(player: AnsweringConnection) -> dict[str, int | None]:
    """Return the number of the up-track that each slot shows."""
    return {
        mid: slot.shown[-1][0] if slot.shown and slot.shown[-1] else None
        for mid, slot in player.slots.items()
    }


def track(someone: Someone, source: Source) -> int:
    return someone.pc.tracks[source].id


async def test_a_player_sees_and_hears_who_publishes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        ann = await publisher(staged, "ann", "camera", "microphone")
        told = await staged.watch()
        await settle()
        assert told.status == 201
        assert told.body.count("a=sendonly") == 2
        assert told.body.count("a=msid:slot-0 ") == 2, "one stream, so that lips fit"
        player = staged.connections[-1]
        assert seen(player) == {"a": track(ann, "microphone"), "v": track(ann, "camera")}


async def test_a_screen_that_is_shared_takes_the_place_of_the_camera(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        ann = await publisher(staged, "ann", "camera", "microphone")
        await staged.watch()
        player = staged.connections[-1]
        ben = await publisher(staged, "ben", "screen")
        await trio.sleep(10)
        assert seen(player)["v"] == track(ben, "screen")
        await ben.publish("screen", live=False)
        await trio.sleep(10)
        assert seen(player)["v"] == track(ann, "camera")


async def test_each_further_pair_of_lines_shows_one_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    lines = [
        Section(f"{kind[0]}{number}", kind, direction="recvonly")
        for kind in ("video", "audio")
        for number in range(2)
    ]
    async with stage() as staged:
        ann = await publisher(staged, "ann", "camera", "microphone")
        ben = await publisher(staged, "ben", "camera", "microphone")
        told = await staged.post("/whep/r", Description(lines).sdp())
        await settle()
        assert told.status == 201
        assert seen(staged.connections[-1]) == {
            "v0": track(ann, "camera"),
            "a0": track(ann, "microphone"),
            "v1": track(ben, "camera"),
            "a1": track(ben, "microphone"),
        }


async def test_a_player_that_wants_somebody_gets_nobody_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        await publisher(staged, "ann", "camera", "microphone")
        ben = await publisher(staged, "ben", "camera", "microphone")
        assert (await staged.watch(peer=ben.id)).status == 201
        await settle()
        player = staged.connections[-1]
        assert seen(player) == {"a": track(ben, "microphone"), "v": track(ben, "camera")}
        ben.link.end()
        await trio.sleep(1)
        assert seen(player) == {"a": None, "v": None}


async def test_a_player_waits_for_a_name_that_is_to_come_and_may_come_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        await publisher(staged, "ann", "camera", "microphone")
        await staged.watch(peer="studio")
        player = staged.connections[-1]
        await settle()
        assert seen(player) == {"a": None, "v": None}
        for _ in range(2):
            studio = await publisher(staged, "studio", "camera", "microphone")
            await trio.sleep(1)
            assert seen(player)["v"] == track(studio, "camera")
            studio.link.end()
            await trio.sleep(1)
            assert seen(player)["v"] is None


async def test_a_name_nobody_can_have_is_refused() -> None:
    async with stage() as staged:
        told = await staged.watch(peer="x" * 65)
        assert (told.status, told.json()["code"]) == (400, "bad-request")


async def test_players_are_shown_to_browsers_with_nothing_in_their_tiles() -> None:
    async with stage() as staged:
        ann = await staged.scene.join()
        await staged.watch(name="Foyer")
        await settle()
        (room,) = staged.scene.rooms.rooms.values()
        other = next(each for each in room.state.members.values() if each.id != ann.id)
        assert (other.name, other.published) == ("Foyer", {})
