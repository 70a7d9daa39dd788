"""What must be true at every moment, and what must be true after some time.

It looks into the daemon's objects, private ones too: what an invariant is for is to see
what nobody asks about.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Final

import trio

from trio_sfu.ids import PeerId
from trio_sfu.rooms.peer import Peer
from trio_sfu.rooms.room import Room
from trio_sfu.signaling.carried import Source
from trio_sfu.testing.simulation.client import DEADLINE, SimulatedClient
from trio_sfu.testing.simulation.description import SENDING
from trio_sfu.testing.simulation.ending import Ending
from trio_sfu.testing.simulation.network import MAX_IN_FLIGHT
from trio_sfu.testing.simulation.queues import queues
from trio_sfu.testing.simulation.session import PAIRS, ClientSession
from trio_sfu.testing.simulation.viewing import VIDEO, missing_beside, unwished
from trio_sfu.testing.simulation.world import World

_SLACK: Final = 1.0  # the network's way, and timers that are coarse
_GONE: Final[dict[Ending, float]] = {
    "left": 1.0,
    "closed": 1.0,
    "killed": 4.0,
    "dropped": 15.0,
    "failed": 15.0,
    "vanished": 15.0,
}
"""Seconds within which the others are rid of a session's peer (docs/closing.md)."""
_UNHEARD: Final = 17.0
"""The same when the goodbye was held back by a partition: consent, and the engine's timer."""
_ANSWERED: Final = 4.5
"""Seconds within which a check of a path that works is answered: its period and the way."""
_SEEN: Final = 8.0
"""Seconds within which something of a shown track comes, over the worst network here."""


def check(world: World) -> Iterator[str]:
    """Yield each invariant that does not hold now, in words."""
    yield from world.broken
    yield from world.journal.crashes
    yield from _one_place_each(world)
    if not (world.stalls.going_on or world.process.engine.panicked):
        yield from _slots(world)
    yield from _one_screen(world)
    yield from _queues(world)
    yield from _ghosts(world)
    yield from _connected(world)
    yield from _paths(world)
    yield from _seen(world)
    yield from world.agreement.check(world, _rooms(world))


def _peers(world: World) -> Iterator[tuple[Room, Peer]]:
    for room in _rooms(world):
        for peer in room.peers.values():
            yield room, peer


def _rooms(world: World) -> Iterable[Room]:
    # What is left of a daemon that was killed is nobody's.
    return world.daemon.rooms.rooms.values() if world.process.up else ()


def _one_place_each(world: World) -> Iterator[str]:
    places: dict[str, str] = {}
    for room, peer in _peers(world):
        if peer.id in places:
            yield f"{peer.name} is in {places[peer.id]} and in {room.id}"
        places[peer.id] = room.id
        if peer.room is not room:
            yield f"{peer.name} of {peer.room.id} is in {room.id}"
    for room in _rooms(world):
        for member in room.state.members.values():
            if member.id not in room.peers:
                yield f"{member.name} is a member of {room.id} without being there"
    # A stalled peer is waited for, but not for ever.
    for client in world.clients if not world.stalls.going_on else ():
        yield from _one_peer(world, client)


def _one_peer(world: World, client: SimulatedClient) -> Iterator[str]:
    """Yield clients that are back beside their peer before instead of in its place."""
    session = client.session
    if session is None or session.joined is None or session.replaces is None:
        return
    for room, peer in _peers(world):
        if peer.name == session.replaces.label:
            yield f"{session.label} is in {session.room}, and as {peer.name} in {room.id}"


def _slots(world: World) -> Iterator[str]:
    """Yield slots that show, or wait for, anything but live tracks of others in the room."""
    for room in _rooms(world):
        tracks = {
            track.id: (peer.id, source)
            for peer in room.peers.values()
            for source in SENDING
            if (track := peer.up_track(source)) is not None
        }
        for viewer in room.peers.values():
            yield from _shown(world, room, viewer, tracks)


def _shown(
    world: World, room: Room, viewer: Peer, tracks: Mapping[int, tuple[PeerId, Source]]
) -> Iterator[str]:
    pc = viewer._pc
    lost = pc is None or pc._transport is None or pc._transport.lost is not None
    shown: set[tuple[PeerId, Source]] = set()
    for slot in pc.slots.values() if pc is not None and not lost else ():
        stats = slot.stats()
        current, waiting = int(stats["up_track"]), int(stats["waiting_up_track"])
        for track in {current, waiting} - {0}:
            found = tracks.get(track)
            world.checked["slots"] += 1
            if found is None:
                yield f"{viewer.name} slot {slot.mid} shows a track of nobody in {room.id}"
            elif found[0] == viewer.id:
                yield f"{viewer.name} slot {slot.mid} shows {viewer.name} itself"
        target = tracks.get(waiting or current)
        if target is not None and not _published(room, *target):
            whose = room.peers[target[0]].name
            yield f"{viewer.name} slot {slot.mid} shows {whose} {target[1]}, which is over"
        if target is not None:
            shown.add(target)
    for peer in {peer for peer, source in shown if source == "screen"}:
        world.checked["screens seen"] += 1
        if (peer, "camera") in shown and peer not in viewer.view.attention.beside:
            yield f"{viewer.name} is shown a camera beside its screen and does not wish it"


