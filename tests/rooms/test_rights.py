"""What a token lets somebody do in a room: each right granted, and each denied."""

from typing import Any, get_args

import pytest
from trio.testing import MockClock

from tests.access.minting import EVERYTHING, NOW, policy, token
from tests.rooms.scripted import ScriptedLink, Someone, scene, settle
from trio_sfu import events
from trio_sfu.access import Gate
from trio_sfu.errors import RequestError
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.operating import Operating
from trio_sfu.signaling.carried import Source
from trio_sfu.signaling.messages import Join, Moderated, MutePeer, Publish, RemovePeer
from trio_sfu.webrtc.events import EncodingStarted

SOURCES: tuple[Source, ...] = get_args(Source)
ROOM = "standup"
NOBODY: dict[str, object] = {name: [] if name == "publish" else False for name in EVERYTHING}


@pytest.fixture
def gate() -> Gate:
    return Gate(policy(), lambda: NOW)


def may(**rights: Any) -> str:
    """Return a token with these rights and no others."""
    who = rights.pop("sub", "ada")
    return token(sub=who, name=who, rights=NOBODY | rights)


ALL = may(**EVERYTHING)


async def flows(peer: Someone, source: Source) -> None:
    """Have packets of a source arrive, and the client say that it is live."""
    await peer.happen(EncodingStarted(source, "h" if source == "camera" else "", None))
    await peer.publish(source)


@pytest.mark.parametrize("source", SOURCES)
async def test_each_source_is_published_by_who_has_the_right_to_it(
    gate: Gate, source: Source, autojump_clock: MockClock
) -> None:
    async with scene(gate) as s:
        viewer = await s.join(ROOM, token=ALL)
        publisher = await s.join(ROOM, token=may(publish=[source]))
        await viewer.offer(pairs=2)
        await publisher.offer(*SOURCES)
        assert set(publisher.pc.tracks) == {source}
        for each in SOURCES:
            await flows(publisher, each)
        assert publisher.errors == ["publish-denied"] * 3
        [news] = [peer.tracks for peer in viewer.news_of(publisher) if peer.tracks][-1:]
        assert [track.source for track in news] == [source]
        shown = {each for each in viewer.shown.values() if each}
        assert shown == {(publisher.id, source)}
        refused = [fact.code for fact in s.facts if isinstance(fact, events.RequestRefused)]
        assert refused == ["publish-denied"] * 3


async def test_the_end_of_a_track_may_always_be_said(gate: Gate) -> None:
    async with scene(gate) as s:
        publisher = await s.join(ROOM, token=may())
        await publisher.offer(*SOURCES)
        for source in SOURCES:
            await publisher.publish(source, live=False)
        assert publisher.errors == ["not-negotiated"] * 4


@pytest.mark.parametrize("subscribe", [True, False])
async def test_slots_are_mapped_for_who_may_subscribe(
    gate: Gate, *, subscribe: bool, autojump_clock: MockClock
) -> None:
    async with scene(gate) as s:
        viewer = await s.join(ROOM, token=may(subscribe=subscribe))
        publisher = await s.join(ROOM, token=ALL)
        await viewer.offer(pairs=2)
        await publisher.offer(*SOURCES)
        for source in SOURCES:
            await flows(publisher, source)
        assert bool(viewer.pc.slots) == subscribe
        mapped = [m for m in viewer.link.heard if getattr(m, "slots", None)]
        assert bool(mapped) == subscribe
        # Who is there is told in both cases.
        assert viewer.news_of(publisher)


@pytest.mark.parametrize("moderate", [True, False])
@pytest.mark.parametrize("what", [MutePeer, RemovePeer])
async def test_others_are_moderated_by_who_may(gate: Gate, *, moderate: bool, what: type) -> None:
    async with scene(gate) as s:
        moderator = await s.join(ROOM, token=may(moderate=moderate, sub="mo"))
        peer = await s.join(ROOM, token=ALL)
        await peer.offer("microphone")
        await flows(peer, "microphone")
        moderator.link.say(
            MutePeer(peer=peer.id, source="microphone")
            if what is MutePeer
            else RemovePeer(peer=peer.id)
        )
        await settle()
        assert moderator.errors == ([] if moderate else ["moderate-denied"])
        assert bool(peer.link.all(Moderated)) == moderate
        noted = s.noted(events.Moderation)
        assert len(noted) == moderate
        if what is RemovePeer:
            assert peer.link.ended == (["removed-by-moderator"] if moderate else [])


async def test_what_is_reserved_is_told_and_changes_nothing_yet(gate: Gate) -> None:
    async with scene(gate) as s:
        for rights in ({"data": True}, {"record": True}, {}):
            peer = await s.join(ROOM, token=may(**rights))
            assert peer.joined.rights.data == ("data" in rights)
            assert peer.joined.rights.record == ("record" in rights)


