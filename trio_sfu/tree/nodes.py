"""What the tree is made of, as ``/api/v1/tree`` shows it. All times are seconds."""

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal[
    "daemon",
    "service",
    "room",
    "peer",
    "connection",
    "task",
    "transport",
    "up-track",
    "slot",
]


class Failure(Struct, frozen=True, kw_only=True):
    """An error that ended a crash group: ``path`` of the task, and its causes as lines."""

    age: float
    path: str
    code: str
    causes: list[str]


class Node(Struct, kw_only=True, omit_defaults=True):
    """One thing that lives, and what lives in it.

    ``where`` is the line of code a task waits at. ``restarts`` and ``failure`` are there
    for what can fail and come back; ``failure`` is the last one in the node or below it.
    """

    kind: Kind
    name: str
    state: str = ""
    age: float | None = None
    where: str = ""
    detail: str = ""
    restarts: int | None = None
    failure: Failure | None = None
    children: list["Node"] = []
