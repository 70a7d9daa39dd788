import pytest
import trio
from trio.testing import MockClock

from tests.rooms.scripted import ScriptedLink, scene, settle
from trio_sfu import events
from trio_sfu.errors import RequestError
from trio_sfu.ids import RoomId
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.messages import (
    Candidate,
    Error,
    Join,
    Leave,
    Offer,
    Ping,
    Pong,
    Publish,
    SlotShows,
)
from trio_sfu.webrtc.events import Connected, Failed, Heard, Silent
from trio_sfu.webrtc.events import SlotShows as SlotShowsEvent


async def test_who_comes_sees_the_others_and_they_see_who_comes() -> None:
    async with scene() as s:
        ann = await s.join(name="Ann")
        bob = await s.join(name="Bob")
        assert ann.joined.peers == []
        assert [(peer.id, peer.name) for peer in bob.joined.peers] == [(ann.id, "Ann")]
        assert [info.name for info in ann.news_of(bob)] == ["Bob"]
        assert ann.joined.resume_token != bob.joined.resume_token


async def test_rooms_know_nothing_of_each_other() -> None:
    async with scene() as s:
        ann = await s.join(room="one")
        await s.join(room="two")
        assert len(ann.link.heard) == 1
        assert set(s.rooms.rooms) == {"one", "two"}


async def test_leaving_is_told_at_once_and_everything_of_the_peer_goes() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        bob.link.say(Leave())
        await settle()
        assert ann.left == [(bob.id, "left")]
        assert bob.pc.closed
        assert bob.link.ended == [None]
        assert bob.left == []


async def test_the_last_who_leaves_ends_the_room() -> None:
    async with scene() as s:
        ann = await s.join()
        ann.link.say(Leave())
        await settle()
        assert s.rooms.rooms == {}
        assert [type(fact) for fact in s.facts] == [
            events.RoomOpened,
            events.PeerJoined,
            events.PeerLeft,
            events.PeerTornDown,
            events.RoomClosed,
        ]
        again = await s.join()
        assert again.joined.peers == []


async def test_muting_reaches_the_others_and_costs_no_answer() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await ann.offer("camera")
        ann.link.forget()
        await ann.publish("camera")
        await ann.publish("camera", muted=True)
        await ann.publish("camera", muted=True)
        await ann.publish("camera", live=False)
        tracks = [[(t.source, t.muted) for t in info.tracks] for info in bob.news_of(ann)]
        assert tracks == [[("camera", False)], [("camera", True)], []]
        assert len(ann.link.heard) == 1


async def test_a_refused_offer_is_an_error_with_its_code_and_the_session_goes_on() -> None:
    async with scene() as s:
        ann = await s.join()
        ann.link.say(Offer(id=7, sdp="bad"))
        ann.link.say(Ping(id=8))
        await settle()
        assert ann.link.heard[1:] == [
            Error(code="no-common-codec", message="no", id=7),
            Pong(id=8),
        ]
        assert s.journal.by_label(events.RequestRefused) == {"no-common-codec": 1}


async def test_publishing_what_was_not_offered_is_refused() -> None:
    async with scene() as s:
        ann = await s.join()
        await ann.publish("camera")
        assert ann.errors == ["not-negotiated"]
        assert ann.link.departure is None


async def test_candidates_are_accepted_in_silence() -> None:
    async with scene() as s:
        ann = await s.join()
        ann.link.say(Candidate(candidate="candidate:1 1 udp 1 192.0.2.1 9 typ host", mid="0"))
        await settle()
        assert len(ann.link.heard) == 1


async def test_a_second_join_ends_the_session() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        bob.link.say(Join(room="other", name="n"))
        await settle()
        assert bob.link.ended == ["already-joined"]
        assert ann.left == [(bob.id, "failed")]


async def test_the_connection_the_others_see() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        for event in (Connected(), Silent(), Heard()):
            await bob.happen(event)
        seen = [info.connection for info in ann.news_of(bob)]
        assert seen == ["connecting", "connected", "lost", "connected"]
        assert len(s.noted(events.PeerConnected)) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [("consent-expired", "timeout"), ("dtls-closed", "left"), ("dtls-timeout", "failed")],
)
async def test_a_failed_connection_ends_the_peer(code: str, reason: str) -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await bob.happen(Failed(code, "it is over"))
        assert bob.link.ended == [code]
        assert ann.left == [(bob.id, reason)]


