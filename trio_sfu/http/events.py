"""What happens in the daemon, for its operator: facts as they come, and failures.

``/api/v1/events`` is a stream of server-sent events (WHATWG HTML, section 9.2).
"""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
import trio
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trio_sfu.events import Crash, Failure, Journal
from trio_sfu.events.recent import Entry, Follower, Recent, TooManyFollowersError
from trio_sfu.http.operations import Operation, Parameter, answer
from trio_sfu.http.refusals import NO_STORE, CodedError

HEARTBEAT_S: Final = 15.0
_RETRY_MS: Final = 1_000
_MOST_DIGITS: Final = 15

Number: TypeAlias = Annotated[str, Meta(pattern="^[0-9]+$", max_length=_MOST_DIGITS)]
EventId: TypeAlias = str
"""Of whatever daemon: one that is not ours means that all of ours is news."""


class ServerSentEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the stream: ``data`` is JSON, ``docs/events.md`` has what is in it."""

    data: str
    event: Literal["message", "lost", "restarted"] = "message"
    id: str = ""


class FailureList(Struct, frozen=True, kw_only=True):
    """The newest failures, the newest first."""

    failures: list[Failure]


def event_operations(journal: Journal) -> list[Operation]:
    """Return what can be asked of the journal."""
    does = _Answers(journal)
    return [
        Operation(
            "GET",
            "/events",
            does.events,
            ServerSentEvent,
            errors=("bad-request", "busy"),
            media_type=EventStream.media_type,
            parameters=(
                Parameter("after", "query", "The number of the last event that is known.", Number),
                Parameter(
                    "last-event-id", "header", "The id of the last event that came.", EventId
                ),
            ),
        ),
        Operation("GET", "/failures", does.failures, FailureList),
        Operation("GET", "/failures/{reference}", does.failure, Failure, errors=("not-found",)),
    ]


class _Answers:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def events(self, request: Request) -> Response:
        """Follow what happens, as server-sent events, until the client leaves."""
        recent = self._journal.recent
        given = request.query_params.get("after")
        wanted = None if given is None else _number(given)
        last = request.headers.get("last-event-id")
        if last is not None:
            run, _, number = last.rpartition("-")
            # The numbers of another daemon mean nothing here: it has missed all of ours.
            after = _number(number) if run == recent.run else 0
            return EventStream(recent, after, restarted=run != recent.run)
        return EventStream(recent, wanted)

    async def failures(self, _request: Request) -> Response:
        """List the records of the newest failures."""
        return answer(FailureList(failures=list(self._journal.failures.recent())))

    async def failure(self, request: Request) -> Response:
        """Show the record of one failure."""
        found = self._journal.failures.find(request.path_params["reference"])
        if found is None:
            raise CodedError("not-found", "there is no such failure, or none any more")
        return answer(found)


class EventStream(Response):
    """The facts noted after number ``after`` (None: from now on), until the client leaves."""

    media_type = "text/event-stream"

    def __init__(self, recent: Recent, after: int | None, *, restarted: bool = False) -> None:
        super().__init__(headers=NO_STORE)
        del self.headers["content-length"]
        self._recent = recent
        self._after = after
        self._begin = f"retry: {_RETRY_MS}\n\n"
        if restarted:
            self._begin += "event: restarted\ndata: {}\n\n"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Stream. Raises CodedError (busy) when too many follow already."""
        try:
            with self._recent.follow(self._after) as follower:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_cancel_when_gone, receive, nursery.cancel_scope)
                    await self._stream(follower, send)
                    nursery.cancel_scope.cancel()
        except TooManyFollowersError:
            raise CodedError("busy", "too many follow the events already") from None
        # Out here: the server answers it with a disconnect, and must not be cancelled then.
        await _send(send, "", more=False)

    async def _stream(self, follower: Follower, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await _send(send, self._begin)
        while True:
            with trio.move_on_after(HEARTBEAT_S) as waiting:
                news = await follower.next()
            if waiting.cancelled_caught:
                await _send(send, ": heartbeat\n\n")
            elif news is None:
                return
            else:
                await _send(send, "".join(_told(self._recent.run, *news)))


async def _send(send: Send, text: str, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def _cancel_when_gone(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _told(run: str, lost: int, entries: Iterable[Entry]) -> Iterator[str]:
    if lost:
        yield f'event: lost\ndata: {{"lost": {lost}}}\n\n'
    for entry in entries:
        yield f"id: {run}-{entry.number}\ndata: {json.dumps(_json(entry))}\n\n"


def _json(entry: Entry) -> dict[str, Any]:
    fact: dict[str, Any] = msgspec.to_builtins(entry.fact)
    told = {"number": entry.number, "kind": entry.fact.kind(), "time": entry.time.isoformat()}
    if isinstance(entry.fact, Crash):
        told["code"] = entry.fact.failure.code
    return told | fact


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise CodedError("bad-request", "not the number of an event")
    return int(text)
