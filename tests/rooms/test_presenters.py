"""One screen at a time: who shares one takes the place of who did before."""

from typing import cast

import pytest

from tests.access.minting import EVERYTHING, NOW, policy, token
from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from trio_sfu import events
from trio_sfu.access import Gate
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.operating import Operating
from trio_sfu.signaling.carried import Source
from trio_sfu.signaling.messages import (
    Moderated,
    MutePeer,
    PeerUpdated,
    Publish,
    Resumed,
    ScreenTakenOver,
)
from trio_sfu.webrtc.events import Connected, EncodingStarted

SOURCES: tuple[Source, ...] = ("microphone", "camera", "screen", "screen-audio")

pytestmark = pytest.mark.usefixtures("autojump_clock")


async def person(s: Scene, name: str, room: str = "r") -> Someone:
    """Join, with a camera that is seen."""
    someone = await s.join(room, name)
    await someone.offer(*SOURCES, pairs=3)
    await someone.happen(Connected())
    await someone.happen(EncodingStarted("camera", "f"))
    await someone.publish("camera")
    return someone


async def shares(someone: Someone, *, sends: bool = True, sound: bool = False) -> None:
    """Share a screen; ``sends``: its packets come."""
    if sends:
        await someone.happen(EncodingStarted("screen", ""))
    await someone.publish("screen")
    if sound:
        await someone.publish("screen-audio")


async def says(someone: Someone, *messages: Publish) -> None:
    for message in messages:
        someone.link.say(message)
    await settle()


async def presenter_goes(s: Scene, departure: Departure) -> tuple[Someone, Someone]:
    """Have somebody share a screen and go, and somebody else stay; return both."""
    ann, bob = await person(s, "ann"), await person(s, "bob")
    await shares(ann)
    ann.link.vanish(departure)
    await settle()
    return ann, bob


async def comes_back(s: Scene, former: Someone) -> Someone:
    """Join in its place, and say as a client does what was shared before."""
    back = await s.join("r", former.joined.name or "", replaces=former.joined.resume_token)
    await back.offer(*SOURCES)
    await says(back, Publish(source="screen", live=True, again=True))
    await says(back, Publish(source="screen-audio", live=True, again=True))
    return back


def told(someone: Someone) -> list[Moderated]:
    return cast("list[Moderated]", someone.link.all(Moderated))


def notices(someone: Someone) -> list[ScreenTakenOver]:
    return cast("list[ScreenTakenOver]", someone.link.all(ScreenTakenOver))


def presenting(s: Scene, room: str = "r") -> list[str]:
    members = s.rooms.rooms[RoomId(room)].state.members.values()
    return [member.name for member in members if member.presents]


def seen(viewer: Someone, other: Someone) -> str | None:
    """Return which of somebody's videos a viewer is shown."""
    videos = [
        what[1]
        for mid, what in viewer.shown.items()
        if what and mid[0] == "v" and what[0] == other.id
    ]
    return videos[0] if videos else None


async def test_the_later_one_wins_and_everybody_is_told_who() -> None:
    async with scene() as s:
        ann, bob, cid = [await person(s, name) for name in ("ann", "bob", "cid")]
        await shares(ann, sound=True)
        assert seen(cid, ann) == "screen"
        for each in (ann, bob, cid):
            each.link.forget()
        await shares(bob)
        assert presenting(s) == ["bob"]
        [message] = told(ann)
        assert (message.code, message.source) == ("screen-taken-over", "screen")
        assert (message.by, message.name) == (bob.id, "bob")
        expected = ScreenTakenOver(by=bob.id, name="bob", former=ann.id, former_name="ann")
        assert notices(bob) == notices(cid) == [expected]
        assert [*notices(ann), *told(bob), *told(cid)] == []
        assert (seen(cid, ann), seen(cid, bob)) == ("camera", "screen")
        assert [track.source for track in cid.news_of(ann)[-1].tracks] == ["camera"]


async def test_nobody_ever_knows_of_two_screens() -> None:
    async with scene() as s:
        ann, bob, cid = [await person(s, name) for name in ("ann", "bob", "cid")]
        await shares(ann)
        cid.link.forget()
        await shares(bob)
        known = {ann.id: True, bob.id: False}
        for each in cast("list[PeerUpdated]", cid.link.all(PeerUpdated)):
            known[each.peer.id] = any(track.source == "screen" for track in each.peer.tracks)
            assert sum(known.values()) <= 1
        assert known == {ann.id: False, bob.id: True}


async def test_it_is_noted_with_its_reason_and_who_it_was() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(ann, sound=True)
        await shares(bob)
        await says(ann, Publish(source="screen", live=False))
        ended = [
            (f.source, f.reason, f.by)
            for f in s.noted(events.TrackUnpublished)
            if isinstance(f, events.TrackUnpublished)
        ]
        assert ended == [("screen", "taken-over", bob.id), ("screen-audio", "taken-over", bob.id)]
        # Nobody has moderated anybody.
        assert s.noted(events.Moderation) == []