async def test_a_closed_socket_ends_the_peer_at_once() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await bob.happen(Connected())
        bob.link.vanish(Departure.LEFT)
        await settle()
        assert ann.left == [(bob.id, "left")]


async def test_a_session_the_server_ended_ends_the_peer_at_once() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await bob.happen(Connected())
        bob.link.end("slow-consumer")
        await settle()
        assert ann.left == [(bob.id, "failed")]


async def test_a_lost_socket_with_media_waits_for_the_grace_period(
    autojump_clock: MockClock,
) -> None:
    async with scene(grace=15) as s:
        ann, bob = await s.join(), await s.join()
        await bob.happen(Connected())
        bob.link.vanish(Departure.LOST)
        await trio.sleep(14.9)
        assert ann.left == []
        await trio.sleep(0.2)
        assert ann.left == [(bob.id, "gone")]


async def test_a_lost_socket_and_silent_media_are_gone(autojump_clock: MockClock) -> None:
    async with scene(grace=15) as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join()
        for each in (bob, eve):
            await each.happen(Connected())
        bob.link.vanish(Departure.LOST)
        await settle()
        await trio.sleep(3)
        await bob.happen(Silent())
        assert ann.left == [(bob.id, "gone")]
        await eve.happen(Silent())
        eve.link.vanish(Departure.LOST)
        await settle()
        assert ann.left == [(bob.id, "gone"), (eve.id, "gone")]


async def test_a_socket_lost_before_media_ever_flowed_is_gone_at_once() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        bob.link.vanish(Departure.LOST)
        await settle()
        assert ann.left == [(bob.id, "gone")]


async def test_joining_anew_replaces_the_earlier_peer_first(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await bob.happen(Connected())
        bob.link.vanish(Departure.LOST)
        await settle()
        again = await s.join(replaces=bob.joined.resume_token)
        assert ann.left == [(bob.id, "replaced")]
        assert bob.pc.closed
        assert [peer.id for peer in again.joined.peers] == [ann.id]
        assert len(s.rooms.rooms[RoomId("r")].peers) == 2


async def test_a_resume_token_of_nobody_is_a_plain_join() -> None:
    async with scene() as s:
        ann = await s.join(replaces="nothing")
        assert ann.joined.peers == []


async def test_limits_are_told_with_their_codes() -> None:
    async with scene(max_rooms=1, max_peers=2) as s:
        await s.join()
        await s.join()
        for room, code in (("r", "room-full"), ("other", "too-many-rooms")):
            with pytest.raises(RequestError) as refused:
                await s.rooms.join(Join(room=room, name="n"), ScriptedLink())
            assert refused.value.code == code
        assert s.journal.by_label(events.JoinRefused) == {"room-full": 1, "too-many-rooms": 1}


async def test_slot_shows_says_whose_track_it_is() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await ann.offer("camera")
        track = ann.pc.tracks["camera"]
        await bob.happen(SlotShowsEvent("v0", track.id, "h"))
        await bob.happen(SlotShowsEvent("v0", 999_999_999, ""))
        assert bob.link.all(SlotShows) == [
            SlotShows(mid="v0", peer=ann.id, source="camera", rid="h")
        ]


async def test_stopping_tells_everybody_and_leaves_no_room() -> None:
    async with scene() as s:
        ann, bob = await s.join(room="one"), await s.join(room="two")
        with trio.fail_after(1):
            await s.rooms.stop()
        assert ann.link.ended == bob.link.ended == ["server-stopping"]
        assert ann.pc.closed
        assert bob.pc.closed
        assert s.rooms.rooms == {}
        with pytest.raises(RequestError) as refused:
            await s.rooms.join(Join(room="r", name="n"), ScriptedLink())
        assert refused.value.code == "server-stopping"


async def test_a_join_after_publish_sees_the_tracks() -> None:
    async with scene() as s:
        ann = await s.join()
        await ann.offer("camera", "microphone")
        ann.link.say(Publish(source="microphone", live=True, muted=True))
        await settle()
        bob = await s.join()
        assert [(t.source, t.muted) for t in bob.joined.peers[0].tracks] == [("microphone", True)]
