"""What lives in the packet engine, as nodes: the engine's own numbers, not our handles'."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from trio_sfu._native import Commands, EngineError
from trio_sfu.media.engine import MediaEngine
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.media.transport import Transport
from trio_sfu.tree.nodes import Node

DETAILED: Final = 2_000
"""Up-tracks and slots that are told of one by one: each costs a call into the engine, some
20 µs, in which nothing else runs. When there are more, transports tell their number only."""


def transports(engine: MediaEngine) -> Iterator[tuple[str, Node]]:
    """Yield each transport with the path of the peer it belongs to."""
    registry = engine.registry
    handles = {id(each): _Handles() for each in registry.transports.values()}
    sources = {}
    for handle, (owner, track) in registry.up_tracks.items():
        sources[handle] = f"{track.source} of {_peer(owner).rpartition('/')[2]}"
        handles[id(owner)].tracks.append(track)
    for owner, slot in registry.slots.values():
        handles[id(owner)].slots.append(slot)
    detailed = len(registry.up_tracks) + len(registry.slots) <= DETAILED
    for transport in registry.transports.values():
        node = _transport(transport)
        if engine.placement.workers > 1:
            where = f"on worker {Commands.worker_of(transport.id)}"
            node.detail = f"{node.detail}, {where}" if node.detail else where
        _fill(node, handles[id(transport)], sources if detailed else None)
        yield _peer(transport), node


def unaccounted(engine: MediaEngine) -> int:
    """Return how many transports the engine has that nobody holds a handle of."""
    # A worker that is lost counts nothing.
    return engine.census().get("transports", 0) - len(engine.registry.transports)


def _peer(transport: Transport) -> str:
    """Return the path of the peer whose task opened ``transport``."""
    return transport.opened_by.rpartition("/")[0]


def _transport(transport: Transport) -> Node:
    node = Node(kind="transport", name=str(transport.id))
    try:
        stats = transport.stats()
    except EngineError as error:
        node.state, node.detail = "lost", str(error)
    else:
        node.state = _state(transport, connected=bool(stats["connected"]))
        node.detail = f"heard {stats['idle_ns'] / 1e9:.1f} s ago" if stats["connected"] else ""
    return node


def _fill(node: Node, handles: "_Handles", sources: Mapping[int, str] | None) -> None:
    if sources is None:
        node.detail += f", up-tracks {len(handles.tracks)}, slots {len(handles.slots)}"
        return
    with suppress(EngineError):  # Lost meanwhile, with its worker.
        node.children = [_up_track(track) for track in handles.tracks]
        node.children += [_slot(slot, sources) for slot in handles.slots]


@dataclass(slots=True)
class _Handles:
    """What a transport has."""

    tracks: list[UpTrack] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)


def _state(transport: Transport, *, connected: bool) -> str:
    if transport.lost is not None:
        return "lost"
    if not connected:
        return "connecting"
    return "silent" if transport.silent else "connected"


def _up_track(track: UpTrack) -> Node:
    encodings = [each for each in track.stats() if each["live"]]
    described = (
        f"{each['rid'] or 'single'} {each['codec']} {each['packets']} packets" for each in encodings
    )
    return Node(
        kind="up-track",
        name=track.source,
        state=_flow(encodings),
        detail=", ".join(described),
    )


def _flow(encodings: list[dict[str, int | str]]) -> str:
    if not encodings:
        return "dark"
    return "idle" if all(each["idle"] for each in encodings) else "live"


def _slot(slot: Slot, sources: Mapping[int, str]) -> Node:
    stats = slot.stats()
    shown, waiting = int(stats["up_track"]), int(stats["waiting_up_track"])
    node = Node(kind="slot", name=slot.mid, state="shows" if shown else "dark")
    if shown:
        node.detail = f"{sources.get(shown, 'what is gone')} {stats['rid']}".rstrip()
        node.detail += f", {stats['packets']} packets"
    elif waiting:
        node.state, node.detail = "waits", sources.get(waiting, "what is gone")
    return node
