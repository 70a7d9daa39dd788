"""Clients of WHIP and WHEP over real HTTP, with the peer connection of aiortc."""

import asyncio
import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import trio
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from trio_sfu.webrtc.bridge import open_bridge
from trio_sfu.webrtc.loopback import gather_on_loopback
from trio_sfu.webrtc.reception import Reception
from trio_sfu.webrtc.source_tracks import open_track
from trio_sfu.webrtc.sources import SyntheticVideo, Tone
from trio_sfu.webrtc.user_agent import UserAgent, _consume

SDP = "application/sdp"
PICTURE = SyntheticVideo(width=160, height=120, fps=15)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: str


async def ask(base: str, method: str, path: str, body: str = "", **headers: str) -> Answer:
    """Send one request on a connection of its own."""

    def exchange() -> Answer:
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=20)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body.encode(), given | {"connection": "close"})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    return await trio.to_thread.run_sync(exchange)


@dataclass
class Client:
    """A session: its URL, and what comes in on each line of its offer."""

    base: str
    path: str
    etag: str
    agent: UserAgent
    receptions: dict[str, Reception] = field(default_factory=dict)

    async def delete(self) -> int:
        return (await ask(self.base, "DELETE", self.path)).status

    async def picture(self, within: float = 20) -> Any:
        """Return the first picture that comes."""
        reception = self.receptions["video"]
        with trio.fail_after(within):
            while reception.picture is None:
                await reception.wait()
        return reception.picture

    async def more(self, kind: str = "video", frames: int = 10, within: float = 20) -> None:
        """Wait for so many more frames."""
        reception = self.receptions[kind]
        wanted = reception.frames + frames
        with trio.fail_after(within):
            while reception.frames < wanted:
                await reception.wait()


@asynccontextmanager
async def publishing(base: str, path: str) -> AsyncIterator[Client]:
    """Publish a picture and a tone with WHIP."""
    async with _connected(base, path, sends=True) as client:
        yield client


@asynccontextmanager
async def watching(base: str, path: str) -> AsyncIterator[Client]:
    """Watch with WHEP."""
    async with _connected(base, path, sends=False) as client:
        yield client


@asynccontextmanager
async def _connected(base: str, path: str, *, sends: bool) -> AsyncIterator[Client]:
    async with open_bridge() as bridge:
        pc = await bridge.call(_made)
        agent = UserAgent(bridge, pc, loopback=True)
        try:
            offer = await bridge.call(_offer, pc, sends)
            told = await ask(base, "POST", path, offer, content_type=SDP)
            assert told.status == 201, told.body
            client = Client(base, told.headers["location"], told.headers["etag"], agent)
            await bridge.call(_accept, pc, told.body, client.receptions)
            with trio.fail_after(20):
                assert await agent.wait_state("connected", "failed") == "connected"
            yield client
        finally:
            with trio.move_on_after(5, shield=True):
                await agent.close()
            with trio.move_on_after(5, shield=True):
                await agent.abandon()


async def _made() -> RTCPeerConnection:
    return RTCPeerConnection(
        RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )


async def _offer(pc: RTCPeerConnection, sends: bool) -> str:  # noqa: FBT001
    if sends:
        pc.addTransceiver(open_track(Tone(440), "audio"), direction="sendonly")
        pc.addTransceiver(open_track(PICTURE, "video"), direction="sendonly")
    else:
        pc.addTransceiver("audio", direction="recvonly")
        pc.addTransceiver("video", direction="recvonly")
    gather_on_loopback(pc)
    await pc.setLocalDescription(await pc.createOffer())
    return str(pc.localDescription.sdp)


async def _accept(pc: RTCPeerConnection, answer: str, receptions: dict[str, Reception]) -> None:
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    for transceiver in pc.getTransceivers():
        if transceiver.currentDirection == "recvonly":
            reception = receptions[transceiver.kind] = Reception(transceiver.kind)  # type: ignore[arg-type]
            consumer = asyncio.ensure_future(_consume(transceiver.receiver.track, reception))
            # asyncio itself keeps no task alive.
            pc.once("consumed", consumer.cancel)
