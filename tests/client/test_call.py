"""Python clients in a room of a real daemon: what each of them sees and hears."""

from functools import partial
from pathlib import Path

import av
import pytest
import trio
from av import VideoFrame
from av.video.stream import VideoStream

from tests.client.calling import hear, is_colour, running_daemon, see
from trio_sfu.client import (
    ClientError,
    File,
    JoinError,
    SessionEndedError,
    SyntheticVideo,
    Tone,
    connect,
)
from trio_sfu.signaling.carried import TrackInfo
from trio_sfu.webrtc.sources import Colour


def plain(colour: Colour, width: int = 160, height: int = 120) -> SyntheticVideo:
    return SyntheticVideo((colour,) * 4, width, height)


RED, GREEN, WHITE = (200, 40, 40), (40, 180, 40), (235, 235, 235)


async def test_each_sees_and_hears_the_other_and_leaves() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="red") as red,
    ):
        async with connect(daemon.url, room="room", name="green") as green:
            assert [peer.name for peer in green.peers.values()] == ["red"]
            await red.publish(camera=plain(RED), microphone=Tone(440))
            await green.publish(camera=plain(GREEN), microphone=Tone(660))
            await see(green, red.id, is_colour(RED))
            await see(red, green.id, is_colour(GREEN))
            await hear(green, red.id)
            await hear(red, green.id)
        with trio.fail_after(1):
            await red.until(lambda: not red.peers)
        assert [each.reason for each in red.state.left] == ["left"]


async def test_a_screen_takes_the_camera_s_place_and_gives_it_back() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="presenter") as presenter,
        connect(daemon.url, room="room", name="viewer") as viewer,
    ):
        await presenter.publish(camera=plain(RED))
        await see(viewer, presenter.id, is_colour(RED))
        slot = viewer.state.stage_of(presenter.id)
        await presenter.publish(screen=plain(WHITE, 320, 180))
        picture = await see(viewer, presenter.id, is_colour(WHITE))
        assert (picture.width, picture.height) == (320, 180)
        assert viewer.state.stage_of(presenter.id) == slot
        await presenter.unpublish("screen")
        picture = await see(viewer, presenter.id, is_colour(RED))
        assert (picture.width, picture.height) == (160, 120)


async def test_no_picture_between_camera_and_screen_is_anything_else() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="presenter") as presenter,
        connect(daemon.url, room="room", name="viewer") as viewer,
    ):
        await presenter.publish(camera=plain(RED))
        await see(viewer, presenter.id, is_colour(RED))
        strange = []

        def screen_or_note(picture: object) -> bool:
            if is_colour(WHITE)(picture):  # type: ignore[arg-type]
                return True
            if not is_colour(RED)(picture):  # type: ignore[arg-type]
                strange.append(picture)
            return False

        await presenter.publish(screen=plain(WHITE))
        await see(viewer, presenter.id, screen_or_note)
        assert not strange


async def test_a_screen_s_sound_has_a_slot_of_its_own() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="presenter") as presenter,
        connect(daemon.url, room="room", name="viewer") as viewer,
    ):
        await presenter.publish(microphone=Tone(440))
        await presenter.publish(screen=plain(WHITE), screen_audio=Tone(880))
        await hear(viewer, presenter.id, "microphone")
        await hear(viewer, presenter.id, "screen-audio")


async def test_a_track_may_end_and_begin_again_on_its_line() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="publisher") as publisher,
        connect(daemon.url, room="room", name="viewer") as viewer,
    ):
        for colour in (RED, GREEN, RED):
            await publisher.publish(camera=plain(colour))
            await see(viewer, publisher.id, is_colour(colour))
            await publisher.unpublish("camera")
            await viewer.until(lambda: viewer.state.stage_of(publisher.id) is None)


def write_film(file: Path, colour: tuple[int, int, int]) -> None:
    """Write two seconds of one colour, without sound."""
    with av.open(str(file), "w") as film:
        stream = film.add_stream("mpeg4", rate=15)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        picture = VideoFrame(160, 120, "rgb24")
        picture.planes[0].update(bytes(colour) * (160 * 120))
        for number in range(30):
            frame = picture.reformat(format="yuv420p")
            frame.pts = number
            film.mux(stream.encode(frame))
        film.mux(stream.encode())


async def test_a_file_is_published(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    write_film(film, (0x28, 0xB4, 0x28))
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="publisher") as publisher,
        connect(daemon.url, room="room", name="viewer") as viewer,
    ):
        await publisher.publish(camera=File(film))
        await see(viewer, publisher.id, is_colour(GREEN))
        # A silent film has no sound to publish.
        with pytest.raises(ValueError, match="no audio"):
            await publisher.publish(microphone=File(film))


