"""A peer that only does ICE, over a real socket."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import trio

from tests.native import binding
from trio_sfu.media.engine import MediaEngine


class StunPeer:
    def __init__(self, udp: trio.socket.SocketType) -> None:
        self.udp = udp
        self._random = Random(7)

    async def check(self, ufrag: str, password: str = binding.PASSWORD) -> binding.Answer:
        """Do a connectivity check and return what answered it."""
        request, transaction = binding.request(
            self._random, ufrag=ufrag, password=password, nominate=True
        )
        await self.udp.send(request)
        with trio.fail_after(5):
            answer = binding.answer(await self.udp.recv(1500), password=password)
        assert answer.transaction == transaction
        return answer


@asynccontextmanager
async def stun_peer(engine: MediaEngine) -> AsyncIterator[StunPeer]:
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        await udp.connect(engine.candidates()[0])
        yield StunPeer(udp)
