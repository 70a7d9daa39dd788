"""What `/api/v1` can do, as data: the routes and the OpenAPI document are made of the same list.

No operation is reached but through here, so none can forget to ask who asks.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trio_sfu.errors import RequestError
from trio_sfu.http.operators import Operators
from trio_sfu.http.refusals import NO_STORE, coded

Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

PREFIX: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may stand in the query or in a header, and is of type ``kind``."""

    name: str
    place: Literal["query", "header"]
    text: str
    kind: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; ``handle`` has the name and the words it is described with."""

    method: Method
    path: str
    """Below ``PREFIX``, with the parameters in braces."""
    handle: Handler
    answer: Any = None
    """The type of what is answered; None: nothing is."""
    status: int = 200
    body: Any = None
    """The type of what is sent; None: nothing is."""
    optional_body: bool = False
    errors: tuple[str, ...] = ()
    """The codes that it is refused with, besides those of every operation."""
    media_type: str = "application/json"
    parameters: tuple[Parameter, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it starts or ends something."""
        return self.method != "GET"

    @property
    def name(self) -> str:
        """Its name: ``mute_peer``."""
        return getattr(self.handle, "__name__", "operation")


def api_routes(operations: Iterable[Operation], operators: Operators) -> list[Route]:
    """Return a route for each path."""
    paths: dict[str, dict[str, Operation]] = {}
    for each in operations:
        if paths.setdefault(each.path, {}).setdefault(each.method, each) is not each:
            raise ValueError(f"there is a {each.method} {each.path} already")
    return [
        Route(PREFIX + path, _endpoint(methods, operators), methods=list(methods))
        for path, methods in paths.items()
    ]


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type="application/json",
        headers=NO_STORE | dict(headers or {}),
    )


def done() -> Response:
    """Return the answer that has nothing to say."""
    return Response(status_code=204, headers=NO_STORE)


def _endpoint(methods: Mapping[str, Operation], operators: Operators) -> Handler:
    async def endpoint(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        # What an error is noted under.
        request.scope["endpoint"] = operation.handle
        operators.require(request, changes=operation.changes)
        try:
            return await operation.handle(request)
        except RequestError as refused:
            raise coded(refused) from None

    return endpoint
