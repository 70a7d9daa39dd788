"""Peers by the API: listed, muted, moved, given other rights, removed."""

from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from tests.access.minting import EVERYTHING, NOW, policy, token
from tests.http.staging import Stage, stage
from tests.rooms.scripted import Someone, settle
from trio_sfu import events
from trio_sfu.access import Gate
from trio_sfu.errors import RequestError
from trio_sfu.media.track import Layer
from trio_sfu.signaling.carried import Rights, Source
from trio_sfu.signaling.messages import Moderated, Moved, Resume, RightsChanged
from trio_sfu.webrtc.events import EncodingStarted

ALL = {"publish": ["camera", "microphone", "screen", "screen-audio"], "subscribe": True}
FULL = ALL | {"data": True, "moderate": False, "record": False}


@pytest.fixture
def gate() -> Gate:
    return Gate(policy(), lambda: NOW)


async def flows(peer: Someone, *sources: Source) -> None:
    await peer.offer(*sources)
    for source in sources:
        await peer.happen(EncodingStarted(source, "h" if source == "camera" else "", None))
        await peer.publish(source)


def tracks(viewer: Someone, publisher: Someone) -> list[str]:
    """Return what the viewer was told last that somebody publishes."""
    return [track.source for track in viewer.news_of(publisher)[-1].tracks]


def done(s: Stage) -> list[str]:
    return [fact.action for fact in cast("list[Any]", s.scene.noted(events.Moderation))]


async def test_peers_are_listed_without_names(gate: Gate) -> None:
    async with stage(gate) as s:
        peer = await s.scene.join("standup", token=token(sub="ada", name="Ada Lovelace"))
        await flows(peer, "microphone")
        answer = await s.ask("/rooms/standup/peers")
        [told] = answer.json()["peers"]
        assert (told["peer"], told["identity"], told["connection"]) == (
            peer.id,
            "ada",
            "connecting",
        )
        assert told["rights"]["publish"] == EVERYTHING["publish"]
        assert [track["source"] for track in told["tracks"]] == ["microphone"]
        assert b"Lovelace" not in answer.body
        assert await s.told(s.path(peer)) == told
        assert await s.told(s.path(peer, "/tracks")) == {
            "peer": peer.id,
            "tracks": told["tracks"],
        }
        assert (await s.told("/rooms/standup/tracks"))["peers"][0]["peer"] == peer.id


@pytest.mark.parametrize(
    ("method", "then", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/tracks", None),
        ("POST", "/mute", {"source": "camera"}),
        ("POST", "/move", {"room": "other"}),
        ("PUT", "/rights", FULL),
    ],
)
async def test_who_is_not_there_is_not_found(method: str, then: str, body: object) -> None:
    async with stage() as s:
        await s.scene.join("r")
        for where in ("/rooms/r/peers/p-none", "/rooms/none/peers/p-none"):
            assert await s.refused(where + then, method, body) == (404, "not-found")
        assert not done(s)


async def test_tracks_are_told_with_what_they_take() -> None:
    async with stage() as s:
        peer = await s.scene.join()
        await flows(peer, "camera")
        track = peer.pc.tracks["camera"]
        track.encodings, track.idle = ("q", "h"), ("h",)
        track.layers = (Layer("q", 0, 0, 90_000, 320, 180), Layer("q", 0, 1, 150_000, 320, 180))
        track.counts = {"packets": 7, "bytes": 7_000, "lost": 1, "ssrc": 9}
        [told] = (await s.told(s.path(peer, "/tracks")))["tracks"]
        assert (told["source"], told["muted"], told["silenced"]) == ("camera", False, False)
        high, low = told["encodings"]
        counted = {"codec": None, "packets": 7, "bytes": 7_000, "lost": 1}
        measured = {"bitrate": 150_000, "width": 320, "height": 180}
        unknown = dict.fromkeys(measured)
        assert low == {"rid": "q", "idle": False} | measured | counted
        assert high == {"rid": "h", "idle": True} | unknown | counted


# ---- mute --------------------------------------------------------------------------------