def _one_screen(world: World) -> Iterator[str]:
    """Yield rooms in which several present, and clients that go on though another one does."""
    for room in _rooms(world):
        presenting = [member.name for member in room.state.members.values() if member.presents]
        world.checked["screens"] += bool(presenting)
        if len(presenting) > 1:
            yield f"{' and '.join(presenting)} present in {room.id}"
        sharing = [
            client.session.label
            for client in world.clients
            if client.must_be_connected
            and client.goal == room.id
            and client.session is not None
            and client.session.published.get("screen") is False
        ]
        if len(sharing) > 1:
            yield f"{' and '.join(sharing)} believe that they present in {room.id}"


def _published(room: Room, peer: PeerId, source: Source) -> bool:
    member = room.state.members.get(peer)
    return member is not None and source in member.published


def _queues(world: World) -> Iterator[str]:
    """Yield queues that have no bound, or more than that."""
    if world.network.in_flight > MAX_IN_FLIGHT:
        yield f"{world.network.in_flight} datagrams are under way"
    for queue in queues(world.daemon) if world.process.up else ():
        world.checked["queues"] += 1
        if queue.wrong is not None:
            yield queue.wrong


def _ghosts(world: World) -> Iterator[str]:
    """Yield peers that are there too long after their client's session ended."""
    now = trio.current_time()
    owners = {client.name: client for client in world.clients}
    for room, peer in _peers(world):
        client = owners[peer.name.partition(".")[0]]
        if peer.name not in client.ended:
            continue
        when, ending, reachable = client.ended[peer.name]
        if ending in ("left", "closed") and abs(when - world.deafened) < _SLACK:
            ending = "killed"
        limit = _GONE[ending] if reachable and not client.host.partitioned else _UNHEARD
        limit += world.stalls.since(when)
        if now - when > limit + _SLACK:
            yield f"{peer.name} is still in {room.id}, {now - when:.1f} s after it {ending}"


def _connected(world: World) -> Iterator[str]:
    """Yield clients that want to be in a room and are not, after some time."""
    for client in world.clients:
        if not client.must_be_connected:
            continue
        world.checked["connected"] += 1
        if not (client.session and client.session.healthy):
            yield f"{client.name} is not in {client.goal} though nothing is in its way"


def _paths(world: World) -> Iterator[str]:
    """Yield clients whose path is dropped before the one that takes its place is nominated."""
    for client in world.clients:
        host, session = client.host, client.session
        if session is None or session.over or session.transport.ice.next is None:
            continue
        ice, opened = session.transport.ice, session.transport.ice.next.opened
        calm = not (host.partitioned or host.conditions.loss or host.conditions.rate)
        if ice.kept and calm and world.process.up and not world.stalls.going_on:
            world.checked["paths"] += 1
            if ice.unanswered(max(opened, host.changed, world.troubled)) > _ANSWERED:
                yield f"{session.label} lost its path before it had the next one"


def _seen(world: World) -> Iterator[str]:
    """Yield who receives what they do not wish, or not what they do, after some time together."""
    for room in _rooms(world):
        sessions = [
            client.session
            for client in world.clients
            if client.must_be_connected and client.goal == room.id and client.session is not None
        ]
        for viewer in sessions:
            yield from unwished(world, viewer)
        if not _crowded(world, room):
            yield from _together(world, room, sessions)


def _crowded(world: World, room: Room) -> bool:
    """Return whether some in it have had no seat of late."""
    now = trio.current_time()
    if len(room.peers) > PAIRS + 1:
        world.crowded[room.id] = now
    return now - world.crowded.get(room.id, -math.inf) <= DEADLINE


def _together(world: World, room: Room, sessions: Sequence[ClientSession]) -> Iterator[str]:
    for viewer, other in permutations(sessions, 2):
        world.checked["seen"] += 1
        yield from _received(viewer, other)
    for viewer in sessions:
        others = [each for each in sessions if each is not viewer]
        yield from missing_beside(world, viewer, others, PAIRS - len(room.peers) + 1)


def _received(viewer: ClientSession, other: ClientSession) -> Iterator[str]:
    now = trio.current_time()
    for source in shown_sources(other):
        if source in VIDEO and not viewer.gaze.sees:
            continue
        last = viewer.last_media.get((other.label, source), -_SEEN)
        if now - last > _SEEN:
            yield f"{viewer.label} has nothing of {other.label} {source} for {now - last:.1f} s"


def shown_sources(session: ClientSession) -> Iterator[Source]:
    """Yield what others in the room see and hear of a session."""
    if "microphone" in session.published:
        yield "microphone"
    if session.published.get("screen") is False:
        yield "screen"
    elif session.published.get("camera") is False:
        yield "camera"
