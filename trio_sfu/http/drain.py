"""``/api/v1/drain``: empty the daemon before it stops, see how that stands, take it back."""

from contextlib import aclosing
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trio_sfu.http.operators import Operators
from trio_sfu.rooms.drain import Drain, DrainFinalError

_NO_STORE = {"cache-control": "no-store"}
_MOST_BYTES = 1_024


class DrainRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST; without a deadline (seconds) that of the settings counts."""

    deadline: Annotated[float, Meta(ge=0, le=86_400)] | None = None


def drain_routes(drain: Drain, operators: Operators) -> list[Route]:
    """Return the routes."""
    answers = _Answers(drain, operators)
    path = "/api/v1/drain"
    return [
        Route(path, answers.state, methods=["GET"]),
        Route(path, answers.begin, methods=["POST"]),
        Route(path, answers.cancel, methods=["DELETE"]),
    ]


class _Answers:
    def __init__(self, drain: Drain, operators: Operators) -> None:
        self._drain = drain
        self._operators = operators

    async def state(self, request: Request) -> Response:
        self._operators.require(request)
        return self._told()

    async def begin(self, request: Request) -> Response:
        self._operators.require(request, changes=True)
        asked = await _asked(request)
        self._drain.begin(asked.deadline)
        return self._told()

    async def cancel(self, request: Request) -> Response:
        self._operators.require(request, changes=True)
        try:
            self._drain.cancel()
        except DrainFinalError as error:
            body = {"code": error.code, "message": str(error)}
            return JSONResponse(body, status_code=409, headers=_NO_STORE)
        return self._told()

    def _told(self) -> Response:
        return JSONResponse(msgspec.to_builtins(self._drain.state()), headers=_NO_STORE)


async def _asked(request: Request) -> DrainRequest:
    body = b""
    async with aclosing(request.stream()) as parts:
        async for part in parts:
            body += part
            if len(body) > _MOST_BYTES:
                raise HTTPException(400, "the body is too long")
    try:
        return msgspec.json.decode(body, type=DrainRequest) if body else DrainRequest()
    except msgspec.DecodeError as error:
        message = f'the body must be like {{"deadline": SECONDS}}, 0 to 86400: {error}'
        raise HTTPException(400, message) from None