async def test_muting_is_what_a_moderators_is() -> None:
    async with stage() as s:
        viewer, peer = await s.scene.join(), await s.scene.join()
        await flows(peer, "microphone")
        answer = await s.ask(
            s.path(peer, "/mute"), "POST", {"source": "microphone", "reason": "a dog"}
        )
        assert answer.status == 204
        assert peer.link.all(Moderated) == [
            Moderated(code="muted-by-operator", by="", name="", source="microphone", reason="a dog")
        ]
        [track] = viewer.news_of(peer)[-1].tracks
        assert track.muted
        assert (await s.told(s.path(peer, "/tracks")))["tracks"][0]["silenced"]
        # What its client said before it knew does not count; afterwards it may unmute.
        await peer.publish("microphone")
        assert viewer.news_of(peer)[-1].tracks[0].muted
        await peer.publish("microphone", muted=True)
        await peer.publish("microphone")
        assert not viewer.news_of(peer)[-1].tracks[0].muted
        assert done(s) == ["mute"]


async def test_what_is_not_live_cannot_be_muted() -> None:
    async with stage() as s:
        peer = await s.scene.join()
        asked = s.path(peer, "/mute"), "POST", {"source": "camera"}
        assert await s.refused(*asked) == (409, "not-live")
        bad = s.path(peer, "/mute"), "POST", {"source": "camera", "muted": False}
        assert await s.refused(*bad) == (400, "bad-request")
        assert not done(s)


async def test_removing() -> None:
    async with stage() as s:
        viewer, peer = await s.scene.join(), await s.scene.join()
        assert (await s.ask(s.path(peer), "DELETE")).status == 204
        assert peer.link.ended == ["removed"]
        assert viewer.left == [(peer.id, "removed")]


# ---- move --------------------------------------------------------------------------------


async def test_moving_tells_the_client_where_to_go(gate: Gate) -> None:
    async with stage(gate) as s:
        mine = token(sub="ada", name="Ada", room="a", rights=EVERYTHING | {"moderate": False})
        stays, peer = (
            await s.scene.join("a", token=token(room="*")),
            await s.scene.join("a", token=mine),
        )
        with pytest.raises(RequestError, match="another room"):
            await s.scene.join("b", token=mine, replaces=peer.joined.resume_token)
        assert (await s.ask(s.path(peer, "/move"), "POST", {"room": "b"})).status == 204
        assert peer.link.heard[-1] == Moved(room="b")
        assert peer.link.ended == ["moved"]
        assert stays.left == [(peer.id, "moved")]
        assert done(s) == ["move"]
        # Its token is for the other room, but with the secret of its session it is let in.
        with pytest.raises(RequestError, match="another room"):
            await s.scene.join("b", token=mine)
        with pytest.raises(RequestError, match="another room"):
            await s.scene.join("c", token=mine, replaces=peer.joined.resume_token)
        moved = await s.scene.join("b", token=mine, replaces=peer.joined.resume_token)
        assert moved.joined.rights.moderate is False
        # And so it is when it loses that session.
        moved.link.end("peer-failed")
        await settle()
        again = await s.scene.join("b", token=mine, replaces=moved.joined.resume_token)
        assert again.joined.room == "b"


async def test_a_moved_session_is_of_no_use_with_another_token(gate: Gate) -> None:
    async with stage(gate) as s:
        peer = await s.scene.join("a", token=token(room="a"))
        await s.told(s.path(peer, "/move"), "POST", {"room": "b"})
        with pytest.raises(RequestError, match="another room"):
            await s.scene.join(
                "b", token=token(sub="eve", room="a"), replaces=peer.joined.resume_token
            )


async def test_where_nobody_can_be_moved(gate: Gate) -> None:
    async with stage(gate, max_peers=2, max_rooms=2) as s:
        peer, barred = [await s.scene.join("a", token=token(sub=sub, room="*")) for sub in "xy"]
        full = [await s.scene.join("full", token=token(sub=sub, room="*")) for sub in "yz"]

        async def move(who: Someone, room: str) -> tuple[int, str]:
            return await s.refused(s.path(who, "/move"), "POST", {"room": room})

        assert await move(peer, "a") == (409, "same-room")
        assert await move(peer, "full") == (409, "room-full")
        assert await move(peer, "third") == (503, "too-many-rooms")
        assert await move(peer, "a b") == (400, "bad-request")
        await s.ask(s.path(full[0]), "DELETE")
        assert await move(barred, "full") == (409, "join-barred")
        s.scene.rooms.drain(trio.current_time() + 60)
        assert await move(peer, "third") == (503, "server-draining")
        peer.link.follows = False
        assert await move(peer, "full") == (409, "not-movable")
        assert peer.link.ended == []
        assert "move" not in done(s)


# ---- rights ------------------------------------------------------------------------------


