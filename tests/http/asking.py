"""Ask the application through ASGI, without a socket."""

import json
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

import trio
from starlette.applications import Starlette

from trio_sfu.config import model
from trio_sfu.errors import RequestError
from trio_sfu.events import Histogram, Journal
from trio_sfu.ids import RoomId
from trio_sfu.liveness.health import Health, judge
from trio_sfu.liveness.self_test import SelfTestRecord, SelfTestResult
from trio_sfu.liveness.trial_path import MediaPlace, TrialPath
from trio_sfu.overload.admission import Admission
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.drain import Drain
from trio_sfu.rooms.operating import Operating
from trio_sfu.rooms.quality import Quality
from trio_sfu.rooms.registry import Registry
from trio_sfu.signaling.carried import Rights
from trio_sfu.signaling.messages import Experience
from trio_sfu.tree.nodes import Node
from trio_sfu.webrtc.peer_connection import PeerConnection


class Emptying:
    """Rooms that can be emptied."""

    def __init__(self) -> None:
        self.changed = trio.Event()
        self.until: list[float | None] = []
        self.counted = (1, 2)

    def drain(self, until: float | None) -> None:
        self.until.append(until)

    def count(self) -> tuple[int, int]:
        return self.counted


class OneRoom(Operating):
    """Where there is nothing, but for the ends of a room; ``test_rooms.py`` has real rooms."""

    def __init__(self, ended: list[tuple[str, ...]]) -> None:
        self.ended = ended
        super().__init__(
            Registry(
                model.Rooms(),
                _nobody,
                Journal(),
                Admission(model.Overload(), lambda: Level.NORMAL),
                max_peers_in_all=1,
            )
        )

    async def end_room(self, room: str) -> None:
        self.ended.append((room,))
        if room != "r":
            raise RequestError("there is no such room", code="not-found")

    async def remove_peer(self, room: str, peer: str) -> None:
        self.ended.append((room, peer))
        if (room, peer) != ("r", "p-1"):
            raise RequestError("there is no such peer in the room", code="not-found")


def _nobody(_rights: Rights, _room: RoomId) -> AbstractAsyncContextManager[PeerConnection]:
    raise AssertionError("nobody joins")


@dataclass
class Observed:
    journal: Journal = field(default_factory=Journal)
    ready: bool = True
    broken: bool = False
    workers: list[float] = field(default_factory=lambda: [0.1])
    self_test: SelfTestRecord = field(default_factory=lambda: SelfTestRecord(60))
    step: int = 0
    ended: list[tuple[str, ...]] = field(default_factory=list)
    rooms: Emptying = field(default_factory=lambda: Emptying())

    def __post_init__(self) -> None:
        self.operating: Operating = OneRoom(self.ended)
        self.drain = Drain(model.Drain(), self.rooms, self.journal)

    def census(self) -> dict[str, int]:
        if self.broken:
            raise RuntimeError("a secret of the house")
        return {"tasks": 7, "rooms": 1}

    def strains(self) -> dict[str, float]:
        return {"loop": 0.5}

    def overload_level(self) -> int:
        return self.step

    def cpu_seconds(self) -> dict[str, float]:
        return {"loop": 1.5, "worker-0": 2.5}

    def health(self) -> Health:
        return judge(
            now=100,
            loop_lag=0.004,
            workers=self.workers,
            stuck_after=2,
            self_test=self.self_test,
        )

    def loop_lag(self) -> Histogram:
        histogram = Histogram()
        histogram.observe(0.3)
        return histogram

    async def test_media(self) -> SelfTestResult:
        self.ended.append(("tested",))
        return SelfTestResult(outcome="passed", seconds=0.25)

    async def trial_path(self) -> TrialPath:
        self.ended.append(("tried",))
        place = MediaPlace(host="127.0.0.1", port=7882)
        return TrialPath(user="u", password="p" * 24, places=[place], seconds=15)

    def quality(self) -> Quality:
        quality = Quality()
        quality.estimates.observe(900_000)
        quality.hear(Experience(watched=10, frozen=0.2, heard=10))
        return quality

    def webhooks_told(self) -> tuple[dict[str, int], int]:
        return {"delivered": 3, "dropped": 0}, 2

    def engine_counters(self) -> dict[str, int]:
        return {"rtp_received": 12, "drop_auth": 3}

    def tree(self) -> Node:
        return Node(kind="daemon", name="daemon")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    app: Starlette,
    path: str,
    method: str = "GET",
    *,
    client: str = "127.0.0.1",
    body: str = "",
    scheme: str = "http",
    **headers: str,
) -> Answer:
    told: list[Any] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await trio.sleep_forever()
        asked = True
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    path, _, query = path.partition("?")
    given = {"host": "sfu.example:8080"} | headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": scheme,
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()],
        "server": ("127.0.0.1", 8080),
        "client": (client, 1),
    }
    with suppress(RuntimeError):  # It was answered first; the server logs it.
        await app(scope, receive, send)
    start = next(each for each in told if each["type"] == "http.response.start")
    answered = b"".join(each["body"] for each in told if each["type"] == "http.response.body")
    return Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, answered)
