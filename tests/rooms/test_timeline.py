"""What a call leaves in its peers' timelines, and who is said to have ended them."""

from typing import get_args

import msgspec
import pytest
from trio.testing import MockClock

from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from tests.rooms.test_crash_groups import break_room
from trio_sfu.events.timeline import Timeline
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.operating import Operating
from trio_sfu.rooms.wording import detail_of, kind_of
from trio_sfu.signaling import messages
from trio_sfu.signaling.carried import ChatMessage, PeerInfo, PeerReaction, Rights
from trio_sfu.webrtc import events as media


def timeline_of(s: Scene, someone: Someone) -> Timeline:
    found = s.journal.timelines.find(someone.id)
    assert found is not None
    return found


def told(timeline: Timeline, *sides: str) -> list[str]:
    return [
        f"{each.what} {each.detail}".rstrip() for each in timeline.steps() if each.side in sides
    ]


def ending(s: Scene, someone: Someone) -> tuple[str, str, str]:
    found = timeline_of(s, someone).ending
    assert found is not None
    return found.by, found.reason, found.code


async def test_every_step_of_both_sides_is_there(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob = await s.join(name="Ann"), await s.join(name="Bob")
        await ann.offer("camera", "microphone")
        await ann.happen(media.Path("192.0.2.1", 5_000))
        await ann.happen(media.Connected())
        await ann.publish("camera")
        await ann.happen(media.EncodingStarted("camera", "h", "vp8"))
        for bitrate in (400_000, 450_000, 2_000_000):
            await ann.happen(media.Estimate(bitrate))
        await ann.happen(media.EncodingIdle("camera", "h"))
        bob.link.say(messages.Leave())
        await settle()
        ann.link.say(messages.Leave())
        await settle()
        timeline = timeline_of(s, ann)
        assert told(timeline, "client") == [
            "join",
            "offer 5 slots, sends camera microphone",
            "publish camera live",
            "leave",
        ]
        assert told(timeline, "media") == [
            "ICE path IPv4",
            "DTLS done",
            "encoding starts camera h vp8",
            "estimate 400 kbit/s",
            "estimate 2000 kbit/s",
            "encoding pauses camera h",
        ]
        server = told(timeline, "server")
        assert server[0] == "joined 0 others"
        assert f"peer-joined {bob.id}" in server
        assert "answer" in server
        assert f"peer-left {bob.id} left" in server
        assert told(timeline, "daemon")[0] == "peer-left left"
        assert timeline.ending is not None
        everything = str([*timeline.steps()])
        assert "Ann" not in everything
        assert "Bob" not in everything
        assert [each.address for each in timeline.steps() if each.address] == ["192.0.2.1 5000"]


async def test_who_leaves_or_loses_the_network_has_ended_it(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join()
        ann.link.vanish(Departure.LEFT)
        bob.link.vanish(Departure.LOST)
        await eve.happen(media.Failed("consent-expired", "no check"))
        await settle()
        assert ending(s, ann) == ("client", "left", "")
        assert ending(s, bob) == ("network", "gone", "")
        assert ending(s, eve) == ("network", "timeout", "consent-expired")
        assert told(timeline_of(s, ann), "client")[-1] == "closed the session"
        assert told(timeline_of(s, bob), "client")[-1] == "lost its socket"


async def test_operators_are_named_as_such() -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join()
        operating = Operating(s.rooms)
        await operating.remove_peer("r", ann.id)
        await operating.move_peer("r", eve.id, "other")
        await operating.end_room("r")
        assert ending(s, ann) == ("operator", "removed", "removed")
        assert ending(s, eve) == ("operator", "moved", "moved")
        assert ending(s, bob) == ("operator", "room-ended", "room-closed")
        assert "moderation remove by operator" in told(timeline_of(s, ann), "daemon")


async def test_an_error_is_the_servers_and_has_its_record() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join(room="other")
        ann.link.say(messages.Offer(id=1, sdp="defect"))
        await settle()
        await break_room(s, "other")
        [crash, broken] = reversed(s.journal.failures.recent())
        assert ending(s, ann) == ("server", "failed", "peer-failed")
        assert ending(s, bob) == ("server", "room-ended", "room-failed")
        for someone, failure in ((ann, crash), (bob, broken)):
            found = timeline_of(s, someone).ending
            assert found is not None
            assert found.failure == failure.id


async def test_a_stop_is_the_servers() -> None:
    async with scene() as s:
        ann = await s.join()
        await s.rooms.stop()
        assert ending(s, ann) == ("server", "room-ended", "server-stopping")


async def test_who_breaks_a_rule_has_ended_it() -> None:
    async with scene() as s:
        ann = await s.join()
        ann.link.say(messages.Join(room="r", name="n"))
        await settle()
        assert ending(s, ann) == ("client", "failed", "already-joined")


async def test_a_session_that_resumes_goes_on_in_the_same_timeline() -> None:
    async with scene() as s:
        ann, _ = await s.join(), await s.join()
        await ann.happen(media.Connected())
        ann.link.vanish(Departure.LOST)
        await settle()
        link = ScriptedLink()
        s.rooms.resume(ann.joined.resume_token, link)
        await settle()
        link.say(messages.Ping(id=1))
        await settle()
        timeline = timeline_of(s, ann)
        assert told(timeline, "daemon") == ["session-resumed"]
        assert "resumed 1 others" in told(timeline, "server")
        assert told(timeline, "client")[-2:] == ["lost its socket", "ping"]


@pytest.mark.parametrize(
    "kind", get_args(messages.ClientMessage) + get_args(messages.ServerMessage)
)
def test_every_message_has_words_and_no_text_of_people(kind: type[msgspec.Struct]) -> None:
    private = "Zoë wrote this 192.0.2.7"
    values = {
        "room": "r", "sdp": private, "candidate": private, "name": private, "reason": private,
        "text": private, "token": private, "resume_token": private, "replaces": private,
        "message": private,
    }  # fmt: skip
    info = PeerInfo(id="p-0123456789", name=private, identity=private, metadata=private)
    values |= {"peer": private}  # what a client may write there
    more: dict[str, object] = {
        "source": "camera", "live": True, "quality": "low", "mid": "0", "rid": "h", "id": 1,
        "rids": ["h"], "codec": "vp8", "most": "low", "seconds": 3.0, "by": "p-0123456789",
        "rights": Rights(), "raised": True, "reaction": "clap", "locked": True,
        "former": "p-1123456789", "former_name": private,
        "peers": [info], "slots": [], "speakers": [], "code": "room-full", "reason": private,
    }  # fmt: skip
    said = ChatMessage(number=1, peer="p-0123456789", name=private, time=0.0, text=private)
    more["messages"] = [said]
    more["reactions"] = [PeerReaction(peer="p-0123456789", reaction="clap")]
    if kind is messages.Chat:
        more["message"] = said
    if kind is messages.Hands:
        more["peers"] = ["p-0123456789"]
    if kind in (messages.PeerJoined, messages.PeerUpdated):
        more["peer"] = info
    if kind in (messages.PeerLeft, messages.SlotShows):
        more["peer"] = "p-0123456789"
        more["reason"] = "left"
    if kind is messages.RestartEncoder:
        more["reason"] = "no-keyframe"
    fields = {each.name for each in msgspec.structs.fields(kind)}
    given = {name: value for name, value in {**values, **more}.items() if name in fields}
    message = kind(**given)
    assert kind_of(message) == kind.__struct_config__.tag  # type: ignore[arg-type]
    assert "Zoë" not in detail_of(message)  # type: ignore[arg-type]
