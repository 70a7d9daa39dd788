"""The OpenAPI 3.1 document of `/api/v1`, made of the operations and their types."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from trio_sfu.http.operations import PREFIX, Operation, answer
from trio_sfu.http.refusals import CODES, Problem

_FOR_ALL: Final = (
    "forbidden",
    "operator-token-required",
    "operator-token-wrong",
    "request-failed",
    "too-many-wrong-tokens",
)
"""The codes that every operation may be refused with."""
_IN_PATH: Final[Mapping[str, tuple[str, Any]]] = {
    "room": (
        "The name of a room.",
        Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*$", min_length=1, max_length=64)],
    ),
    "peer": ("The id of a peer.", Annotated[str, Meta(pattern="^p-[0-9a-f]{10}$")]),
    "reference": ("The id of a failure.", Annotated[str, Meta(pattern="^f-[0-9a-f]{8}$")]),
}
_WAITS: Final = {
    "retry-after": {
        "description": "The seconds after which it may be granted, where that is known.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


def description(operations: Sequence[Operation]) -> Operation:
    """Return the operation that shows the document of ``operations``, of which it is one."""
    kept: list[Response] = []

    async def openapi(_request: Request) -> Response:
        """Show this document."""
        if not kept:
            kept.append(answer(document(operations)))
        return kept[0]

    return Operation("GET", "/openapi.json", openapi, dict[str, Any])


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document, ready for JSON."""
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "trio-sfu",
            "version": "1",
            "description": "What operators see and do of a running daemon.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        # Without `admin.token_file` none is asked for, on this machine.
        "security": [{"operatorToken": []}, {}],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "responses": schemas.refusals,
            "securitySchemes": {
                "operatorToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The operators' token, where `admin.token_file` is set.",
                }
            },
        },
    }


class _Schemas:
    """What operations have in common: the schema of each type, and refusals."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        kinds = [Problem, *(kind for kind in _kinds(operations))]
        found, self.definitions = msgspec.json.schema_components(
            kinds, ref_template="#/components/schemas/{name}"
        )
        self.refusals: dict[str, Any] = {}
        """The refusals that operations share, by their codes."""
        self._found = list(zip(kinds, found, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401  (a type of any kind)
        """Return the schema of one of them."""
        return next(schema for each, schema in self._found if each is kind)


def _kinds(operations: Iterable[Operation]) -> Iterator[Any]:
    yield from (kind for _, kind in _IN_PATH.values())
    for each in operations:
        yield from (kind for kind in (each.answer, each.body) if kind is not None)
        yield from (parameter.kind for parameter in each.parameters)


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": " ".join((operation.handle.__doc__ or "").split()),
        "responses": {str(operation.status): _granted(operation, schemas)}
        | _refused((*_FOR_ALL, *operation.errors), schemas),
    }
    if parameters := list(_parameters(operation, schemas)):
        told["parameters"] = parameters
    if operation.body is not None:
        told["requestBody"] = {
            "required": not operation.optional_body,
            "content": {"application/json": {"schema": schemas.of(operation.body)}},
        }
    return told


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", operation.path):
        text, kind = _IN_PATH[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": schemas.of(kind),
        }
    for each in operation.parameters:
        yield {
            "name": each.name,
            "in": each.place,
            "description": each.text,
            "schema": schemas.of(each.kind),
        }


def _granted(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is not None:
        told["content"] = {operation.media_type: {"schema": schemas.of(operation.answer)}}
    if operation.status == HTTPStatus.CREATED:
        told["headers"] = {
            "location": {"description": "Where it is.", "schema": {"type": "string"}}
        }
    return told


def _refused(codes: Iterable[str], schemas: _Schemas) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(CODES[code].status, []).append(code)
    told: dict[str, Any] = {}
    for status, of in sorted(by_status.items()):
        name = ".".join(of)
        schemas.refusals.setdefault(name, _refusal(status, of, schemas))
        told[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return told


def _refusal(status: int, codes: Sequence[str], schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": " ".join(f"`{code}`: {CODES[code].meaning}" for code in codes),
        "content": {
            "application/json": {
                "schema": {
                    "allOf": [schemas.of(Problem), {"properties": {"code": {"enum": list(codes)}}}]
                }
            }
        },
    }
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        told["headers"] = _WAITS
    return told