async def test_at_once_the_last_to_say_it_presents() -> None:
    async with scene() as s:
        people = [await person(s, name) for name in ("ann", "bob", "cid")]
        for one in people:
            one.link.say(Publish(source="screen", live=True))
            one.link.say(Publish(source="screen-audio", live=True))
        await settle()
        [name] = presenting(s)
        losers = [one for one in people if one.joined.name != name]
        assert [len(told(one)) for one in losers] == [1, 1]
        state = s.rooms.rooms[RoomId("r")].state
        for one in losers:
            assert set(state.members[PeerId(one.id)].published) == {"camera"}


async def test_a_screen_that_has_never_sent_is_over_and_takes_over_like_another() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(ann, sends=False)
        await shares(bob, sends=False)
        assert presenting(s) == ["bob"]
        assert [m.code for m in told(ann)] == ["screen-taken-over"]
        assert seen(ann, bob) == "camera"


async def test_a_muted_screen_takes_nobodys_place_and_is_over_when_another_is_shown() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(ann)
        await bob.publish("screen", muted=True)
        assert presenting(s) == ["ann"]
        await bob.publish("screen")
        assert presenting(s) == ["bob"]
        await says(ann, Publish(source="screen", live=False))
        await bob.publish("screen", muted=True)
        await shares(ann)
        assert presenting(s) == ["ann"]
        assert [m.name for m in told(bob)] == ["ann"]


async def test_what_crosses_the_news_does_not_count_and_then_it_may_share_again() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(ann)
        await shares(bob)
        mute = Publish(source="screen", live=True, muted=True)
        await says(ann, mute, Publish(source="screen-audio", live=True))
        await says(ann, Publish(source="screen", live=True))
        assert presenting(s) == ["bob"]
        assert told(bob) == []
        await says(ann, Publish(source="screen", live=False))
        await shares(ann, sound=True)
        assert presenting(s) == ["ann"]
        assert [m.name for m in told(bob)] == ["ann"]


async def test_who_was_away_is_told_when_back_and_does_not_share_again_by_itself() -> None:
    async with scene() as s:
        ann, bob = await presenter_goes(s, Departure.LOST)
        await shares(bob)
        assert presenting(s) == ["bob"]
        await bob.publish("screen", live=False)
        back = ScriptedLink()
        s.rooms.resume(ann.joined.resume_token, back)
        for source in SOURCES:
            back.say(Publish(source=source, live=source != "screen-audio", again=True))
        await settle()
        assert [type(m) for m in back.heard[:1]] == [Resumed]
        [message] = cast("list[Moderated]", back.all(Moderated))
        assert (message.code, message.name) == ("screen-taken-over", "bob")
        assert presenting(s) == []
        # Its client has stopped; from then on it may share, and nothing is told anew.
        back.say(Publish(source="screen", live=False))
        back.say(Publish(source="screen", live=True))
        await settle()
        assert presenting(s) == ["ann"]
        again = ScriptedLink()
        s.rooms.resume(ann.joined.resume_token, again)
        await settle()
        assert again.all(Moderated) == []


async def test_who_joins_anew_with_a_screen_gives_way_to_who_shares_by_now() -> None:
    async with scene() as s:
        bob = await person(s, "bob")
        ann = await person(s, "ann")
        screen = Publish(source="screen", live=True, again=True)
        await says(ann, screen)
        assert presenting(s) == ["ann"], "nobody else did"
        await shares(bob)
        back = await s.join("r", "ann", replaces=ann.joined.resume_token)
        await back.offer(*SOURCES)
        await says(back, screen, Publish(source="screen-audio", live=True, again=True))
        assert presenting(s) == ["bob"]
        assert [m.name for m in told(back)] == ["bob"]
        assert len(notices(bob)) == 1, "once, when it happened"


async def test_who_was_taken_over_while_away_shares_no_more_in_another_session() -> None:
    async with scene() as s:
        ann, bob = await presenter_goes(s, Departure.LOST)
        await shares(bob)
        await bob.publish("screen", live=False)
        back = await comes_back(s, ann)
        assert presenting(s) == []
        [message] = told(back)
        assert (message.code, message.by, message.name) == ("screen-taken-over", bob.id, "bob")
        # Its client has stopped; its user presses the button.
        await says(back, Publish(source="screen", live=False))
        await shares(back)
        assert presenting(s) == ["ann"]
        again = await comes_back(s, back)
        assert presenting(s) == ["ann"]
        assert told(again) == []