async def test_tracks_without_a_right_end(autojump_clock: MockClock) -> None:
    async with stage() as s:
        viewer, peer = await s.scene.join(), await s.scene.join()
        await viewer.offer()
        await flows(peer, "camera", "microphone")
        await trio.sleep(1)
        assert sorted(each[1] for each in viewer.shown.values() if each) == ["camera", "microphone"]
        rights = FULL | {"publish": ["microphone"]}
        assert await s.told(s.path(peer, "/rights"), "PUT", rights) == rights
        await trio.sleep(1)
        [told] = cast("list[RightsChanged]", peer.link.all(RightsChanged))
        assert told.rights == Rights(publish=["microphone"], subscribe=True, data=True)
        assert tracks(viewer, peer) == ["microphone"]
        assert [each[1] for each in viewer.shown.values() if each] == ["microphone"]
        # Nothing of it is left in the engine, and it is not begun again.
        assert set(peer.pc.tracks) == {"microphone"}
        await peer.publish("camera")
        assert peer.errors == ["publish-denied"]
        assert [
            fact.source for fact in cast("list[Any]", s.scene.noted(events.TrackUnpublished))
        ] == ["camera"]
        assert done(s) == ["change-rights"]
        # Given back, it is there again with the next offer.
        await s.told(s.path(peer, "/rights"), "PUT", FULL)
        peer.link.forget()
        await flows(peer, "camera")
        await trio.sleep(1)
        assert tracks(viewer, peer) == ["microphone", "camera"]
        assert sorted(each[1] for each in viewer.shown.values() if each) == ["camera", "microphone"]


async def test_who_may_not_see_any_more_is_shown_nothing(autojump_clock: MockClock) -> None:
    async with stage() as s:
        viewer, peer = await s.scene.join(), await s.scene.join()
        await viewer.offer()
        await flows(peer, "camera")
        await trio.sleep(1)
        slots = dict(viewer.pc.slots)
        assert any(viewer.shown.values())
        await s.told(s.path(viewer, "/rights"), "PUT", FULL | {"subscribe": False})
        await trio.sleep(1)
        assert viewer.shown == {}
        assert viewer.pc.slots == {}
        await s.told(s.path(viewer, "/rights"), "PUT", FULL)
        await viewer.offer()
        await trio.sleep(1)
        assert any(viewer.shown.values())
        assert any(slot.shown for slot in viewer.pc.slots.values())
        assert set(viewer.pc.slots) == set(slots)


async def test_a_moderator_made_is_one() -> None:
    async with stage() as s:
        peer = await s.scene.join()
        await s.told(s.path(peer, "/rights"), "PUT", FULL | {"moderate": True})
        assert (await s.told(s.path(peer)))["rights"]["moderate"]


async def test_a_session_that_is_resumed_hears_of_it_again() -> None:
    async with stage() as s:
        peer = await s.scene.join()
        await s.told(s.path(peer, "/rights"), "PUT", FULL | {"publish": []})
        link = type(peer.link)()
        s.scene.rooms.resume(Resume(resume_token=peer.joined.resume_token).resume_token, link)
        assert [m.rights.publish for m in cast("list[RightsChanged]", link.all(RightsChanged))] == [
            []
        ]


async def test_joining_anew_brings_no_right_back(gate: Gate) -> None:
    async with stage(gate) as s:
        mine = token(sub="ada")
        peer = await s.scene.join("standup", token=mine)
        await s.told(s.path(peer, "/rights"), "PUT", FULL | {"publish": []})
        for replaces in (peer.joined.resume_token, None):
            again = await s.scene.join("standup", token=mine, replaces=replaces)
            assert again.joined.rights.publish == []
        later = await s.scene.join("standup", token=token(sub="ada", iat=NOW + 5))
        assert later.joined.rights.publish == EVERYTHING["publish"]


async def test_where_there_are_no_tokens_who_comes_back_has_what_it_had() -> None:
    async with stage() as s:
        peer = await s.scene.join()
        await s.told(s.path(peer, "/rights"), "PUT", FULL | {"publish": []})
        again = await s.scene.join(replaces=peer.joined.resume_token)
        assert again.joined.rights.publish == []
        assert (await s.scene.join()).joined.rights.publish == ALL["publish"]


@pytest.mark.parametrize(
    "body", [{"publish": ["music"]}, {"admin": True}, [], "", {"publish": None}]
)
async def test_rights_that_do_not_exist(body: object) -> None:
    async with stage() as s:
        peer = await s.scene.join()
        assert await s.refused(s.path(peer, "/rights"), "PUT", body) == (400, "bad-request")
        assert not done(s)
