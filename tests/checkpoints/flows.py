"""What the actor does while the checkpoints are counted, on a fixed timetable."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import trio

from tests.checkpoints.scene import STAGE, Scene, until
from trio_sfu.testing.simulation.ending import Ending

Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Flow:
    """``before`` brings about what ``act`` needs; the checkpoints of ``act`` are counted."""

    before: Play
    act: Play
    seconds: float = 1.5
    """How long after ``act`` checkpoints are counted: until all is quiet."""


async def nothing(_scene: Scene) -> None:
    await trio.lowlevel.checkpoint()


async def in_the_room(scene: Scene) -> None:
    """The actor is in the room, and both see each other."""
    scene.actor.want(STAGE)
    assert await until(scene.settled, 10), f"not settled: {scene.state()}"


async def alone(scene: Scene) -> None:
    """The companion is elsewhere; the room does not exist."""
    scene.companion.want(None)
    scene.companion.end_session("left")
    gone = await until(lambda: not scene.present() and scene.companion.session is None, 5)
    assert gone, f"the companion is still there: {scene.state()}"


async def join(scene: Scene) -> None:
    await trio.lowlevel.checkpoint()
    scene.actor.want(STAGE)


async def publish(scene: Scene) -> None:
    """Mute the microphone, stop the camera, and undo both."""
    for muted in (True, False):
        scene.actor.wishes["microphone"] = muted
        if muted:
            scene.actor.wishes.pop("camera")
        else:
            scene.actor.wishes["camera"] = False
        if scene.actor.session is not None:
            scene.actor.session.publish("microphone", live=True, muted=muted)
            scene.actor.session.publish("camera", live=not muted)
        await trio.sleep(1.0)


async def share(scene: Scene) -> None:
    """Share a screen with its sound for a second."""
    for live in (True, False):
        for source in ("screen", "screen-audio"):
            if live:
                scene.actor.wishes[source] = False
            else:
                scene.actor.wishes.pop(source)
            if scene.actor.session is not None:
                scene.actor.session.publish(source, live=live)
        await trio.sleep(1.0)


def end(ending: Ending) -> Play:
    async def act(scene: Scene) -> None:
        await trio.lowlevel.checkpoint()
        scene.actor.want(None)
        scene.actor.end_session(ending)

    return act


async def kicked(scene: Scene) -> None:
    session = scene.actor.session
    joined = session.joined if session is not None else None
    assert joined is not None, f"the actor is not there: {scene.state()}"
    scene.actor.want(None)
    await scene.world.daemon.operating.remove_peer(STAGE, joined.peer)


async def room_ended(scene: Scene) -> None:
    for client in (scene.actor, scene.companion):
        client.want(None)
    await scene.world.daemon.operating.end_room(STAGE)


async def rejoin(scene: Scene) -> None:
    """Lose socket and media, and join in the place of the peer before."""
    await trio.lowlevel.checkpoint()
    scene.actor.end_session("dropped")


async def reload(scene: Scene) -> None:
    """End the page and open it again, as somebody else to the server."""
    await trio.lowlevel.checkpoint()
    scene.actor.end_session("closed")


def lose_socket(*, silently: bool) -> Play:
    async def act(scene: Scene) -> None:
        await trio.lowlevel.checkpoint()
        if scene.actor.session is not None:
            scene.actor.session.lose_socket(silently=silently)

    return act


def change_network(*, keep: bool) -> Play:
    async def act(scene: Scene) -> None:
        await trio.lowlevel.checkpoint()
        scene.actor.change_network(keep=keep)

    return act


async def move(scene: Scene) -> None:
    """Come from another address without knowing it."""
    await trio.lowlevel.checkpoint()
    scene.actor.move()


async def stop(scene: Scene) -> None:
    """The daemon stops its rooms. From then on there is one task less, and its nursery."""
    scene.watching.cancel()
    for client in scene.world.clients:
        client.want(None)
    with trio.fail_after(8.0):
        await scene.world.daemon.rooms.stop()
    scene.baseline["tasks"] -= 1
    scene.baseline["nurseries"] -= 1


FLOWS: Final[dict[str, Flow]] = {
    "join": Flow(nothing, join),
    "join an empty room": Flow(alone, join),
    "publish": Flow(in_the_room, publish, 0.5),
    "share": Flow(in_the_room, share, 0.5),
    "resume": Flow(in_the_room, lose_socket(silently=False)),
    "resume beside the old socket": Flow(in_the_room, lose_socket(silently=True)),
    "rejoin": Flow(in_the_room, rejoin, 2.5),
    "reload": Flow(in_the_room, reload, 2.5),
    "restart ICE": Flow(in_the_room, change_network(keep=False), 2.5),
    "restart ICE beside the old path": Flow(in_the_room, change_network(keep=True), 2.5),
    "move": Flow(in_the_room, move, 2.5),
    "leave": Flow(in_the_room, end("left"), 0.5),
    "close": Flow(in_the_room, end("closed"), 0.5),
    "killed": Flow(in_the_room, end("killed"), 4.0),
    "vanished": Flow(in_the_room, end("vanished"), 16.0),
    "kicked": Flow(in_the_room, kicked, 0.5),
    "room ended": Flow(in_the_room, room_ended, 0.5),
    "stop": Flow(in_the_room, stop),
}
