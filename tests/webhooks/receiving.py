"""A receiver of webhooks on loopback, and the page's own way of verifying them."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import h11
import msgspec
import trio

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def documented_verify() -> Callable[[str, dict[str, str], bytes], None]:
    """Return the function that the page shows."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  (our own page)
    verify: Callable[[str, dict[str, str], bytes], None] = names["verify"]
    return verify


@dataclass
class Receiver:
    """Takes messages; ``hangs`` lets none of them have an answer."""

    port: int = 0
    hangs: bool = False
    status: int = 200
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    more: trio.Event = field(default_factory=trio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for _, body in self.received]

    @property
    def events(self) -> list[str]:
        return [each["event"] for each in self.messages]

    async def until(self, count: int) -> None:
        with trio.fail_after(10):
            while len(self.received) < count:
                await self.more.wait()

    async def serve(self, stream: trio.SocketStream) -> None:
        connection = h11.Connection(h11.SERVER)
        headers: dict[str, str] = {}
        body = b""
        try:
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(bytes(await stream.receive_some()))
                elif isinstance(event, h11.Request):
                    headers = {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    break
            if self.hangs:
                await trio.sleep_forever()
            self.received.append((headers, body))
            answer = connection.send(h11.Response(status_code=self.status, headers=[])) or b""
            await stream.send_all(answer + (connection.send(h11.EndOfMessage()) or b""))
        except (trio.BrokenResourceError, h11.ProtocolError):
            pass
        finally:
            self.more.set()
            self.more = trio.Event()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with trio.open_nursery() as nursery:
        listen = partial(trio.serve_tcp, host="127.0.0.1")
        [listener] = await nursery.start(listen, made.serve, 0)
        made.port = listener.socket.getsockname()[1]
        yield made
        nursery.cancel_scope.cancel()
