"""What the tree is made of, as ``/api/v1/tree`` shows it. All times are seconds."""

from typing import Literal, TypeAlias

from msgspec import Struct

from trio_sfu.events import Failure

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
