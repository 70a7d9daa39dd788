"""The tree of a daemon in this process, with four people in a call."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio

from tests.webrtc.offering import Description
from trio_sfu.client import Client, SessionEndedError, SyntheticVideo, Tone, connect
from trio_sfu.daemon import Daemon
from trio_sfu.errors import RequestError
from trio_sfu.events import PeerTornDown, ServiceFailed
from trio_sfu.signaling.messages import Join
from trio_sfu.testing import open_test_daemon
from trio_sfu.testing.faults import raise_in_peer, raise_in_room
from trio_sfu.tree import media
from trio_sfu.tree.nodes import Node
from trio_sfu.tree.survey import survey
from trio_sfu.whip.session import Opening

ROOM = "standup"
NATIVE = {"transport", "up-track", "slot"}
TASKS = {"requests", "media", "screening", "dtls", "transport"}


def below(node: Node, kind: str) -> dict[str, Node]:
    return {each.name: each for each in every(node) if each.kind == kind}


def every(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from every(child)


def service(daemon: Daemon, name: str) -> Node:
    return next(each for each in survey(daemon).children if each.name == name)


def room(daemon: Daemon) -> Node:
    return below(service(daemon, "rooms"), "room")[ROOM]


@asynccontextmanager
async def call(daemon: Daemon, people: int = 4) -> AsyncIterator[list[Client]]:
    """People in one room, each with camera and microphone, who see each other."""
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(people):
            joining = connect(daemon.url, room=ROOM, name=f"n{number}", pairs=people - 1)
            clients.append(await stack.enter_async_context(joining))
            await clients[-1].publish(camera=SyntheticVideo(), microphone=Tone(400))
        with trio.fail_after(20):
            for viewer in clients:
                for other in clients:
                    if other is not viewer:
                        await pictured(viewer, other.id)
        yield clients


async def pictured(viewer: Client, peer: str) -> None:
    async for _ in viewer.video(peer):
        return


async def until_gone(client: Client) -> str:
    with trio.fail_after(5), pytest.raises(SessionEndedError) as ended:
        await client.until(lambda: False)
    return ended.value.code


async def test_the_tree_names_each_room_peer_task_and_transport() -> None:
    async with open_test_daemon() as daemon, call(daemon) as people:
        tree = survey(daemon)
        assert (tree.kind, tree.state) == ("daemon", "ready")
        services = [each.name for each in tree.children if each.kind == "service"]
        assert services == [
            "engine",
            "listeners",
            "liveness",
            "rooms",
            "services",
            "whip",
            "process",
        ]
        node = room(daemon)
        assert (node.state, node.restarts, node.failure) == ("running", 0, None)
        assert {each.name for each in node.children if each.kind == "task"} == {
            "door",
            "allocator",
            "speakers",
            "gestures",
            "news",
        }
        peers = below(node, "peer")
        assert set(peers) == {client.id for client in people}
        for peer in peers.values():
            assert peer.state == "connected"
            assert {each.name for each in peer.children if each.kind == "task"} == TASKS
            [transport] = [each for each in peer.children if each.kind == "transport"]
            assert transport.state == "connected"
            tracks, slots = below(transport, "up-track"), below(transport, "slot")
            assert tracks["camera"].state == tracks["microphone"].state == "live"
            shown = [slot.detail.split()[0].rstrip(",") for slot in slots.values() if slot.detail]
            assert sorted(shown) == ["camera"] * 3 + ["microphone"] * 3
        engine = service(daemon, "engine")
        assert "transports 4" in engine.detail
        assert [each.kind for each in engine.children] == ["task"]
        assert len(below(service(daemon, "listeners"), "connection")) == 4
        # Every task that there is, is there: none is left out by how it is sorted.
        counted = [each for each in every(tree) if each.kind not in NATIVE]
        assert len(counted) == daemon.census()["tasks"] + 1  # the engine, beside its pump


async def test_a_session_without_a_socket_is_there_as_well() -> None:
    async with open_test_daemon() as daemon:
        opening = Opening("whip", Join(room=ROOM, name="OBS"), Description().sdp())
        _, session = await daemon.whip.open(opening)
        (node,) = service(daemon, "whip").children
        assert (node.kind, node.name) == ("task", f"whip {session.link.id}")
        assert len(below(room(daemon), "peer")) == 1
        counted = [each for each in every(survey(daemon)) if each.kind not in NATIVE]
        assert len(counted) == daemon.census()["tasks"] + 1
        assert daemon.census()["whip_sessions"] == 1
        await session.end()
        assert not service(daemon, "whip").children


async def test_a_task_says_where_it_waits_and_how_old_it_is() -> None:
    async with open_test_daemon() as daemon, call(daemon, 2) as people:
        peer = below(room(daemon), "peer")[people[0].id]
        assert below(peer, "task")["screening"].where.startswith("Screening.run (screening.py:")
        ages = {each.name: each.age for each in every(room(daemon)) if each.age is not None}
        assert ages[ROOM] >= ages[people[0].id] > ages[people[1].id] > 0
        assert ages[ROOM] < 30


async def test_a_peers_failure_is_told_after_it_is_gone() -> None:
    async with open_test_daemon() as daemon, call(daemon, 2) as (ann, bob):
        fault = ValueError("a defect")
        fault.__cause__ = KeyError("its cause")
        raise_in_peer(daemon, bob.id, fault)
        assert await until_gone(bob) == "peer-failed"
        await ann.until(lambda: bob.id not in ann.peers)
        with trio.fail_after(5):
            while not daemon.journal.count(PeerTornDown):
                await daemon.journal.recent.more()
        node = room(daemon)
        assert set(below(node, "peer")) == {ann.id}
        assert node.failure is not None
        assert node.failure.code == "peer-failed"
        assert node.failure.path == f"{ROOM}/{bob.id}/fault"
        first, second = node.failure.text().splitlines()
        assert first.startswith("ValueError: a defect, at trio_sfu/testing/faults.py:")
        assert second == "  because of KeyError: 'its cause'"
        assert node.restarts == 0
        assert below(node, "peer")[ann.id].failure is None
        assert service(daemon, "rooms").failure is not None
        assert service(daemon, "listeners").failure is None


async def test_a_rooms_failures_are_counted_over_its_lives() -> None:
    async with open_test_daemon() as daemon:
        for _ in range(2):
            async with call(daemon, 1) as (ann,):
                raise_in_room(daemon, ROOM)
                assert await until_gone(ann) == "room-failed"
        failure = service(daemon, "rooms").failure
        assert failure is not None
        assert (failure.code, failure.path) == ("room-failed", f"{ROOM}/fault")
        async with call(daemon, 1):
            node = room(daemon)
            assert node.restarts == 2
            assert node.failure is not None
            assert node.failure.code == "room-failed"


async def test_a_peer_that_is_removed_is_told_so_and_so_are_the_others() -> None:
    async with open_test_daemon() as daemon, call(daemon, 3) as (ann, bob, eve):
        transports = daemon.census()["transports"]
        await daemon.operating.remove_peer(ROOM, bob.id)
        # It is gone when the call returns, and so are its handles.
        assert daemon.census()["transports"] == transports - 1
        assert bob.id not in below(room(daemon), "peer")
        assert await until_gone(bob) == "removed"
        for other in (ann, eve):
            with trio.fail_after(1):
                await other.until(lambda: bob.id not in other.peers)  # noqa: B023  (called here)
            assert [(left.peer, left.reason) for left in other.state.left] == [(bob.id, "removed")]
            assert other.ended is None
        with pytest.raises(RequestError, match="no such peer"):
            await daemon.operating.remove_peer(ROOM, bob.id)
        torn_down = daemon.journal.histogram(PeerTornDown)
        assert torn_down.cumulative()[-1][1] == 1
        assert 0 < torn_down.total < 0.5


async def test_a_room_that_is_closed_tells_everybody_in_it() -> None:
    async with (
        open_test_daemon() as daemon,
        call(daemon, 2) as people,
        connect(daemon.url, room="other", name="far") as far,
    ):
        await daemon.operating.end_room(ROOM)
        assert set(below(service(daemon, "rooms"), "room")) == {"other"}
        for client in people:
            assert await until_gone(client) == "room-closed"
        assert far.ended is None
        with pytest.raises(RequestError, match="no such room"):
            await daemon.operating.end_room(ROOM)
        # It did not fail, so it may be opened anew.
        assert daemon.journal.failures.last(("rooms",)) is None
        async with connect(daemon.url, room=ROOM, name="again"):
            pass


async def test_a_transport_that_belongs_to_nobody_is_shown_under_the_engine() -> None:
    async with open_test_daemon() as daemon:
        async with daemon.engine.transport("ufrag", "p" * 24):
            [orphan] = [each for each in service(daemon, "engine").children if each.kind != "task"]
            assert (orphan.kind, orphan.detail) == ("transport", "of no peer")
        handle = daemon.engine.native.add_transport("leaked", "p" * 24)
        [leaked] = [each for each in service(daemon, "engine").children if each.kind != "task"]
        assert (leaked.name, leaked.detail) == ("?", "1 more")
        daemon.engine.native.remove_transport(handle)


async def test_a_task_that_nobody_knows_of_is_shown() -> None:
    async with open_test_daemon() as daemon, call(daemon, 1) as (ann,):
        peer = next(iter(daemon.rooms.rooms.values())).peers
        [found] = [each for each in peer.values() if each.id == ann.id]
        assert found.nursery is not None
        found.nursery.start_soon(trio.sleep_forever, name="forgotten")
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert "forgotten" in below(below(room(daemon), "peer")[ann.id], "task")


async def test_many_slots_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs a call into the engine, in which the daemon does nothing else."""
    async with open_test_daemon() as daemon, call(daemon, 2):
        monkeypatch.setattr(media, "DETAILED", 10)
        for transport in below(room(daemon), "transport").values():
            assert transport.state == "connected"
            assert transport.detail.endswith("up-tracks 4, slots 3")
            assert transport.children == []


async def test_a_service_that_failed_says_so_and_is_tried_again() -> None:
    async def lame(task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC128  (so it fails)
        await trio.lowlevel.checkpoint()
        raise OSError("no such thing")

    async with open_test_daemon() as daemon:
        daemon.services.add("lame", lame)
        with trio.fail_after(5):
            while daemon.journal.count(ServiceFailed) < 2:
                await trio.testing.wait_all_tasks_blocked(0.05)
        node = below(service(daemon, "services"), "service")["lame"]
        assert (node.name, node.state, node.restarts) == ("lame", "restarting", 1)
        assert node.failure is not None
        assert (node.failure.code, node.failure.path) == ("service-failed", "services/lame")
        assert [each.message for each in node.failure.causes] == ["no such thing"]
        assert daemon.ready
