"""What is written in a room: who reads it, what is kept of it, and who is held up."""

from typing import cast

import pytest
import trio
from trio.testing import MockClock

from tests.access.minting import NOW, policy
from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from tests.rooms.test_rights import ROOM, may
from trio_sfu.access import Gate
from trio_sfu.ids import RoomId
from trio_sfu.rooms import chat
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.rights import change_rights
from trio_sfu.signaling.carried import ChatMessage, Rights
from trio_sfu.signaling.messages import Chat, ChatHistory, SendChat
from trio_sfu.webrtc.events import Connected


async def write(peer: Someone, *texts: str) -> None:
    for text in texts:
        peer.link.say(SendChat(text=text))
    await settle()


def read(peer: Someone) -> list[tuple[str, str]]:
    """Return the names and texts that somebody has been told, as their page shows them."""
    shown: list[ChatMessage] = []
    for message in peer.link.heard:
        if isinstance(message, ChatHistory):
            shown = list(message.messages)
        elif isinstance(message, Chat):
            shown.append(message.message)
    return [(said.name, said.text) for said in shown]


async def test_what_is_written_is_read_by_all_in_one_order_and_by_who_comes_later() -> None:
    async with scene() as s:
        ann, bob = await s.join(name="Ann"), await s.join(name="Bob")
        s.rooms.rooms[RoomId("r")].commons.clock = lambda: 1_800_000_000.1234
        ann.link.say(SendChat(text="  hello \n"))
        bob.link.say(SendChat(text="<b>&"))
        await settle()
        assert read(ann) == read(bob)
        assert sorted(read(ann)) == [("Ann", "hello"), ("Bob", "<b>&")]
        [first] = [
            m.message for m in cast("list[Chat]", ann.link.all(Chat)) if m.message.number < 2
        ]
        assert (first.peer in (ann.id, bob.id), first.time) == (True, 1_800_000_000.123)
        await write(ann, "more")
        # Who wrote it has left; it is still theirs.
        ann.link.vanish(Departure.LEFT)
        await settle()
        eve = await s.join(name="Eve")
        assert read(eve) == read(bob)
        assert read(eve)[-1] == ("Ann", "more")
        other = await s.join("other")
        assert other.link.all(ChatHistory) == []


async def test_who_comes_back_has_what_was_written_meanwhile(autojump_clock: MockClock) -> None:
    async with scene(grace=15) as s:
        ann, bob = await s.join(name="Ann"), await s.join(name="Bob")
        await bob.happen(Connected())
        await write(ann, "one")
        bob.link.vanish(Departure.LOST)
        await settle()
        await write(ann, "two")
        link = ScriptedLink()
        s.rooms.resume(bob.joined.resume_token, link)
        await settle()
        back = Someone(link, bob.pc)
        await write(ann, "three")
        assert read(back) == [("Ann", text) for text in ("one", "two", "three")]


async def test_nothing_is_left_of_it_when_the_last_one_has_gone() -> None:
    async with scene() as s:
        ann = await s.join()
        await write(ann, "secret")
        ann.link.vanish(Departure.LEFT)
        await settle()
        assert read(await s.join()) == []


async def test_it_outlives_an_error_of_the_room(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann = await s.join(name="Ann")
        await write(ann, "still there")
        room = s.rooms.rooms[RoomId("r")]
        assert room.nursery is not None

        async def fail() -> None:
            await trio.lowlevel.checkpoint()
            raise RuntimeError("a defect")

        room.nursery.start_soon(fail)
        await settle()
        assert ann.link.ended == ["room-failed"]
        again = await s.join(replaces=ann.joined.resume_token)
        assert read(again) == [("Ann", "still there")]
        # Not a minute later, and not twice.
        again.link.vanish(Departure.LEFT)
        await settle()
        assert read(await s.join()) == []


@pytest.mark.parametrize(
    ("rights", "writes", "reads"),
    [
        ({"data": True}, True, True),
        ({"subscribe": True}, False, True),
        ({"subscribe": True, "data": True}, True, True),
        ({"publish": ["camera"]}, False, False),
    ],
)
async def test_by_its_rights_one_writes_or_reads(
    *, rights: dict[str, object], writes: bool, reads: bool
) -> None:
    async with scene(Gate(policy(), lambda: NOW)) as s:
        ann = await s.join(ROOM, token=may(data=True, sub="ann"))
        await write(ann, "before")
        one = await s.join(ROOM, token=may(**rights))
        await write(one, "mine")
        assert one.errors == ([] if writes else ["data-denied"])
        assert ("ada", "mine") in read(ann) if writes else len(read(ann)) == 1
        assert (("ann", "before") in read(one)) == reads
        assert (("ada", "mine") in read(one)) == (writes and reads)
        # With the right comes what was written before.
        await change_rights(s.rooms.rooms[RoomId(ROOM)].peers[one.joined.peer], Rights(data=True))  # type: ignore[index]
        assert read(one) == read(ann)
        await write(one, "now")
        assert read(ann)[-1] == ("ada", "now")


async def test_blanks_are_no_message() -> None:
    async with scene() as s:
        ann = await s.join()
        await write(ann, " \n\t ")
        assert ann.errors == ["chat-empty"]
        assert read(ann) == []


async def test_nobody_floods_the_others(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await write(ann, *("x" * 20))
        assert ann.errors == ["chat-too-fast"] * 15
        assert ann.link.ended == []
        await write(bob, "may I?")
        assert len(read(bob)) == 6
        await trio.sleep(2)
        await write(ann, "a", "b", "c")
        assert len(read(bob)) == 8


async def test_all_together_do_not_fill_an_outbox_either(autojump_clock: MockClock) -> None:
    async with scene() as s:
        crowd = [await s.join() for _ in range(12)]
        for one in crowd:
            await write(one, *"12345")
        assert len(read(crowd[0])) == chat.ROOM_BURST
        refused = sum(len(one.errors) for one in crowd)
        assert refused == 12 * 5 - chat.ROOM_BURST


async def talk(s: Scene, one: Someone, texts: list[str]) -> None:
    for text in texts:
        await trio.sleep(1.1)
        await write(one, text)


async def test_the_oldest_go_when_there_is_too_much(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann = await s.join(name="Ann")
        await talk(s, ann, [str(n) for n in range(chat.MOST_MESSAGES + 7)])
        late = await s.join()
        [history] = cast("list[ChatHistory]", late.link.all(ChatHistory))
        assert (len(history.messages), history.dropped) == (chat.MOST_MESSAGES, 7)
        assert [history.messages[0].text, history.messages[0].number] == ["7", 8]
        # And by bytes, not by characters.
        await talk(s, ann, ["é" * 2_000] * 20)
        kept = s.rooms.rooms[RoomId("r")].commons.chat
        assert chat.MOST_BYTES - 5_000 < kept.size <= chat.MOST_BYTES
        assert kept.messages[-1].number == kept.dropped + len(kept.messages) == 227