async def test_more_slots_are_one_more_offer() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="viewer", pairs=1) as viewer,
        connect(daemon.url, room="room", name="one") as one,
        connect(daemon.url, room="room", name="two") as two,
    ):
        await one.publish(camera=plain(RED))
        await two.publish(camera=plain(GREEN))
        await see(viewer, one.id, is_colour(RED))
        assert viewer.state.stage_of(two.id) is None
        await viewer.negotiate(2)
        await viewer.until(lambda: viewer.state.stage_of(two.id))
        await see(viewer, two.id, is_colour(GREEN))


async def test_joining_leaving_and_sharing_cost_the_others_no_offer() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="stays") as stays,
    ):
        for _ in range(2):
            async with connect(daemon.url, room="room", name="guest") as guest:
                await guest.publish(camera=plain(RED), screen=plain(WHITE))
                await see(stays, guest.id, is_colour(WHITE))
        assert stays.offers == 1


async def test_a_client_without_slots_only_sends() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="viewer") as viewer,
        connect(daemon.url, room="room", name="camera", pairs=0) as camera,
    ):
        await camera.publish(camera=plain(RED))
        await see(viewer, camera.id, is_colour(RED))
        assert all(reception.kind == "audio" for reception in camera.receptions.values())


async def test_muting_is_told() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="speaker") as speaker,
        connect(daemon.url, room="room", name="listener") as listener,
    ):
        await speaker.publish(microphone=Tone())

        def told(*, muted: bool) -> bool:
            return [TrackInfo(source="microphone", muted=muted)] == listener.peers[
                speaker.id
            ].tracks

        for muted in (False, True, False):
            await speaker.mute("microphone", muted=muted)
            with trio.fail_after(5):
                await listener.until(partial(told, muted=muted))


async def test_a_refused_join_is_one_error() -> None:
    async with (
        running_daemon(rooms__max_peers="1") as daemon,
        connect(daemon.url, room="room", name="first"),
    ):
        with pytest.raises(JoinError) as refused:
            async with connect(daemon.url, room="room", name="second"):
                pass
        assert refused.value.code == "room-full"


async def test_a_replaced_session_says_so() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="me") as before,
        connect(daemon.url, room="room", name="me", replaces=before.resume_token),
    ):
        with trio.fail_after(5), pytest.raises(SessionEndedError) as ended:
            await before.until(lambda: False)
        assert ended.value.code == "replaced"


async def test_nobody_there_is_an_os_error_and_somebody_else_a_client_error() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]

    async def hang_up(stream: trio.SocketStream) -> None:
        await stream.receive_some(1000)
        await stream.send_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, hang_up, listeners)
        with pytest.raises(ClientError) as refused:
            async with connect(f"http://127.0.0.1:{port}", room="room", name="me"):
                pass
        assert refused.value.code == "not-a-daemon"
        nursery.cancel_scope.cancel()
    with pytest.raises(OSError, match="connect"):
        async with connect(f"http://127.0.0.1:{port}", room="room", name="me"):
            pass


async def test_an_error_in_the_block_comes_out_as_it_is() -> None:
    async with running_daemon() as daemon:
        with pytest.raises(LookupError, match="mine"):
            async with connect(daemon.url, room="room", name="me"):
                raise LookupError("mine")


async def test_who_shares_takes_the_place_of_who_did_before() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="viewer") as viewer,
        connect(daemon.url, room="room", name="first", pairs=1) as first,
        connect(daemon.url, room="room", name="second", pairs=1) as second,
    ):
        await first.publish(camera=plain(RED), screen=plain(WHITE), screen_audio=Tone(880))
        await see(viewer, first.id, is_colour(WHITE))
        await second.publish(screen=plain(GREEN))
        await see(viewer, second.id, is_colour(GREEN))
        await see(viewer, first.id, is_colour(RED))
        with trio.fail_after(5):
            await first.until(lambda: first.state.moderated)
        [told] = first.state.moderated
        assert (told.code, told.by, told.name) == ("screen-taken-over", second.id, "second")
        assert first.displaced
        assert [track.source for track in viewer.peers[first.id].tracks] == ["camera"]
        # It shares again, and wins.
        await first.publish(screen=plain(WHITE))
        await see(viewer, first.id, is_colour(WHITE))
        assert not first.displaced
        assert viewer.peers[second.id].tracks == []
        # What was shared in a session before takes nobody's place.
        await second.publish(screen=plain(GREEN), again=True)
        with trio.fail_after(5):
            await second.until(lambda: len(second.state.moderated) == 2)
        assert viewer.peers[second.id].tracks == []