async def test_whose_place_was_taken_when_they_had_gone_shares_no_more() -> None:
    async with scene() as s:
        ann, bob = await presenter_goes(s, Departure.LEFT)
        await shares(bob)
        bob.link.vanish(Departure.LEFT)
        await settle()
        assert not s.rooms.rooms, "the room is made anew"
        back = await comes_back(s, ann)
        assert presenting(s) == []
        assert [m.name for m in told(back)] == ["bob"]


async def test_who_is_lost_again_before_saying_it_does_not_share_in_the_third_session() -> None:
    async with scene() as s:
        ann, bob = await presenter_goes(s, Departure.LEFT)
        second = await s.join("r", "ann", replaces=ann.joined.resume_token)
        second.link.vanish(Departure.LEFT)
        await settle()
        await shares(bob)
        await bob.publish("screen", live=False)
        third = await comes_back(s, second)
        assert presenting(s) == []
        assert [m.name for m in told(third)] == ["bob"]


async def test_who_presses_the_button_while_away_is_not_held_to_what_was() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(bob)
        await bob.publish("screen", live=False)
        back = await comes_back(s, ann)
        assert presenting(s) == ["ann"], "it did not share when bob did"
        assert told(back) == []


async def test_a_room_that_fails_forgets_nobody_who_was_taken_over() -> None:
    async with scene() as s:
        ann, bob = await presenter_goes(s, Departure.LOST)
        await shares(bob)
        await bob.publish("screen", live=False)
        s.rooms.rooms[RoomId("r")].end("room-failed")
        await settle()
        back = await comes_back(s, ann)
        assert presenting(s) == []
        assert [m.name for m in told(back)] == ["bob"]


async def test_who_presented_when_the_room_failed_goes_on() -> None:
    async with scene() as s:
        ann = await person(s, "ann")
        await shares(ann)
        s.rooms.rooms[RoomId("r")].end("room-failed")
        await settle()
        back = await comes_back(s, ann)
        assert presenting(s) == ["ann"]
        assert told(back) == []


async def test_a_room_that_failed_has_the_presenter_it_had() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(ann)
        await shares(bob)
        await says(ann, Publish(source="screen", live=False))
        s.rooms.rooms[RoomId("r")].end("room-failed")
        await settle()
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await says(bob, Publish(source="screen", live=True, again=True))
        assert presenting(s) == ["bob"]
        assert [*told(ann), *told(bob), *notices(ann)] == []


async def test_each_room_has_its_own() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann", "one"), await person(s, "bob", "two")
        await shares(ann)
        await shares(bob)
        assert (presenting(s, "one"), presenting(s, "two")) == (["ann"], ["bob"])
        assert told(ann) == []


async def test_who_may_not_share_takes_nobodys_place() -> None:
    async with scene(Gate(policy(), lambda: NOW)) as s:
        everything = token(sub="ann", name="ann", rights=EVERYTHING)
        ann = await s.join("standup", token=everything)
        await ann.offer(*SOURCES)
        await shares(ann)
        rights = EVERYTHING | {"publish": ["camera"]}
        bob = await s.join("standup", token=token(sub="bob", name="bob", rights=rights))
        await bob.offer(*SOURCES)
        await says(bob, Publish(source="screen", live=True))
        assert bob.errors == ["publish-denied"]
        assert presenting(s, "standup") == ["ann"]
        assert told(ann) == []


async def test_what_a_moderator_muted_is_over_too() -> None:
    async with scene(Gate(policy(), lambda: NOW)) as s:
        people = []
        for name in ("ann", "bob"):
            one = await s.join("standup", token=token(sub=name, name=name, rights=EVERYTHING))
            await one.offer(*SOURCES)
            people.append(one)
        ann, bob = people
        await shares(ann)
        bob.link.say(MutePeer(peer=ann.id, source="screen"))
        await settle()
        await shares(bob)
        assert [m.code for m in told(ann)] == ["muted-by-moderator", "screen-taken-over"]
        await says(ann, Publish(source="screen", live=False))
        await shares(ann)
        assert presenting(s, "standup") == ["ann"]


async def test_in_a_large_room_who_is_named_is_known() -> None:
    async with scene(max_peers=40) as s:
        first = [await s.join("r", f"n{number}") for number in range(18)]
        ann = await person(s, "ann")
        await shares(ann)
        bob = await person(s, "bob")
        await shares(bob)
        for one in first:
            heard = one.link.heard
            at = next(n for n, m in enumerate(heard) if isinstance(m, ScreenTakenOver))
            known = [m.peer.id for m in heard[:at] if hasattr(m, "peer") and hasattr(m.peer, "id")]
            assert {ann.id, bob.id} <= set(known)


async def test_operators_see_one_screen() -> None:
    async with scene() as s:
        ann, bob = await person(s, "ann"), await person(s, "bob")
        await shares(ann)
        await shares(bob)
        report = Operating(s.rooms).report_room("r")
        assert [p.peer for p in report.peers for t in p.tracks if t.source == "screen"] == [bob.id]
