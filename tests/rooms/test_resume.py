"""A session goes on over another socket: the peer stays, and nobody else is told."""

from typing import cast

import pytest
import trio
from trio.testing import MockClock

from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from trio_sfu.errors import RequestError
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.messages import (
    Joined,
    PeerJoined,
    PeerUpdated,
    Resumed,
    ServerMessage,
    SlotQuality,
    Slots,
    SlotShows,
)
from trio_sfu.webrtc.events import Connected, EncodingStarted, Silent
from trio_sfu.webrtc.events import SlotShows as Shown


async def two(s: Scene) -> tuple[Someone, Someone]:
    """Ann sends a camera, Bob sees it; both have media."""
    ann, bob = await s.join(), await s.join()
    for each in (ann, bob):
        await each.offer("camera", "microphone")
        await each.happen(Connected())
    await ann.publish("camera")
    await ann.happen(EncodingStarted("camera", "h"))
    await bob.happen(Shown("v0", ann.pc.tracks["camera"].id, "h"))
    return ann, bob


async def resume(s: Scene, one: Someone) -> Someone:
    """Come back over another socket."""
    link = ScriptedLink()
    s.rooms.resume(one.joined.resume_token, link)
    await settle()
    return Someone(link, one.pc)


def kinds(messages: list[ServerMessage]) -> list[type]:
    return [type(message) for message in messages]


async def test_who_comes_back_is_told_everything_and_the_others_nothing(
    autojump_clock: MockClock,
) -> None:
    async with scene(grace=15) as s:
        ann, bob = await two(s)
        shown = bob.shown
        ann.link.forget()
        bob.link.vanish(Departure.LOST)
        await trio.sleep(14)
        back = await resume(s, bob)
        assert kinds(back.link.heard) == [Resumed, Slots, SlotShows, SlotQuality]
        resumed = cast("Resumed", back.link.heard[0])
        assert resumed.peer == bob.id
        assert [peer.id for peer in resumed.peers] == [ann.id]
        assert back.shown == shown
        assert not bob.pc.closed
        await trio.sleep(60)
        assert kinds(ann.link.heard) == [Joined]
        await back.publish("camera")
        await back.happen(EncodingStarted("camera", "h"))
        assert ann.news_of(bob)[-1].tracks


async def test_what_was_missed_is_in_the_snapshot() -> None:
    async with scene() as s:
        ann, bob = await two(s)
        bob.link.vanish(Departure.LOST)
        await settle()
        eve = await s.join()
        await ann.publish("camera", live=False)
        back = await resume(s, bob)
        resumed = cast("Resumed", back.link.heard[0])
        assert {peer.id: len(peer.tracks) for peer in resumed.peers} == {ann.id: 0, eve.id: 0}
        assert kinds(back.link.heard) == [Resumed, Slots, SlotQuality]
        assert set(back.shown.values()) == {None}


async def test_the_server_need_not_have_noticed_that_the_socket_is_lost() -> None:
    async with scene() as s:
        ann, bob = await two(s)
        back = await resume(s, bob)
        assert bob.link.ended == ["replaced"]
        assert ann.left == []
        again = await resume(s, bob)
        assert back.link.ended == ["replaced"]
        await again.publish("microphone")
        assert ann.news_of(bob)[-1].tracks


async def test_a_session_lost_again_has_its_own_grace_period(autojump_clock: MockClock) -> None:
    async with scene(grace=15) as s:
        ann, bob = await two(s)
        bob.link.vanish(Departure.LOST)
        await trio.sleep(10)
        back = await resume(s, bob)
        back.link.vanish(Departure.LOST)
        await trio.sleep(14)
        assert ann.left == []
        await trio.sleep(2)
        assert ann.left == [(bob.id, "gone")]


async def test_silence_after_coming_back_is_no_end() -> None:
    async with scene() as s:
        ann, bob = await two(s)
        bob.link.vanish(Departure.LOST)
        await settle()
        back = await resume(s, bob)
        await back.happen(Silent())
        assert ann.left == []


async def test_who_is_gone_cannot_come_back() -> None:
    async with scene() as s:
        ann, bob = await two(s)
        bob.link.vanish(Departure.LEFT)
        await settle()
        for token in (bob.joined.resume_token, "nothing"):
            with pytest.raises(RequestError) as refused:
                s.rooms.resume(token, ScriptedLink())
            assert refused.value.code == "resume-unknown"
        assert not [m for m in ann.link.heard[-1:] if isinstance(m, PeerJoined | PeerUpdated)]
