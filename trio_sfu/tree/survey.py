"""The whole tree: trio's tasks, with what the registry and the engine say about them."""

from typing import Protocol

import trio

from trio_sfu.events import Journal
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.media.engine import MediaEngine
from trio_sfu.overload.watch import OverloadWatch
from trio_sfu.rooms.drain import Drain
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.room import Room
from trio_sfu.rooms.trials import BETWEEN
from trio_sfu.self_test.party import ROOM as SELF_TEST
from trio_sfu.services.supervisor import Services
from trio_sfu.tree import media
from trio_sfu.tree.ages import Ages
from trio_sfu.tree.nodes import Node
from trio_sfu.tree.tasks import rest_of_process, task_tree

_PUMP = "engine/pump"


class Surveyed(Protocol):
    """What a daemon is known by."""

    task: trio.lowlevel.Task
    ages: Ages
    journal: Journal
    rooms: Registry
    engine: MediaEngine
    services: Services
    overload: OverloadWatch
    drain: Drain

    @property
    def ready(self) -> bool:
        """Whether it runs, and media has gone through it."""
        ...


def survey(daemon: Surveyed) -> Node:
    """Return the tree of a running daemon, itself at the top."""
    root = task_tree(daemon.task, daemon.ages)
    root.state = _state(daemon)
    failures = daemon.journal.failures
    root.failure = failures.last(())
    owned = dict(media.transports(daemon.engine))
    for service in root.children:
        if service.kind == "service":
            service.failure = failures.last((service.name,))
        if service.name == "rooms":
            _rooms(service, daemon, owned)
        if service.name == "services":
            _services(service, daemon)
    _engine(root, daemon, owned)
    order = {"service": 0}
    root.children.sort(key=lambda child: (order.get(child.kind, 1), child.name))
    root.children.append(rest_of_process(daemon.task, daemon.ages))
    return root


def _state(daemon: Surveyed) -> str:
    if not daemon.ready:
        return "starting or stopping"
    left = daemon.drain.seconds()
    return "ready" if left is None else f"draining, stops in {left:.0f} s"


def _services(parent: Node, daemon: Surveyed) -> None:
    for node in parent.children:
        service = daemon.services.services.get(node.name)
        if service is not None:
            node.state, node.restarts = service.state, service.restarts
            node.failure = daemon.journal.failures.last(("services", node.name))
        if node.name == "overload":
            node.detail = _overload(daemon.overload)


def _rooms(service: Node, daemon: Surveyed, owned: dict[str, Node]) -> None:
    failures = daemon.journal.failures
    for node in service.children:
        if node.kind != "room":
            continue
        path = ("rooms", node.name)
        room = daemon.rooms.rooms.get(RoomId(node.name))
        node.restarts = failures.count(path)
        node.failure = failures.last(path)
        # The registry forgets first what is about to end.
        node.state = "running" if room is not None and not room.ending else "ending"
        for child in node.children:
            if child.kind == "peer":
                child.state = _peer_state(room, PeerId(child.name))
                child.failure = failures.last((*path, child.name))
                transport = owned.pop(f"{node.name}/{child.name}", None)
                if transport is not None:
                    child.children.append(transport)


def _overload(overload: OverloadWatch) -> str:
    uses = (f"{strain.of} {strain.full:.0%}" for strain in overload.strains)
    return f"step {overload.level.word}; of the limits: " + ", ".join(uses)


def _peer_state(room: Room | None, peer: PeerId) -> str:
    if room is None or peer not in room.peers or room.peers[peer].leaving:
        return "leaving"
    member = room.state.members.get(peer)
    return member.connection if member is not None else "arriving"


def _of_nobody(path: str) -> str:
    if path.startswith(f"{SELF_TEST}/"):
        return "of the self-test"
    # Of a trial, "room/trial/peer".
    return "of a connection test" if path.count(BETWEEN) > 1 else "of no peer"


def _engine(root: Node, daemon: Surveyed, unowned: dict[str, Node]) -> None:
    """Make the service of the pump's task; transports of nobody show under it."""
    engine = daemon.engine
    pump = next((each for each in root.children if each.name == _PUMP), None)
    node = Node(kind="service", name="engine", state="running", restarts=engine.restarts)
    node.failure = daemon.journal.failures.last((node.name,))
    counts = engine.census()
    node.detail = ", ".join(f"{name.replace('_', '-')} {n}" for name, n in sorted(counts.items()))
    for path, transport in unowned.items():
        transport.detail = _of_nobody(path)
        node.children.append(transport)
    lost = media.unaccounted(engine)
    if lost > 0:
        node.children.append(Node(kind="transport", name="?", state="lost", detail=f"{lost} more"))
    if pump is None:
        node.state = "stopped"
    else:
        root.children.remove(pump)
        pump.name = "pump"
        node.age = pump.age
        node.children.insert(0, pump)
    root.children.append(node)
