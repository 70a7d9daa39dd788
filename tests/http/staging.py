"""The application over rooms that are real, but for the peers' connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette

from tests.http.asking import Answer, Observed, ask
from tests.rooms.scripted import Scene, Someone, scene
from trio_sfu.access import Gate
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.rooms.operating import Operating

HERE = "127.0.0.1:8080"


@dataclass
class Stage:
    scene: Scene
    app: Starlette

    async def ask(self, path: str, method: str = "GET", body: object = None) -> Answer:
        sent = "" if body is None else msgspec.json.encode(body).decode()
        return await ask(
            self.app,
            f"/api/v1{path}",
            method,
            body=sent,
            host=HERE,
            content_type="application/json",
        )

    async def told(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Return what is answered to a request that is granted."""
        answer = await self.ask(path, method, body)
        assert answer.status < 300, answer.body
        return answer.json() if answer.body else None

    async def refused(self, path: str, method: str = "GET", body: object = None) -> tuple[int, str]:
        answer = await self.ask(path, method, body)
        assert answer.json()["message"]
        return answer.status, answer.json()["code"]

    def path(self, peer: Someone, then: str = "") -> str:
        return f"/rooms/{peer.joined.room}/peers/{peer.id}{then}"


@asynccontextmanager
async def stage(gate: Gate | None = None, **settings: float) -> AsyncIterator[Stage]:
    async with scene(gate, **settings) as s:
        daemon = Observed(journal=s.journal)
        daemon.operating = Operating(s.rooms)
        yield Stage(s, make_app(daemon, Page(Path("/none"))))
