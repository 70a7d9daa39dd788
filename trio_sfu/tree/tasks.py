"""Trio's tasks as nodes: their names and their nurseries say what they are.

Nothing is looked up here that somebody had to write down: a task that exists is in the
tree, and one that has ended is not.
"""

import trio

from trio_sfu.tree.ages import Ages
from trio_sfu.tree.nodes import Kind, Node

_SERVICES = {"rooms", "listeners", "liveness", "services", "watchdog", "whip"}
_ROOM = "room "
_SERVICE = "service "
_PEER = "p-"
_HANDLER = "trio._highlevel_serve_listeners._run_handler"
_OURS = "trio_sfu."


def task_tree(daemon: trio.lowlevel.Task, ages: Ages) -> Node:
    """Return the daemon's task with all that is below it."""
    return _Walk(ages).node(daemon, Node(kind="daemon", name="daemon"))


def rest_of_process(daemon: trio.lowlevel.Task, ages: Ages) -> Node:
    """Return the tasks that are not the daemon's, from the root: trio's own, mostly."""
    root = trio.lowlevel.current_root_task()
    assert root is not None  # noqa: S101  (called inside a loop)
    return _Walk(ages, without=daemon).node(root, Node(kind="service", name="process"))


class _Walk:
    def __init__(self, ages: Ages, without: trio.lowlevel.Task | None = None) -> None:
        self._ages = ages
        self._without = without
        self._current = trio.lowlevel.current_task()
        self._now = trio.current_time()

    def node(self, task: trio.lowlevel.Task, node: Node, path: str = "") -> Node:
        """Fill ``node``; the names of its children begin with ``path``."""
        running = task is self._current
        node.state = "running" if running or node.kind in ("daemon", "service") else "waiting"
        node.age = self._now - self._ages.born(task)
        node.where = "" if running else _where(task)
        children = (
            self.node(child, *_classify(child, node, path))
            for nursery in task.child_nurseries
            for child in nursery.child_tasks
            if child is not self._without
        )
        node.children = sorted(children, key=lambda child: -(child.age or 0.0))
        if node.kind == "connection":
            node.name = _session(node) or "http"
        return node


def _classify(task: trio.lowlevel.Task, parent: Node, path: str) -> tuple[Node, str]:
    """Return a node for ``task`` and the path that the names of its children begin with."""
    name = task.name
    kind: Kind = "task"
    if parent.kind == "daemon" and name in _SERVICES:
        kind = "service"
    elif parent.kind == "service" and parent.name == "rooms" and name.startswith(_ROOM):
        kind, name = "room", name.removeprefix(_ROOM)
        path = name
    elif parent.kind == "service" and parent.name == "services" and name.startswith(_SERVICE):
        kind, name = "service", name.removeprefix(_SERVICE)
        path = f"services/{name}"
    elif parent.kind == "service" and parent.name == "listeners" and name == _HANDLER:
        kind = "connection"
    elif path and name.startswith(f"{path}/"):
        short = name.removeprefix(f"{path}/")
        if parent.kind == "room" and short.startswith(_PEER) and "/" not in short:
            kind, path = "peer", name
        name = short
    return Node(kind=kind, name=name), path


def _session(connection: Node) -> str | None:
    for child in connection.children:
        session, _, work = child.name.partition("/")
        if work == "reader":
            return session
    return None


def _where(task: trio.lowlevel.Task) -> str:
    """Return the line a task waits at: the innermost that is ours, or the outermost."""
    outermost = ours = None
    try:
        for place in task.iter_await_frames():
            outermost = outermost or place
            if place[0].f_globals.get("__name__", "").startswith(_OURS):
                ours = place
    except TypeError:
        pass  # It waits for something trio cannot look into.
    found = ours or outermost
    if found is None:
        return ""
    code = found[0].f_code
    return f"{code.co_qualname} ({code.co_filename.rpartition('/')[2]}:{found[1]})"
