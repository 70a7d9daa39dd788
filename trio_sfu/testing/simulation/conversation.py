"""What simulated people write and whose hands they see raised, and whether all know the same."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import trio

from trio_sfu.rooms.commons import Commons
from trio_sfu.rooms.room import Room
from trio_sfu.signaling.carried import Reaction
from trio_sfu.signaling.messages import (
    Chat,
    ChatHistory,
    ClientMessage,
    Hands,
    RaiseHand,
    React,
    SendChat,
    ServerMessage,
)

if TYPE_CHECKING:
    from trio_sfu.testing.simulation.client import SimulatedClient
    from trio_sfu.testing.simulation.world import World

_KNOWN: Final = 8.0
"""Seconds within which all know what one has said, over the worst network here."""
_MOST: Final = 4  # messages at once: a second time within a second is more than one's rate


@dataclass(eq=False)
class Conversation:
    """As one session knows it. ``wrong`` is told what must not be."""

    wrong: Callable[[str], None]
    read: int = 0
    """The number of the last message; 0: none."""
    hands: list[str] = field(default_factory=list)
    raised: bool = False
    """Whether its own hand is meant to be up."""

    def begin(self) -> None:
        """Begin anew: there are no hands until one is told, and the history follows."""
        self.hands = []

    def hear(self, message: ServerMessage) -> None:
        """Take in what the server says."""
        match message:
            case ChatHistory(messages=said):
                if said[-1].number < self.read:
                    self.wrong(f"a history up to {said[-1].number} after {self.read} was read")
                self.read = said[-1].number
            case Chat(message=one):
                if one.number != self.read + 1:
                    self.wrong(f"message {one.number} came after {self.read}")
                self.read = one.number
            case Hands(peers=peers):
                self.hands = peers
            case _:
                pass


def write(world: "World", client: "SimulatedClient") -> str | None:
    """Write some messages, all at once."""
    count = world.random.randint(1, _MOST)
    texts = [SendChat(text=f"word {number}") for number in range(count)]
    return f"writes {count}" if _say(client, *texts) else None


def raise_hand(_world: "World", client: "SimulatedClient") -> str | None:
    """Raise the hand, or lower it."""
    if client.session is None:
        return None
    talk = client.session.conversation
    talk.raised = not talk.raised
    told = "raises" if talk.raised else "lowers"
    return f"{told} its hand" if _say(client, RaiseHand(raised=talk.raised)) else None


def react(world: "World", client: "SimulatedClient") -> str | None:
    """React to something."""
    reaction = cast("Reaction", world.random.choice(["clap", "heart"]))
    return f"reacts: {reaction}" if _say(client, React(reaction=reaction)) else None


def _say(client: "SimulatedClient", *messages: ClientMessage) -> bool:
    session = client.session
    if session is None or not session.healthy:
        return False
    for message in messages:
        session.say(message)
    return True


class Agreement:
    """Whether all in a room know the same, but for what is just being told."""

    def __init__(self) -> None:
        self._behind: dict[str, tuple[str, float]] = {}
        """By client: the session that does not know all, and since when."""

    def check(self, world: "World", rooms: Iterable[Room]) -> Iterator[str]:
        """Yield sessions that have missed something for too long."""
        commons = {peer.name: room.commons for room in rooms for peer in room.peers.values()}
        for client in world.clients:
            session = client.session
            there = session is not None and session.label in commons and client.must_be_connected
            if session is None or not there:
                self._behind.pop(client.name, None)
                continue
            world.checked["conversations"] += 1
            wrong = _missed(session.conversation, commons[session.label])
            if wrong is None:
                self._behind.pop(client.name, None)
            elif self._since(client.name, session.label) < trio.current_time() - _KNOWN:
                yield f"{session.label} {wrong}"

    def _since(self, client: str, session: str) -> float:
        found, since = self._behind.get(client, ("", 0.0))
        if found != session:
            since = trio.current_time()
            self._behind[client] = session, since
        return since


def _missed(known: Conversation, commons: Commons) -> str | None:
    if known.read != commons.chat.written:
        return f"has read {known.read} of {commons.chat.written} messages"
    if known.hands != commons.gestures.hands:
        return f"sees the hands of {known.hands} up, which are {commons.gestures.hands}"
    return None
