"""Floods of hostile datagrams and connections: the others' call goes on, and people join."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, engine_metric, running_daemon
from tests.process.flood import cost_of, flood
from tests.process.patience import SLACK
from trio_sfu.client import Client, SyntheticVideo, Tone, connect
from trio_sfu.signaling.carried import Source
from trio_sfu.stun.check import check_path
from trio_sfu.stun.place import Place
from trio_sfu.tree.remote import Remote
from trio_sfu.webrtc.reception import Reception

pytestmark = pytest.mark.alone

ROOM = "flooded"
SOURCES: tuple[Source, ...] = ("camera", "microphone")
RATE = 105_000  # asked for, so that 100,000 come
SECONDS = float(os.environ.get("SOAK_FLOOD_SECONDS", "3"))
FROZEN = 1.0
"""Seconds without a picture or a sound that count as a freeze: the flooder, the daemon and
two clients in Python share what cores there are."""
MEMORY = 16 << 20
"""Bytes the daemon may grow by; its receive buffers are the kernel's."""


@pytest.fixture
def daemon(artifacts: Path) -> Iterator[Daemon]:
    """A daemon with one media socket, so that everybody's datagrams wait in one buffer."""
    # One worker: the flood comes to the port that the call has.
    settings = {"TRIO_SFU_MEDIA_ADDRESSES": "127.0.0.1", "TRIO_SFU_MEDIA_WORKERS": "1"}
    with running_daemon(artifacts, environment=settings) as one:
        yield one


@dataclass
class Film:
    """The longest pauses of what a client receives, by slot."""

    pauses: dict[str, float] = field(default_factory=dict)

    async def record(self, name: str, reception: Reception) -> None:
        before = trio.current_time()
        while True:
            await reception.wait()
            now = trio.current_time()
            self.pauses[name] = max(self.pauses.get(name, 0.0), now - before)
            before = now

    @property
    def longest(self) -> float:
        return max(self.pauses.values())


async def talk(client: Client, hz: int) -> None:
    await client.publish(camera=SyntheticVideo(), microphone=Tone(hz))


async def receptions(client: Client, peer: str) -> list[Reception]:
    """Wait until pictures and sound of a peer come in."""
    with trio.fail_after(20):
        found = []
        for source in SOURCES:
            await client.until(partial(client.reception, peer, source))
            reception = client.reception(peer, source)
            assert reception is not None
            while not reception.frames:
                await reception.wait()
            found.append(reception)
    return found


async def lost(*clients: Client) -> int:
    """Return the packets lost on the way up and down, as both ends' reports say."""
    stats = [each for client in clients for each in (await client.stats()).values()]
    kinds = ("inbound-rtp", "remote-inbound-rtp")
    return sum(each.packetsLost for each in stats if each.type in kinds)


def ice_ufrag(client: Client) -> str:
    """Return the server's user name fragment, which only its client is told."""
    found = re.search(r"a=ice-ufrag:(\S+)", client._agent._pc.remoteDescription.sdp)
    assert found is not None
    return found[1]


async def test_a_flood_from_one_address_harms_nobody(
    daemon: Daemon, measure: Callable[[str, str], None]
) -> None:
    async with (
        connect(daemon.url, room=ROOM, name="ann") as ann,
        connect(daemon.url, room=ROOM, name="bob") as bob,
        trio.open_nursery() as nursery,
    ):
        await talk(ann, 440)
        await talk(bob, 660)
        film = Film()
        for one, other in ((ann, bob), (bob, ann)):
            for number, reception in enumerate(await receptions(one, other.id)):
                nursery.start_soon(film.record, f"{one.id} {number}", reception)
        await trio.sleep(2)
        began = trio.current_time()
        before, cost, gone = daemon.metrics(), cost_of(daemon.process.pid), await lost(ann, bob)
        calm = film.longest
        film.pauses.clear()

        async with trio.open_nursery() as meanwhile:
            meanwhile.start_soon(join_and_see, daemon, ann.id)
            flooded = await flood(
                daemon.media_port, rate=RATE, seconds=SECONDS, ufrags=[ice_ufrag(ann)]
            )
        # Time for reports about the end of it.
        await trio.sleep(2)
        after, costs = daemon.metrics(), cost_of(daemon.process.pid)
        pause, losses = film.longest, await lost(ann, bob) - gone
        passed = trio.current_time() - began
        nursery.cancel_scope.cancel()

    def more(name: str) -> int:
        key = engine_metric(name)
        return round(after[key] - before[key])

    def share(seconds: float) -> str:
        return f"{100 * seconds / passed:.0f} %"

    rate = flooded.sent / flooded.seconds
    overflowed = more("socket_receive_overflows")
    measure(
        "flood from one address",
        f"{rate:,.0f}/s for {flooded.seconds:.0f} s; CPU of the engine "
        f"{share(costs.engine - cost.engine)}, of the rest {share(costs.python - cost.python)}; "
        f"kernel refused {overflowed}, media lost {losses}; "
        f"longest pause {1000 * pause:.0f} ms (before: {1000 * calm:.0f} ms)",
    )
    dropped = sum(more(name) for name in DROPS)
    assert dropped >= 0.9 * (flooded.sent - overflowed)
    assert more("drop_bad_integrity") < 200 + 60 * (flooded.seconds + 5)
    assert more("control_received") < 100, "nothing of it came to the control plane"
    # While others keep the engine from running for long, the kernel refuses, and to all alike:
    # a question to the machine and to net.core.rmem_max (docs/floods.md), measured above.
    assert overflowed < 0.1 * flooded.sent
    assert losses == 0 or overflowed
    assert pause < max(FROZEN, 2 * calm)
    assert costs.memory - cost.memory < MEMORY


