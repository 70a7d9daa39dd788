"""Watching a peer: its pictures as they are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from trio_sfu.client.client import Client
    from trio_sfu.webrtc.reception import Picture


class Watching:
    """An iterator over a peer's pictures; ends when the peer leaves.

    Who iterates slowly sees the newest picture: older ones are not kept.
    """

    def __init__(self, client: Client, peer: str) -> None:
        self._client = client
        self._peer = peer
        self._seen: Picture | None = None

    def __aiter__(self) -> Watching:
        """Return the iterator."""
        return self

    async def __anext__(self) -> Picture:
        """Wait for a picture that was not given yet. Raises SessionEndedError."""
        await trio.lowlevel.checkpoint()
        while True:
            picture = self.newest()
            if picture is not None and picture is not self._seen:
                self._seen = picture
                return picture
            if self._peer not in self._client.peers:
                raise StopAsyncIteration
            await self._wait()

    def newest(self) -> Picture | None:
        """Return the newest picture, if any has come."""
        mid = self._client.state.stage_of(self._peer)
        if mid is None:
            return None
        reception = self._client.receptions.get(mid)
        return reception.picture if reception is not None else None

    async def _wait(self) -> None:
        """Wait until a picture comes, or the server says something."""
        mid = self._client.state.stage_of(self._peer)
        reception = self._client.receptions.get(mid) if mid is not None else None
        async with trio.open_nursery() as nursery:

            async def message() -> None:
                await self._client.next_change()
                nursery.cancel_scope.cancel()

            nursery.start_soon(message)
            if reception is None:
                await trio.sleep_forever()
            else:
                await reception.wait()
            nursery.cancel_scope.cancel()
