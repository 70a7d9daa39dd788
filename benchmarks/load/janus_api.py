"""What is needed of Janus's WebSocket API: one session, plugin handles, requests, events."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, open_websocket_url

_WITHIN: Final = 10.0
PLUGIN: Final = "janus.plugin.videoroom"


class JanusError(Exception):
    """Janus has refused something."""


class Session:
    """A session. Its requests may come from any trio task."""

    def __init__(self, websocket: WebSocketConnection) -> None:
        self._websocket = websocket
        self._numbers = itertools.count(1)
        self._answers: dict[str, trio.MemorySendChannel[dict[str, Any]]] = {}
        self._id = 0

    async def read(self) -> None:
        """Give answers to whom they are for, until the socket ends."""
        try:
            while True:
                message = msgspec.json.decode(await self._websocket.get_message())
                channel = self._answers.get(message.get("transaction", ""))
                # A request that only begins something has two: the second one counts.
                if channel is not None and message["janus"] != "ack":
                    channel.send_nowait(message)
        except ConnectionClosed:
            return

    async def _ask(self, kind: str, **fields: object) -> dict[str, Any]:
        transaction = str(next(self._numbers))
        send, receive = trio.open_memory_channel[dict[str, Any]](8)
        self._answers[transaction] = send
        request: dict[str, object] = {"janus": kind, "transaction": transaction, **fields}
        if self._id:
            request["session_id"] = self._id
        try:
            await self._websocket.send_message(msgspec.json.encode(request).decode())
            with trio.fail_after(_WITHIN):
                answer = await receive.receive()
        finally:
            del self._answers[transaction]
        if answer["janus"] == "error":
            raise JanusError(str(answer["error"]))
        return answer

    async def create(self) -> None:
        """Begin the session."""
        self._id = (await self._ask("create"))["data"]["id"]

    async def attach(self) -> int:
        """Return a new handle of the VideoRoom plugin."""
        handle: int = (await self._ask("attach", plugin=PLUGIN))["data"]["id"]
        return handle

    async def message(
        self, handle: int, body: Mapping[str, object], jsep: Mapping[str, object] | None = None
    ) -> tuple[dict[str, Any], str]:
        """Say something to the plugin; return its data and the SDP that came with it."""
        extra = {"jsep": jsep} if jsep else {}
        answer = await self._ask("message", handle_id=handle, body=body, **extra)
        data: dict[str, Any] = answer["plugindata"]["data"]
        if "error" in data:
            raise JanusError(f"{data.get('error_code')}: {data['error']}")
        return data, answer.get("jsep", {}).get("sdp", "")


@asynccontextmanager
async def open_session(port: int) -> AsyncIterator[Session]:
    """Open a session with the Janus that listens there."""
    async with (
        open_websocket_url(f"ws://127.0.0.1:{port}/", subprotocols=["janus-protocol"]) as websocket,
        trio.open_nursery() as nursery,
    ):
        session = Session(websocket)
        nursery.start_soon(session.read)
        await session.create()
        yield session
        nursery.cancel_scope.cancel()
