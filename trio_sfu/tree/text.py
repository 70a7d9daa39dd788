"""The tree as plain text, one line a node."""

from collections.abc import Iterator

from trio_sfu.events import Failure
from trio_sfu.tree.nodes import Node

_MINUTE = 60
_HOUR = 3_600
_DAY = 86_400
_AT_WORK = ("connection", "task")


def render(root: Node) -> str:
    """Return the tree as lines, the last one ended too."""
    return "".join(f"{line}\n" for line in (_title(root), *_below(root, "")))


def duration(seconds: float) -> str:
    """Return a time span with the two units that matter: ``4.2s``, ``3m05s``, ``2d07h``."""
    if seconds < _MINUTE:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02}h"


def _below(node: Node, margin: str) -> Iterator[str]:
    for number, child in enumerate(node.children):
        last = number == len(node.children) - 1
        yield margin + ("└─ " if last else "├─ ") + _title(child)
        inner = margin + ("   " if last else "│  ")
        if child.failure is not None and child.kind in ("room", "peer", "service"):
            mark = "│  " if child.children else "   "
            for line in _failure(child.failure):
                yield f"{inner}{mark}! {line}"
        yield from _below(child, inner)


def _title(node: Node) -> str:
    parts = [node.name if node.kind in ("daemon", "service") else f"{node.kind} {node.name}"]
    parts.append(node.state)
    if node.age is not None:
        parts.append(duration(node.age))
    if node.restarts:
        parts.append(f"{node.restarts} restarts" if node.restarts > 1 else "1 restart")
    parts += [node.detail, f"at {node.where}" if node.where and node.kind in _AT_WORK else ""]
    return "  ".join(filter(None, parts))


def _failure(failure: Failure) -> Iterator[str]:
    yield f"{failure.code} {failure.id} at {failure.time:%H:%M:%S} UTC in {failure.path}"
    yield from failure.text().splitlines()
