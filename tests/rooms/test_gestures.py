"""Hands that are raised and lowered, and what people think for a moment."""

from typing import cast

import pytest
import trio
from trio.testing import MockClock

from tests.access.minting import NOW, policy
from tests.rooms.scripted import ScriptedLink, Someone, scene, settle
from tests.rooms.test_rights import ROOM, may
from trio_sfu import events
from trio_sfu.access import Gate
from trio_sfu.rooms.gestures import MOST_REACTIONS
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.messages import (
    Hands,
    LowerHand,
    Moderated,
    RaiseHand,
    React,
    Reactions,
)
from trio_sfu.webrtc.events import Connected


async def say(peer: Someone, *messages: RaiseHand | React | LowerHand) -> None:
    for message in messages:
        peer.link.say(message)
    await settle()


def hands(peer: Someone) -> list[str]:
    """Return whose hands somebody sees raised."""
    told = cast("list[Hands]", peer.link.all(Hands))
    return told[-1].peers if told else []


def seen(peer: Someone) -> list[tuple[str, str]]:
    """Return the reactions somebody has seen."""
    told = cast("list[Reactions]", peer.link.all(Reactions))
    return [(each.peer, each.reaction) for message in told for each in message.reactions]


async def test_hands_are_seen_in_their_order_by_all_and_by_who_comes_later(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join()
        await say(bob, RaiseHand(raised=True))
        assert hands(ann) == hands(bob) == [bob.id]
        await say(ann, RaiseHand(raised=True), RaiseHand(raised=True))
        await trio.sleep(1)
        assert hands(eve) == [bob.id, ann.id]
        late = await s.join()
        assert hands(late) == [bob.id, ann.id]
        # Who leaves takes it along; who lowers it as well.
        bob.link.vanish(Departure.LEFT)
        await trio.sleep(1)
        assert hands(late) == [ann.id]
        await say(ann, RaiseHand(raised=False))
        await trio.sleep(1)
        assert hands(late) == []
        assert (await s.join()).link.all(Hands) == []


async def test_who_comes_keeps_no_hand_that_is_lowered_before_it_is_told(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await say(bob, RaiseHand(raised=True))
        await say(ann, RaiseHand(raised=True))
        late = await s.join()
        assert hands(late) == [bob.id, ann.id]
        await say(ann, RaiseHand(raised=False))
        await trio.sleep(1)
        assert hands(late) == hands(bob) == [bob.id]


async def test_who_comes_back_sees_the_hands_of_now(autojump_clock: MockClock) -> None:
    async with scene(grace=15) as s:
        ann, bob = await s.join(), await s.join()
        await bob.happen(Connected())
        await say(bob, RaiseHand(raised=True))
        bob.link.vanish(Departure.LOST)
        await say(ann, RaiseHand(raised=True))
        link = ScriptedLink()
        s.rooms.resume(bob.joined.resume_token, link)
        await settle()
        assert hands(Someone(link, bob.pc)) == [bob.id, ann.id]


async def test_many_at_once_are_few_messages(autojump_clock: MockClock) -> None:
    async with scene() as s:
        crowd = [await s.join() for _ in range(40)]
        for one in crowd:
            one.link.say(RaiseHand(raised=True))
            one.link.say(React(reaction="clap"))
        await trio.sleep(1)
        assert len(hands(crowd[0])) == 40
        assert len(crowd[0].link.all(Hands)) <= 3
        messages = cast("list[Reactions]", crowd[0].link.all(Reactions))
        assert 1 <= len(messages) <= 3
        assert max(len(each.reactions) for each in messages) <= MOST_REACTIONS


async def test_a_reaction_is_seen_by_all_and_gone(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await say(ann, React(reaction="heart"))
        assert seen(bob) == seen(ann) == [(ann.id, "heart")]
        await trio.sleep(1)
        assert seen(await s.join()) == []


async def test_nobody_gesticulates_too_fast(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await say(ann, *[React(reaction="clap")] * 10)
        assert ann.errors == ["gesture-too-fast"] * 4
        await trio.sleep(1)
        assert len(seen(bob)) == 6
        await say(ann, React(reaction="clap"), RaiseHand(raised=True))
        assert len(ann.errors) == 4


@pytest.mark.parametrize("moderate", [True, False])
async def test_a_moderator_lowers_a_hand(*, moderate: bool, autojump_clock: MockClock) -> None:
    async with scene(Gate(policy(), lambda: NOW)) as s:
        mo = await s.join(ROOM, token=may(moderate=moderate, sub="mo"))
        # A hand needs no right: it asks for something.
        ann = await s.join(ROOM, token=may(sub="ann"))
        await say(ann, RaiseHand(raised=True), React(reaction="clap"))
        assert ann.errors == ["data-denied"]
        assert hands(mo) == [ann.id]
        await say(mo, LowerHand(peer=ann.id), LowerHand(peer=ann.id), LowerHand(peer="p-none"))
        await trio.sleep(1)
        told = cast("list[Moderated]", ann.link.all(Moderated))
        noted = cast("list[events.Moderation]", s.noted(events.Moderation))
        if moderate:
            assert (hands(mo), hands(ann)) == ([], [])
            assert mo.errors == ["unknown-peer"]
            assert [(each.code, each.name) for each in told] == [
                ("hand-lowered-by-moderator", "mo")
            ]
            assert [(each.action, each.peer) for each in noted] == [("lower-hand", ann.id)]
        else:
            assert hands(ann) == [ann.id]
            assert mo.errors == ["moderate-denied"] * 3
            assert (told, noted) == ([], [])