DROPS = (
    "drop_unknown_class",
    "drop_unknown_source",
    "drop_stun_source_rate",
    "drop_stun_guess_rate",
    "drop_bad_stun",
    "drop_unknown_ufrag",
    "drop_bad_integrity",
)


async def join_and_see(daemon: Daemon, peer: str) -> None:
    """Join in the middle of the flood, and see somebody."""
    await trio.sleep(SECONDS / 4)
    with trio.fail_after(15):
        async with connect(daemon.url, room=ROOM, name="eve") as eve:
            await receptions(eve, peer)


async def test_a_peer_that_floods_its_own_dtls_harms_nobody(
    daemon: Daemon, measure: Callable[[str, str], None]
) -> None:
    """Its address is known, so all of it is for its own association."""
    async with (
        connect(daemon.url, room=ROOM, name="ann") as ann,
        connect(daemon.url, room=ROOM, name="bob") as bob,
        connect(daemon.url, room=ROOM, name="mallory") as mallory,
        trio.open_nursery() as nursery,
    ):
        await talk(ann, 440)
        film = Film()
        for number, reception in enumerate(await receptions(bob, ann.id)):
            nursery.start_soon(film.record, str(number), reception)
        before, cost, gone = daemon.metrics(), cost_of(daemon.process.pid), await lost(ann, bob)
        began = trio.current_time()
        sent = await send_dtls(mallory)
        passed = trio.current_time() - began
        after, costs = daemon.metrics(), cost_of(daemon.process.pid)
        losses = await lost(ann, bob) - gone
        nursery.cancel_scope.cancel()
    key = "trio_sfu_engine_control_received_total"
    came = after[key] - before[key]
    measure(
        "flood of DTLS from a known peer",
        f"{sent / passed:,.0f}/s, {came / passed:,.0f}/s of them reach the control plane, "
        f"which takes {100 * (costs.python - cost.python) / passed:.0f} % of a core",
    )
    assert came < 260 + 520 * passed
    assert losses == 0
    assert film.longest < FROZEN


async def send_dtls(client: Client) -> int:
    """Send records that are not DTLS for long from a client's own address; return how many."""
    ice = client._agent._pc.getTransceivers()[0].receiver.transport.transport
    sent = 0
    with trio.move_on_after(SECONDS):
        while True:
            for _ in range(200):
                await client._agent._bridge.call(ice._send, b"\x16\xfe\xfd" + bytes(100))
                sent += 1
            await trio.sleep(0.001)
    return sent


async def test_a_flood_of_connections_harms_nobody(
    daemon: Daemon, measure: Callable[[str, str], None]
) -> None:
    """Media goes on, who can only connect is let in, and nothing is left of it."""
    baseline = await trio.to_thread.run_sync(daemon.settled_census)
    async with (
        connect(daemon.url, room=ROOM, name="ann") as ann,
        connect(daemon.url, room=ROOM, name="bob") as bob,
        trio.open_nursery() as nursery,
    ):
        await talk(ann, 440)
        film = Film()
        for number, reception in enumerate(await receptions(bob, ann.id)):
            nursery.start_soon(film.record, str(number), reception)
        before, cost, gone = daemon.metrics(), cost_of(daemon.process.pid), await lost(ann, bob)
        began = trio.current_time()
        async with trio.open_nursery() as meanwhile:
            meanwhile.start_soon(let_in_by_tcp, daemon)
            made = await connections(daemon)
        passed = trio.current_time() - began
        after, costs = daemon.metrics(), cost_of(daemon.process.pid)
        losses = await lost(ann, bob) - gone
        nursery.cancel_scope.cancel()

    def more(name: str) -> int:
        key = engine_metric(name)
        return round(after[key] - before[key])

    accepted, refused = more("stream_accepted"), more("stream_refused")
    measure(
        "flood of TCP connections",
        f"{made / passed:,.0f}/s, {accepted} accepted and {refused} refused; CPU of the engine "
        f"{100 * (costs.engine - cost.engine) / passed:.0f} %, media lost {losses}, "
        f"longest pause {1000 * film.longest:.0f} ms",
    )
    assert accepted > 256
    assert refused > 0
    assert more("stream_malformed") > 0
    assert more("stream_unproven") > 0
    assert after["trio_sfu_streams"] <= 256
    assert more("control_received") < 100, "nothing of it came to the control plane"
    assert losses == 0 or more("socket_receive_overflows")
    assert film.longest < FROZEN
    assert costs.memory - cost.memory < MEMORY
    await trio.to_thread.run_sync(partial(daemon.returns_to, baseline, within=15 + SLACK))


async def connections(daemon: Daemon) -> int:
    """Flood the TCP port; return with how many connections."""
    command = [sys.executable, "-m", "tests.process.connecting", str(daemon.media_port)]
    with trio.fail_after(SECONDS + 20):
        done = await trio.run_process([*command, str(SECONDS)], capture_stdout=True)
    made: int = json.loads(done.stdout)["made"]
    return made


async def let_in_by_tcp(daemon: Daemon) -> None:
    """Have a check answered over a connection in the middle of the flood."""
    await trio.sleep(SECONDS / 2)
    path = await trio.to_thread.run_sync(Remote(daemon.url).trial_path)
    place = Place("127.0.0.1", daemon.media_port, "tcp")
    assert await check_path(place, path.user, path.password, 5 + SLACK) == "127.0.0.1"
