"""People who join: by WHEP to watch, or by the signaling socket to take part."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import trio

from benchmarks.join.socket import CheapSocket, RefusedError
from benchmarks.load.crowd import Crowd
from benchmarks.load.peer import Peer
from benchmarks.load.sdp import Kind, Line, Remote, parse, write_offer
from trio_sfu.signaling.carried import SendingLine, SlotLine, Source
from trio_sfu.signaling.messages import Answer, Join, Joined, Leave, Offer, Publish

Way: TypeAlias = Literal["whep", "socket"]
SLOTS: Final = 9
"""Pairs of slots of one who takes part, as many as a page with a grid of nine has."""
WITHIN: Final = 20.0
_KINDS: Final[tuple[Kind, ...]] = ("audio", "video")
_SOURCES: Final[dict[Kind, Source]] = {"audio": "microphone", "video": "camera"}


@dataclass(slots=True)
class Found:
    """What became of those who wanted to join."""

    seconds: list[float] = field(default_factory=list)
    """From the connection's beginning to the keys of SRTP, of each that got in."""
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Joiners:
    """Joins one room of the daemon at ``port``, again and again."""

    port: int
    crowd: Crowd
    room: str
    way: Way
    publish: bool = False
    """Of the socket: whether they publish as well."""
    found: Found = field(default_factory=Found)

    async def at(self, rate: float, seconds: float, nursery: trio.Nursery) -> None:
        """Have so many a second come, whether the others are in already or not; they stay."""
        began = trio.current_time()
        for number in range(round(rate * seconds)):
            await trio.sleep_until(began + number / rate)
            nursery.start_soon(self._one)

    async def _one(self) -> None:
        began = trio.current_time()

        def came() -> None:
            self.found.seconds.append(trio.current_time() - began)

        try:
            if self.way == "whep":
                await self._watch(came)
            else:
                await self._take_part(came)
        except (OSError, RefusedError, TimeoutError, trio.TooSlowError) as error:
            self.found.failed.append(f"{type(error).__name__}: {error}")

    # ---- by HTTP -----------------------------------------------------------------------

    async def _watch(self, came: Callable[[], None]) -> None:
        async with self._peer() as peer:
            lines = [Line(str(n), kind, "recvonly") for n, kind in enumerate(_KINDS)]
            with trio.fail_after(WITHIN):
                answer = await self._post(write_offer(peer.local, lines, transport_cc=True))
            await self._stay(peer, parse(answer), came)

    async def _post(self, offer: str) -> str:
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        async with stream:
            head = (
                f"POST /whep/{self.room} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
                "content-type: application/sdp\r\nconnection: close\r\n"
                f"content-length: {len(offer)}\r\n\r\n"
            )
            await stream.send_all((head + offer).encode())
            answer = b""
            async for data in stream:
                answer += bytes(data)
        status, _, body = answer.decode().partition("\r\n\r\n")
        if " 201" not in status.partition("\r\n")[0]:
            raise RefusedError(f"{status}{body}")
        return body

    # ---- by the signaling socket -------------------------------------------------------

    async def _take_part(self, came: Callable[[], None]) -> None:
        socket = await CheapSocket.open(self.port)
        async with self._peer() as peer:
            try:
                with trio.fail_after(WITHIN):
                    await socket.send(Join(room=self.room, name="somebody"))
                    await socket.receive(Joined)
                    offer, published = self._offer(peer)
                    await socket.send(offer)
                    answer = parse((await socket.receive(Answer)).sdp)
                    for source in published:
                        await socket.send(Publish(source=source, live=True))
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(socket.drain)
                    await self._stay(peer, answer, came)
            finally:
                with trio.move_on_after(1, shield=True):
                    await socket.send(Leave())
                    await socket.aclose()

    def _offer(self, peer: Peer) -> tuple[Offer, list[Source]]:
        kinds = _KINDS if self.publish else ()
        sending = [
            Line(str(number), kind, "sendonly", self.crowd.new_ssrc())
            for number, kind in enumerate(kinds)
        ]
        wanted = [(pair, kind) for pair in range(SLOTS) for kind in _KINDS]
        slots = [
            Line(str(len(sending) + number), kind, "recvonly")
            for number, (_, kind) in enumerate(wanted)
        ]
        offer = Offer(
            id=1,
            sdp=write_offer(peer.local, sending + slots, transport_cc=True),
            sending=[SendingLine(mid=line.mid, source=_SOURCES[line.kind]) for line in sending],
            slots=[
                SlotLine(mid=line.mid, kind=line.kind, pair=pair)
                for line, (pair, _) in zip(slots, wanted, strict=True)
            ],
        )
        return offer, [_SOURCES[kind] for kind in kinds]

    # ---- media -------------------------------------------------------------------------

    @asynccontextmanager
    async def _peer(self) -> AsyncIterator[Peer]:
        peer = await self.crowd.peer()
        try:
            yield peer
        finally:
            with trio.move_on_after(1, shield=True):
                await peer.leave()

    async def _stay(self, peer: Peer, remote: Remote, came: Callable[[], None]) -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(peer.run, remote)
            came()
