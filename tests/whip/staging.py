"""WHIP and WHEP through ASGI: real rooms and real negotiation, no engine and no clock."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode

import trio
from starlette.applications import Starlette

from tests.http.asking import Observed
from tests.rooms.scripted import Scene, ScriptedConnection
from tests.webrtc.offering import Description, Section
from trio_sfu.config.model import Rooms, Whip
from trio_sfu.errors import NegotiationError
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.ids import RoomId
from trio_sfu.signaling.carried import IceServer, Rights
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.answer import LocalDescription, write_answer
from trio_sfu.webrtc.budget import OfferBudget
from trio_sfu.webrtc.negotiation import Negotiation
from trio_sfu.webrtc.offer import parse_offer
from trio_sfu.webrtc.peer_connection import PeerConnection
from trio_sfu.whip.endpoint import whip_routes
from trio_sfu.whip.gate import Gate
from trio_sfu.whip.sessions import Sessions

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
TURN = IceServer(urls=["turn:relay.example?transport=tcp"], username="1:p", credential="c2VjcmV0")
PUBLISHING = Description([Section("0", "audio"), Section("1")]).sdp()
WATCHING = Description(
    [Section("a", "audio", direction="recvonly"), Section("v", direction="recvonly")]
).sdp()
TRICKLED = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
)
RESTART = TRICKLED.replace("abcd", "efgh").replace("0123456789abcdef", "fedcba9876543210")


class AnsweringConnection(ScriptedConnection):
    """Negotiates as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[Offer] = []
        self.pause: trio.Event | None = None
        """Set: the answer waits for it."""
        self.is_scripted = False
        """Set: its offers are no SDP, as those of ``Someone``."""
        self._negotiation = Negotiation()
        self._budget = OfferBudget()
        self._ice = secrets.token_hex(4), secrets.token_hex(16)

    async def negotiate(self, offer: Offer) -> str:
        self.offers.append(offer)
        if self.pause is not None:
            await self.pause.wait()
        answer = await super().negotiate(offer)
        if self.is_scripted:
            return answer
        if not self._budget.take(trio.current_time()):
            raise NegotiationError("too many offers", code="too-many-offers")
        parsed = parse_offer(offer.sdp)
        agreement = self._negotiation.agree(parsed, offer.sending, offer.slots)
        if agreement.restarts_ice:
            self._ice = secrets.token_hex(4), secrets.token_hex(16)
        self._negotiation.commit(agreement)
        local = LocalDescription(1, *self._ice, "AB:CD", [("192.0.2.9", 7882)])
        return write_answer(parsed, agreement, local, len(self.offers))


@dataclass
class Told:
    """An answer; of several ``Link`` headers all."""

    status: int
    pairs: list[tuple[str, str]]
    body: str

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def links(self) -> list[str]:
        return [value for name, value in self.pairs if name == "link"]

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stage:
    """The application, the sessions and the rooms behind it."""

    scene: Scene
    sessions: Sessions
    app: Starlette
    connections: list[AnsweringConnection] = field(default_factory=list)
    pause: trio.Event | None = None
    """Set: the answers of connections that are made from then on wait for it."""

    async def ask(
        self,
        method: str,
        path: str,
        body: str | bytes = b"",
        *,
        client: str = "127.0.0.1",
        **headers: str,
    ) -> Told:
        path, _, query = path.partition("?")
        chunks = [body.encode() if isinstance(body, str) else body]
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not chunks:
                await trio.sleep_forever()
            return {"type": "http.request", "body": chunks.pop(), "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        given = {"host": "sfu.example"} | headers
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()],
            "server": ("127.0.0.1", 8080),
            "client": (client, 1),
        }
        await self.app(scope, receive, send)
        start = next(each for each in told if each["type"] == "http.response.start")
        answer = b"".join(each["body"] for each in told if each["type"] == "http.response.body")
        pairs = [(k.decode(), v.decode()) for k, v in start["headers"]]
        return Told(start["status"], pairs, answer.decode())

    async def post(self, path: str, offer: str, **headers: str) -> Told:
        return await self.ask("POST", path, offer, **({"content_type": SDP} | headers))

    async def publish(self, room: str = "r", **query: str) -> Told:
        return await self.post(f"/whip/{room}?{urlencode(query)}", PUBLISHING)

    async def watch(self, room: str = "r", **query: str) -> Told:
        return await self.post(f"/whep/{room}?{urlencode(query)}", WATCHING)

    async def patch(self, path: str, fragment: str, **headers: str) -> Told:
        return await self.ask("PATCH", path, fragment, **({"content_type": FRAGMENT} | headers))

    @property
    def empty(self) -> bool:
        """Whether nothing of any session is left."""
        return not self.sessions and not self.scene.rooms.rooms and self._closed

    @property
    def _closed(self) -> bool:
        return all(each.closed for each in self.connections)


@asynccontextmanager
async def stage(
    *, origins: list[str] | None = None, whip: Whip | None = None, **rooms: float
) -> AsyncIterator[Stage]:
    """Open one; ``rooms`` are settings of that section."""
    scene = Scene(Rooms(**rooms))  # type: ignore[arg-type]
    made: list[AnsweringConnection] = []

    @asynccontextmanager
    async def connect(_rights: Rights, _room: RoomId) -> AsyncIterator[PeerConnection]:
        connection = AnsweringConnection()
        connection.pause = staged.pause
        made.append(connection)
        scene.connections.append(connection)
        try:
            yield cast("PeerConnection", connection)
        finally:
            connection.closed = True

    scene.rooms._connect = connect
    scene.rooms._relays = lambda _peer: [TURN]
    sessions = Sessions(whip or Whip(), scene.rooms, scene.journal)
    routes = whip_routes(
        sessions, Gate(lambda: origins or [], lambda: scene.rooms.gate.policy), lambda: [TURN]
    )
    observed = Observed(journal=scene.journal)
    app = make_app(observed, Page(), routes=routes)
    staged = Stage(scene, sessions, app, made)
    async with trio.open_nursery() as nursery:
        await nursery.start(scene.rooms.run)
        await nursery.start(sessions.run)
        yield staged
        nursery.cancel_scope.cancel()
