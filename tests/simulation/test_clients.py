"""Simulated clients do what browsers do when a socket or a path is lost."""

from collections.abc import Awaitable, Callable

import pytest
import trio

from trio_sfu.ids import PeerId
from trio_sfu.testing.simulation.clock import VirtualClock
from trio_sfu.testing.simulation.determinism import seeded
from trio_sfu.testing.simulation.invariants import check
from trio_sfu.testing.simulation.session import ClientSession
from trio_sfu.testing.simulation.world import World, open_world

Scene = Callable[[World, ClientSession, ClientSession], Awaitable[None]]


def play(scene: Scene) -> World:
    """Let two clients publish in a room until they are settled; then play the scene."""

    async def run() -> World:
        async with open_world(1, 2) as world:
            for client in world.clients:
                client.want("amber")
            await trio.sleep(5)
            ann, ben = (client.session for client in world.clients)
            assert ann is not None
            assert ben is not None
            assert ann.settled
            assert ben.settled
            await scene(world, ann, ben)
            assert not world.broken
            assert not world.journal.crashes
        return world

    with seeded(1):
        return trio.run(run, clock=VirtualClock())


def joined(world: World) -> int:
    return world.story.text().count("PeerJoined")


@pytest.mark.parametrize("silently", [False, True])
def test_a_lost_socket_is_replaced(*, silently: bool) -> None:
    async def scene(_world: World, ann: ClientSession, ben: ClientSession) -> None:
        ann.lose_socket(silently=silently)
        await trio.sleep(0.01)
        assert not ann.healthy
        await trio.sleep(2)
        assert ann.healthy
        assert ann.resumes == 1
        await trio.sleep(20)
        seen = ben.last_media[ann.label, "camera"]
        assert trio.current_time() - seen < 1

    assert joined(play(scene)) == 2


def test_a_session_that_cannot_be_resumed_is_taken_up_anew() -> None:
    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        world.daemon.rooms.find(ann.joined.peer).leave("failed")  # type: ignore[union-attr, arg-type]
        ann.lose_socket()
        await trio.sleep(5)
        assert ann.over
        assert world.clients[0].session is not ann
        assert world.clients[0].session.healthy  # type: ignore[union-attr]
        assert ben.healthy

    assert joined(play(scene)) == 3


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("works_after", [0.0, 5.0])
def test_a_changed_network_costs_a_restart_of_ice(*, keep: bool, works_after: float) -> None:
    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        before = ann.transport.ice.path
        world.clients[0].change_network(keep=keep, works_after=works_after)
        for _ in range(28):
            await trio.sleep(0.25)
            if keep:
                # Nobody sees anything: the old path is used until there is another.
                assert trio.current_time() - ben.last_media[ann.label, "camera"] < 0.6
                assert trio.current_time() - ann.last_media[ben.label, "camera"] < 0.6
        assert ann.settled
        assert ann.transport.ice.path is not before
        assert ann.transport.ice.path.local == world.clients[0].host.address
        for viewer, other in ((ann, ben), (ben, ann)):
            assert trio.current_time() - viewer.last_media[other.label, "camera"] < 0.6

    assert joined(play(scene)) == 2


def test_a_path_that_is_lost_is_replaced() -> None:
    async def scene(world: World, ann: ClientSession, _ben: ClientSession) -> None:
        world.network.block(ann.transport.ice.path.local, 9.0)
        await trio.sleep(14)
        assert ann.settled
        assert "restarts ICE" in world.story.text()

    assert joined(play(scene)) == 2


def test_lost_packets_are_repaired_both_ways() -> None:
    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        world.network.worsen(world.clients[0].host, loss=0.1)
        await trio.sleep(60)
        assert ann.transport.counts["sent again"] > 10
        assert ann.transport.reception.repaired > 10
        assert ben.transport.reception.repaired == 0

    play(scene)


def test_who_is_slow_to_notice_a_panic_is_not_taken_for_somebody_else() -> None:
    async def scene(world: World, ann: ClientSession, ben: ClientSession) -> None:
        assert ann.joined is not None
        peer = world.daemon.rooms.find(PeerId(ann.joined.peer))
        assert peer is not None
        assert peer.nursery is not None
        (media,) = (task for task in peer.nursery.child_tasks if task.name.endswith("/media"))
        world.stalls.hold(media, 5.0)
        world.process.engine.panic()
        await trio.sleep(3)
        # The engine gives its numbers out again, and the peer before is still in the room.
        assert ben.over
        again = world.clients[1].session
        assert again is not None
        assert again.healthy
        assert peer.room.find_track(peer.id, "camera") is None
        assert "PeerCrashed" not in world.story.text()
        await trio.sleep(20)
        assert all(client.session.settled for client in world.clients if client.session)
        assert not list(check(world))

    play(scene)
