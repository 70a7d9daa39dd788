"""What can happen next, and how often."""

from collections.abc import Callable
from typing import Final, cast

from trio_sfu.signaling.carried import Quality, Source
from trio_sfu.signaling.messages import Prefer
from trio_sfu.testing.simulation import accidents, conversation, viewing
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.ending import Ending
from trio_sfu.testing.simulation.world import ROOMS, World

Step = Callable[[World, SimulatedClient], str | None]
"""Does something to a client and says what; None when it does not apply."""

_PUBLISHED: Final[tuple[Source, ...]] = ("microphone", "camera", "screen", "screen-audio")


def _join(world: World, client: SimulatedClient) -> str | None:
    if client.goal is not None:
        return None
    room = world.random.choice(ROOMS)
    client.want(room)
    return f"goes to {room}"


def _end(ending: Ending, what: str, *, stay: bool) -> Step:
    def step(_world: World, client: SimulatedClient) -> str | None:
        if client.session is None or client.session.over:
            return None
        if not stay:
            client.want(None)
        client.end_session(ending)
        return what

    return step


def _switch(world: World, client: SimulatedClient) -> str | None:
    if client.goal is None:
        return None
    room = world.random.choice([each for each in ROOMS if each != client.goal])
    client.want(room)
    client.end_session("dropped")
    return f"changes to {room}"


def _publish(world: World, client: SimulatedClient) -> str | None:
    source = world.random.choice(_PUBLISHED)
    before = client.wishes.get(source)
    live = before is None or world.random.random() < 0.5
    muted = live and before is False
    if live:
        client.wishes[source] = muted
    else:
        client.wishes.pop(source, None)
    client.trouble()
    if client.session is not None and client.session.transport.secured:
        client.session.publish(source, live=live, muted=muted)
    elif client.session is not None:
        # Too early for a publish message; the session starts with what is wished now.
        client.end_session("dropped")
    return f"{'mutes' if muted else 'publishes' if live else 'stops'} {source}"


def _prefer(world: World, client: SimulatedClient) -> str | None:
    session = client.session
    if session is None or not session.slots:
        return None
    seen = sorted({slot.peer for slot in session.slots.values() if slot.peer is not None})
    if not seen:
        return None
    quality = cast("Quality", world.random.choice(["low", "medium", "high"]))
    session.say(Prefer(peer=world.random.choice(seen), quality=quality))
    return f"prefers somebody in {quality}"


def _worsen(world: World, client: SimulatedClient) -> str | None:
    loss = round(world.random.uniform(0, 0.25), 2)
    delay = round(world.random.uniform(0.005, 0.2), 3)
    jitter = round(world.random.uniform(0, 0.4), 3)
    doubled = round(world.random.uniform(0, 0.1), 2)
    rate = world.random.choice([0.0, 0.0, 50_000.0, 8_000.0])
    world.network.worsen(
        client.host, loss=loss, delay=delay, jitter=jitter, duplication=doubled, rate=rate
    )
    client.trouble()
    limit = f", {rate:g} bytes/s" if rate else ""
    return f"has a network of loss {loss}, delay {delay}, jitter {jitter}, doubled {doubled}{limit}"


def _partition(world: World, client: SimulatedClient) -> str | None:
    if client.host.partitioned:
        return None
    client.trouble()
    world.network.partition(client.host)
    return "is cut off"


def _heal(world: World, client: SimulatedClient) -> str | None:
    if not client.host.partitioned:
        return None
    client.trouble()
    world.network.heal(client.host)
    return "is reachable again"


def _lose_socket(world: World, client: SimulatedClient) -> str | None:
    session = client.session
    if session is None or session.over or session.joined is None:
        return None
    client.trouble()
    silently = world.random.random() < 0.5
    session.lose_socket(silently=silently)
    return f"loses its socket{', and the server is not told' if silently else ''}"


def _move(_world: World, client: SimulatedClient) -> str | None:
    if client.session is None:
        return None
    client.move()
    return f"comes from {client.host.address[1]} without knowing it"


def _change_network(world: World, client: SimulatedClient) -> str | None:
    if client.session is None or not client.session.settled:
        return None
    keep = world.random.random() < 0.5
    after = world.random.choice([0.0, 0.0, 1.0, 6.0, 6.0, 9.0])
    if not keep:
        client.session.lose_socket(silently=True)
    client.change_network(keep=keep, works_after=after)
    how = "beside the one before" if keep else "which takes the place of the one before"
    later = f", and works after {after:g} s" if after else ""
    return f"has another network, {how}{later}"


def _hang(_world: World, client: SimulatedClient) -> str | None:
    if client.session is None or not client.session.settled:
        return None
    client.session.transport.hung = True
    client.trouble()
    return "has a browser that hangs but for its socket"


def _reload(_world: World, client: SimulatedClient) -> str | None:
    if client.session is None or client.session.over:
        return None
    client.end_session("killed")
    client.session.ending = "killed"
    client.forget()
    return "reloads the page"


STEPS: Final[tuple[tuple[float, Step], ...]] = (
    (30, _join),
    (8, _publish),
    (3, _prefer),
    (3, viewing.look),
    (3, conversation.write),
    (1.5, conversation.raise_hand),
    (1, conversation.react),
    (2, _end("left", "leaves", stay=False)),
    (2, _end("closed", "closes the tab", stay=False)),
    (1.5, _end("killed", "is killed", stay=False)),
    (1.5, _end("vanished", "loses power", stay=False)),
    (1, _end("vanished", "loses power and starts again", stay=True)),
    (1, _end("dropped", "drops its session", stay=True)),
    (2, _lose_socket),
    (1, _reload),
    (0.7, _hang),
    (1.5, _switch),
    (1, _move),
    (2, _change_network),
    (2, _worsen),
    (1.5, _partition),
    (6, _heal),
    (0.7, accidents.raise_in_peer),
    (0.7, accidents.cancel_peer),
    (0.4, accidents.raise_in_room),
    (0.2, accidents.end_room),
    (1, accidents.raise_somewhere),
    (1, accidents.cancel_somewhere),
    (1.5, accidents.stall),
    (0.5, accidents.panic),
    (0.5, accidents.kill),
)
"""Each step with its weight."""

_PAUSES: Final = ((0.0, 2), (0.01, 2), (0.3, 4), (1.0, 6), (2.0, 6), (5.0, 3), (42.0, 1))
"""Seconds between two steps, each with its weight."""


def take_step(world: World) -> None:
    """Let the next thing happen, and tell it."""
    weights = [weight for weight, _ in STEPS]
    while True:
        client = world.random.choice(world.clients)
        step = world.random.choices(STEPS, weights)[0][1]
        told = step(world, client)
        if told is not None:
            world.story.tell(client.name, told)
            return


def pause(world: World) -> float:
    """Return the seconds until the next step: mostly some, sometimes none.

    Sometimes it is long enough to see that everybody is back.
    """
    seconds, weights = zip(*_PAUSES, strict=True)
    return float(world.random.choices(seconds, weights)[0])