async def test_a_client_is_told_what_it_may_and_the_others_who_it_is(gate: Gate) -> None:
    async with scene(gate) as s:
        other = await s.join(ROOM, token=may(sub="bob"))
        text = token(name="Ada", metadata='{"seat": 3}', rights={"publish": ["camera"]})
        ada = await s.join(ROOM, name="the boss", token=text)
        assert ada.joined.name == "Ada"
        assert ada.joined.rights.publish == ["camera"]
        assert not ada.joined.rights.subscribe
        [news] = other.news_of(ada)
        assert (news.name, news.identity, news.metadata) == ("Ada", "ada", '{"seat": 3}')
        assert ada.joined.peers[0].identity == "bob"


async def test_without_keys_everybody_may_all_but_moderate() -> None:
    async with scene() as s:
        peer, other = await s.join(ROOM), await s.join(ROOM)
        assert len(peer.joined.rights.publish) == 4
        assert peer.joined.rights.subscribe
        assert not peer.joined.rights.moderate
        peer.link.say(RemovePeer(peer=other.id))
        await settle()
        assert peer.errors == ["moderate-denied"]
        assert other.news_of(peer) == []


async def refusal(s: Any, text: str | None, room: str = ROOM, replaces: str | None = None) -> str:
    with pytest.raises(RequestError) as caught:
        await s.join(room, token=text, replaces=replaces)
    return caught.value.code


async def test_refused_joins_leave_nothing_and_are_counted_by_code(gate: Gate) -> None:
    async with scene(gate) as s:
        assert await refusal(s, None) == "token-required"
        assert await refusal(s, token(room="other")) == "token-room-wrong"
        assert s.rooms.rooms == {}
        assert s.connections == []
        counts = s.journal.by_label(events.JoinRefused)
        assert counts == {"token-required": 1, "token-room-wrong": 1}


async def test_a_token_that_lets_in_once_lets_its_own_client_back(gate: Gate) -> None:
    once = token(once=True, jti="1")
    async with scene(gate) as s:
        ada = await s.join(ROOM, token=once)
        assert await refusal(s, once) == "token-used"
        again = await s.join(ROOM, token=once, replaces=ada.joined.resume_token)
        assert ada.link.ended == ["replaced"]
        again.link.vanish(Departure.LEFT)
        await settle()
        assert s.rooms.rooms == {}
        assert await refusal(s, once) == "token-used"
        back = await s.join(ROOM, token=once, replaces=again.joined.resume_token)
        assert back.link.ended == []


async def test_it_has_one_session_at_a_time_whoever_knows_the_secrets_of_it(gate: Gate) -> None:
    once = token(once=True, jti="1")
    async with scene(gate) as s:
        ada = await s.join(ROOM, token=once)
        secret = ada.joined.resume_token
        friend = await s.join(ROOM, token=once, replaces=secret)
        # The place is gone, but the way back is still known.
        ada = await s.join(ROOM, token=once, replaces=secret)
        assert friend.link.ended == ["replaced"]
        assert len(s.rooms.rooms[RoomId(ROOM)].peers) == 1


async def test_a_full_room_uses_no_token_up(gate: Gate) -> None:
    once = token(once=True, jti="1")
    async with scene(gate, max_peers=1) as s:
        first = await s.join(ROOM, token=token(sub="bob"))
        assert await refusal(s, once) == "room-full"
        first.link.vanish(Departure.LEFT)
        await settle()
        assert await s.join(ROOM, token=once)


async def test_an_expired_token_ends_no_call_and_lets_its_client_back() -> None:
    now = [NOW]
    text = token(exp=NOW + 60)
    async with scene(Gate(policy(), lambda: now[0])) as s:
        ada = await s.join(ROOM, token=text)
        now[0] = NOW + 3_600
        await settle()
        assert ada.link.ended == []
        assert await refusal(s, text) == "token-expired"
        again = await s.join(ROOM, token=text, replaces=ada.joined.resume_token)
        assert again.joined.rights == ada.joined.rights


async def test_joins_are_limited_by_identity_whatever_the_address(gate: Gate) -> None:
    async with scene(gate) as s:
        for number in range(20):
            join = Join(room=ROOM, name="n", token=token(sub="ada"))
            await s.rooms.join(join, ScriptedLink(), f"192.0.2.{number}")
        assert await refusal(s, token(sub="ada")) == "too-many-joins-of-identity"
        assert await s.join(ROOM, token=token(sub="bob"))


