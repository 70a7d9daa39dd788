"""What clients say, to the whole control plane: sessions, rooms, negotiation, engine.

Two clients say what the bytes decide, and somebody else is in the same room. Whatever is
said ends at most the session that said it, with a code of the protocol; nothing in the
daemon fails; and when all are gone, nothing of them is left.
"""

from functools import cache
from typing import Final, cast

import msgspec
import trio
from trio.testing import MockClock
from trio_websocket import WebSocketConnection

from tests.fuzz.crashes import suspicious
from tests.fuzz.memory_socket import MemorySocket
from tests.fuzz.offers import SOURCES, read_offer
from tests.fuzz.reading import Input
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon
from trio_sfu.events import Fact, Journal
from trio_sfu.media.simulated import open_simulated_engine
from trio_sfu.signaling.carried import Quality
from trio_sfu.signaling.messages import (
    Candidate,
    ClientMessage,
    Join,
    Leave,
    Ping,
    Pong,
    Prefer,
    Publish,
    Resume,
)
from trio_sfu.testing.simulation.handshake import open_simulated_association
from trio_sfu.webrtc.certificate import Certificate

ROOMS: Final = ("amber", "birch")
PEER_IDS: Final = ("", "p-nobody", "x" * 200)
QUALITIES: Final[tuple[Quality, ...]] = ("off", "low", "medium", "high")
CLOSES: Final = (1000, 1001, 1006, 1009, 1002, 4000)
NIGHT: Final = 90.0
"""Seconds after which nothing may be left: the longest grace, heartbeat and close."""
MAX_STEPS: Final = 200

certificate = cache(Certificate.generate)


def signaling(data: bytes) -> None:
    """Carry out what the bytes say."""
    trio.run(_run, Input(data), clock=MockClock(autojump_threshold=0))


class Conversation:
    """A daemon, somebody who does nothing wrong, and two who may."""

    def __init__(self, daemon: Daemon, nursery: trio.Nursery) -> None:
        self.daemon = daemon
        self.wrong: list[str] = []
        self.sockets: list[MemorySocket] = []
        self._nursery = nursery
        self._offers = 0
        self.bystander = self.connect()
        self.attackers = [self.connect(), self.connect()]

    def connect(self) -> MemorySocket:
        """Open a socket to the daemon."""
        socket = MemorySocket()
        self.sockets.append(socket)
        self._nursery.start_soon(self._serve, socket)
        return socket

    async def _serve(self, socket: MemorySocket) -> None:
        try:
            await self.daemon.serve_socket(cast("WebSocketConnection", socket))
        except* Exception as error:
            self.wrong.append(f"an error of a session: {error.exceptions!r}")

    def note(self, fact: Fact) -> None:
        """Take note of what the daemon notes."""
        trouble = suspicious(fact)
        if trouble is not None:
            self.wrong.append(trouble)

    async def step(self, source: Input) -> None:
        """Let one of the two do one thing."""
        choice = source.byte()
        number = choice & 1
        socket = self.attackers[number]
        match choice >> 1 & 7:
            case 0:
                socket.say(source.text())
            case 1:
                socket.say(source.slice())
            case 2:
                await trio.sleep(source.byte() / 8)
            case 3:
                socket.close(source.choose(CLOSES))
            case 4:
                frame = bytearray(msgspec.json.encode(self.message(source)))
                frame[source.short() % len(frame)] ^= source.byte()
                socket.say(frame.decode("latin-1"))
            case _:
                socket.say(msgspec.json.encode(self.message(source)).decode())
        if choice & 0x40:
            # Else several things are said before anything is answered.
            await trio.testing.wait_all_tasks_blocked()
        if socket.closed or choice & 0x30 == 0x30:
            self.attackers[number] = self.connect()

    def message(self, source: Input) -> ClientMessage:
        """Return a message that is well-formed, though it may make no sense."""
        tokens = [
            token
            for socket in self.sockets
            if socket is not self.bystander
            for token in socket.tokens
        ]
        tokens.append("nobody's")
        match source.byte() % 12:
            case 0 | 1 | 2:
                replaces = source.choose(tokens) if source.byte() & 1 else None
                name = source.text()[:64] or "n"
                return Join(room=source.choose(ROOMS), name=name, replaces=replaces)
            case 3:
                return Resume(resume_token=source.choose(tokens))
            case 4 | 5 | 6:
                self._offers += 1
                return read_offer(source, self._offers)
            case 7:
                return Candidate(candidate=source.text()[:1024], mid=source.text()[:16] or None)
            case 8:
                flags = source.byte()
                return Publish(
                    source=source.choose(SOURCES), live=bool(flags & 1), muted=bool(flags & 2)
                )
            case 9:
                ids = [peer for room in self.daemon.rooms.rooms.values() for peer in room.peers]
                return Prefer(
                    peer=source.choose([*PEER_IDS, *ids]), quality=source.choose(QUALITIES)
                )
            case 10:
                return Leave()
            case _:
                return Ping(id=source.short())


async def _run(source: Input) -> None:
    Certificate.generate = certificate  # type: ignore[method-assign]  # One costs a millisecond.
    told: list[Fact] = []
    journal = Journal(told.append)
    async with (
        open_simulated_engine(lambda *_: None, journal=journal) as engine,
        trio.open_nursery() as nursery,
    ):
        daemon = Daemon(Config(), engine, journal=journal, associate=open_simulated_association)
        await nursery.start(daemon.rooms.run)
        await trio.testing.wait_all_tasks_blocked()
        baseline = daemon.census()
        async with trio.open_nursery() as sessions:
            talk = Conversation(daemon, sessions)
            await _talk(talk, source, told)
        await _night(daemon, baseline)
        nursery.cancel_scope.cancel()
    for fact in told:
        talk.note(fact)
    assert not talk.wrong, talk.wrong


async def _talk(talk: Conversation, source: Input, told: list[Fact]) -> None:
    bystander = talk.bystander
    bystander.say(msgspec.json.encode(Join(room=ROOMS[0], name="bystander")).decode())
    await trio.testing.wait_all_tasks_blocked()
    assert bystander.tokens, "the bystander is in"
    for _ in range(MAX_STEPS):
        if not source:
            break
        await talk.step(source)
        for fact in told:
            talk.note(fact)
        told.clear()
        assert not talk.wrong, talk.wrong
    await trio.testing.wait_all_tasks_blocked()
    bystander.say(msgspec.json.encode(Ping(id=7)).decode())
    await trio.testing.wait_all_tasks_blocked()
    assert Pong(id=7) in bystander.heard, "the bystander is still served"
    for number, socket in enumerate(talk.sockets):
        socket.close((1000, 1006)[number % 2])


async def _night(daemon: Daemon, baseline: dict[str, int]) -> None:
    deadline = trio.current_time() + NIGHT
    while (census := daemon.census()) != baseline:
        assert trio.current_time() < deadline, f"left behind: {census}, before {baseline}"
        await trio.sleep(1)
