"""The service that answers ICE checks for who tries whether the media ports are reached."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from typing import Final

import trio

from trio_sfu.liveness.trial_path import MediaPlace, TrialPath
from trio_sfu.media.engine import MediaEngine
from trio_sfu.webrtc.candidates import host_candidates

SECONDS: Final = 15.0
"""How long a path is open; who asks meanwhile gets the same one."""
_LEAST: Final = 5.0
"""Seconds that are left of what is given away, or the next one is waited for."""


class Reachability:
    """At most one transport, that no media goes through. ``announced`` is what clients are told."""

    def __init__(self, engine: MediaEngine, announced: Callable[[], Sequence[str]]) -> None:
        self._engine = engine
        self._announced = announced
        self._asked = trio.Event()
        self._opened = trio.Event()
        self._credentials = ("", "")
        self._until = 0.0

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """Be the service."""
        task_status.started()
        while True:
            await self._asked.wait()
            self._asked = trio.Event()
            user, password = self._credentials = secrets.token_hex(4), secrets.token_hex(12)
            async with AsyncExitStack() as transports:
                for worker in range(self._engine.placement.workers):
                    transport = self._engine.transport(user, password, worker=worker)
                    await transports.enter_async_context(transport)
                self._until = trio.current_time() + SECONDS
                self._opened.set()
                self._opened = trio.Event()
                await trio.sleep(SECONDS)

    async def trial_path(self) -> TrialPath:
        """Return what a trial needs."""
        while (left := self._until - trio.current_time()) < _LEAST:
            opened = self._opened
            self._asked.set()
            await opened.wait()
        user, password = self._credentials
        engine, workers = self._engine, range(self._engine.placement.workers)
        udp = chain.from_iterable(map(engine.candidates, workers))
        tcp = chain.from_iterable(map(engine.tcp_candidates, workers))
        told = self._announced()
        places = [MediaPlace(host=host, port=port) for host, port in host_candidates([*udp], told)]
        places += [
            MediaPlace(host=host, port=port, protocol="tcp")
            for host, port in host_candidates([*tcp], told)
        ]
        return TrialPath(user=user, password=password, places=places, seconds=round(left, 1))
