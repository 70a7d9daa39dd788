"""What people are told of each other: at once among few, in one go where many come, never wrong."""

from dataclasses import dataclass, field
from random import Random

import pytest
import trio
from trio.testing import MockClock

from tests.rooms.scripted import ScriptedLink
from trio_sfu.ids import PeerId
from trio_sfu.rooms.news import A_PERSON, FEW, News
from trio_sfu.rooms.state import RoomState
from trio_sfu.signaling.carried import PeerInfo
from trio_sfu.signaling.messages import PeerJoined, PeerLeft, PeerUpdated, ServerMessage


@dataclass
class Person:
    link: ScriptedLink = field(default_factory=ScriptedLink)
    others: dict[str, PeerInfo] = field(default_factory=dict)
    """Whom its client knows, by the list it got and what it was told since."""

    @property
    def told(self) -> list[str]:
        return [_words(message) for message in self.link.heard]


def _words(message: ServerMessage) -> str:
    match message:
        case PeerJoined(peer=peer):
            return f"{peer.id} joined {peer.connection}"
        case PeerUpdated(peer=peer):
            return f"{peer.id} updated {peer.connection}"
        case PeerLeft(peer=peer_id, reason=reason):
            return f"{peer_id} {reason}"
    raise AssertionError(message)


class Everybody:
    """A room of which there is nothing but its news."""

    def __init__(self) -> None:
        self.state = RoomState()
        self.people: dict[PeerId, Person] = {}
        self.news = News(self.state, self.people)

    def come(self, name: str, *, follows: bool = True) -> Person:
        peer = PeerId(name)
        person = self.people[peer] = Person()
        person.link.follows = follows
        person.others = {each.id: each.info() for each in self.state.others(peer)}
        self.state.enter(peer, name)
        self.news.knows_all(peer)
        self.news.came(peer)
        return person

    def connect(self, name: str) -> None:
        self.state.connect(PeerId(name), "connected")
        self.news.changed(PeerId(name))

    def lose(self, name: str) -> None:
        self.state.connect(PeerId(name), "lost")
        self.news.changed(PeerId(name))

    def does(self, name: str, what: str) -> None:
        match what:
            case "connect":
                self.connect(name)
            case "lose":
                self.lose(name)
            case "leave" if len(self.people) > FEW:
                self.leave(name)
            case "introduce":
                self.news.introduce({PeerId(name)})

    def leave(self, name: str) -> None:
        del self.people[PeerId(name)]
        self.state.leave(PeerId(name))
        self.news.left(PeerId(name), "left")


def crowd() -> tuple[Everybody, list[Person]]:
    """Return a room of one more than a few, who know each other."""
    everybody = Everybody()
    people = [everybody.come(f"p{number}") for number in range(FEW + 1)]
    everybody.news.tell()
    for person in people:
        person.link.heard.clear()
    return everybody, people


async def test_a_few_are_told_everything_at_once(autojump_clock: MockClock) -> None:
    everybody = Everybody()
    ann = everybody.come("ann")
    bob = everybody.come("bob")
    everybody.connect("bob")
    everybody.connect("ann")
    everybody.leave("bob")
    assert ann.told == ["bob joined connecting", "bob updated connected", "bob left"]
    assert bob.told == ["ann updated connected"]


async def test_many_are_told_of_the_first_at_once_and_of_what_follows_in_one_go(
    autojump_clock: MockClock,
) -> None:
    everybody, people = crowd()
    await trio.sleep(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(everybody.news.run)
        everybody.come("eve")
        assert people[0].told == ["eve joined connecting"]
        for name in ("fay", "gus"):
            everybody.come(name)
            everybody.connect(name)
        everybody.connect("eve")
        assert people[0].told == ["eve joined connecting"]
        began = trio.current_time()
        await trio.sleep((FEW + 5) * A_PERSON)
        assert people[0].told[1:] == [
            "fay joined connected",
            "gus joined connected",
            "eve updated connected",
        ]
        assert all(person.told == people[0].told for person in people)
        assert trio.current_time() - began < 0.1
        nursery.cancel_scope.cancel()


async def test_who_comes_and_goes_while_it_waits_is_news_only_to_who_knows_of_it(
    autojump_clock: MockClock,
) -> None:
    everybody, people = crowd()
    everybody.come("eve")
    fay = everybody.come("fay")
    assert "eve" in fay.others
    everybody.leave("eve")
    gus = everybody.come("gus")
    everybody.news.tell()
    assert people[0].told == ["fay joined connecting", "gus joined connecting"]
    assert fay.told == ["eve left", "gus joined connecting"]
    assert gus.told == []


async def test_nobody_is_named_before_the_others_know_of_them(autojump_clock: MockClock) -> None:
    everybody, people = crowd()
    everybody.come("eve")
    everybody.news.introduce({PeerId("p1"), PeerId("p2")})
    assert people[0].told == []
    everybody.news.introduce({PeerId("p1"), PeerId("eve")})
    assert people[0].told == ["eve joined connecting"]


async def test_who_does_not_follow_is_told_nothing(autojump_clock: MockClock) -> None:
    everybody = Everybody()
    viewer = everybody.come("viewer", follows=False)
    everybody.come("ann")
    assert viewer.told == []


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_happens_each_knows_who_is_there(
    seed: int, autojump_clock: MockClock
) -> None:
    """Clients keep lists as ``client/src/lib/roster.ts`` does, and are told nothing twice."""
    random, names = Random(seed), iter(range(10_000))
    everybody, _ = crowd()
    for person in everybody.people.values():
        person.others = {each.id: each.info() for each in everybody.state.members.values()}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(everybody.news.run)
        for _ in range(200):
            somebody = random.choice(list(everybody.people))
            match random.choice(["come", "come", "connect", "lose", "leave", "wait", "introduce"]):
                case "come":
                    everybody.come(f"n{next(names)}")
                case "wait":
                    await trio.sleep(random.random() * 0.05)
                case what:
                    everybody.does(somebody, what)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    truth = {member.id: member.info() for member in everybody.state.members.values()}
    for peer, person in everybody.people.items():
        for message in person.link.heard:
            _apply(person.others, message)
        person.others.pop(peer, None)
        assert person.others == {key: info for key, info in truth.items() if key != peer}


def _apply(others: dict[str, PeerInfo], message: ServerMessage) -> None:
    match message:
        case PeerJoined(peer=peer):
            assert peer.id not in others, "told twice that somebody has come"
            others[peer.id] = peer
        case PeerUpdated(peer=peer):
            assert peer.id in others, "told of a change of somebody unknown"
            others[peer.id] = peer
        case PeerLeft(peer=peer_id):
            assert peer_id in others, "told of the end of somebody unknown"
            del others[peer_id]
        case _:
            raise AssertionError(message)