@pytest.mark.parametrize("source", SOURCES)
async def test_what_a_moderator_has_muted_is_not_forwarded_until_its_client_unmutes_it(
    gate: Gate, source: Source, autojump_clock: MockClock
) -> None:
    async with scene(gate) as s:
        moderator = await s.join(ROOM, token=may(**EVERYTHING, sub="mo"))
        peer = await s.join(ROOM, token=ALL)
        await moderator.offer(pairs=2)
        await peer.offer(*SOURCES)
        await flows(peer, source)
        assert (peer.id, source) in moderator.shown.values()
        moderator.link.say(MutePeer(peer=peer.id, source=source, reason="too loud"))
        await settle()
        assert (peer.id, source) not in moderator.shown.values()
        [told] = peer.link.all(Moderated)
        assert isinstance(told, Moderated)
        assert (told.code, told.source) == ("muted-by-moderator", source)
        assert (told.by, told.name, told.reason) == (moderator.id, "mo", "too loud")
        assert [t.muted for t in moderator.news_of(peer)[-1].tracks] == [True]
        # What crossed the mute, or a client that does not care.
        await peer.publish(source)
        assert (peer.id, source) not in moderator.shown.values()
        # One that has understood; then it may unmute itself.
        await peer.publish(source, muted=True)
        assert (peer.id, source) not in moderator.shown.values()
        await peer.publish(source)
        assert (peer.id, source) in moderator.shown.values()
        [fact] = s.noted(events.Moderation)
        assert fact == events.Moderation(
            "mute", "moderator", RoomId(ROOM), PeerId(peer.id), source, "mo", moderator.id
        )


async def test_what_is_not_live_is_not_muted(gate: Gate) -> None:
    async with scene(gate) as s:
        moderator = await s.join(ROOM, token=may(moderate=True, sub="mo"))
        peer = await s.join(ROOM, token=ALL)
        moderator.link.say(MutePeer(peer=peer.id, source="camera"))
        await settle()
        assert peer.link.all(Moderated) == []
        assert moderator.errors == []
        assert s.noted(events.Moderation) == []


async def test_a_screen_that_is_over_may_be_shared_again(
    gate: Gate, autojump_clock: MockClock
) -> None:
    async with scene(gate) as s:
        moderator = await s.join(ROOM, token=may(**EVERYTHING, sub="mo"))
        peer = await s.join(ROOM, token=ALL)
        await moderator.offer(pairs=2)
        await peer.offer(*SOURCES)
        await flows(peer, "camera")
        await flows(peer, "screen")
        moderator.link.say(MutePeer(peer=peer.id, source="screen"))
        await settle()
        assert (peer.id, "camera") in moderator.shown.values()
        await peer.publish("screen", live=False)
        await flows(peer, "screen")
        assert (peer.id, "screen") in moderator.shown.values()


async def test_who_is_removed_is_told_by_whom_and_why_and_stays_out(gate: Gate) -> None:
    async with scene(gate) as s:
        moderator = await s.join(ROOM, token=may(moderate=True, sub="mo"))
        peer = await s.join(ROOM, token=ALL)
        other = await s.join(ROOM, token=may(sub="bob"))
        moderator.link.say(RemovePeer(peer=peer.id, reason="enough"))
        await settle()
        [told] = peer.link.all(Moderated)
        assert isinstance(told, Moderated)
        assert (told.code, told.name, told.reason) == ("removed-by-moderator", "mo", "enough")
        assert peer.link.ended == ["removed-by-moderator"]
        assert other.left == [(peer.id, "removed")]
        assert await refusal(s, ALL) == "join-barred"
        assert await refusal(s, ALL, replaces=peer.joined.resume_token) == "join-barred"
        assert await s.join(ROOM, token=token(iat=int(NOW) + 1))


async def test_who_an_operator_removed_stays_out_too(gate: Gate) -> None:
    async with scene(gate) as s:
        peer = await s.join(ROOM, token=ALL)
        await Operating(s.rooms).remove_peer(ROOM, peer.id)
        assert peer.link.ended == ["removed"]
        assert await refusal(s, ALL) == "join-barred"
        assert s.noted(events.Moderation) == [
            events.Moderation("remove", "operator", ROOM, peer.id)
        ]


async def test_a_room_that_an_operator_closes_is_noted(gate: Gate) -> None:
    async with scene(gate) as s:
        await s.join(ROOM, token=ALL)
        await Operating(s.rooms).end_room(ROOM)
        assert s.noted(events.Moderation) == [events.Moderation("close-room", "operator", ROOM)]


async def test_who_is_not_there_is_told_as_such(gate: Gate) -> None:
    async with scene(gate) as s:
        moderator = await s.join(ROOM, token=may(moderate=True, sub="mo"))
        moderator.link.say(RemovePeer(peer="p-none"))
        moderator.link.say(Publish(source="camera", live=True))
        await settle()
        assert moderator.errors == ["unknown-peer", "publish-denied"]
