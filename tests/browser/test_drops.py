"""Random drops of the socket, the path and the NAT mapping: sound and picture come back.

In the same session, with nobody twice and the pages' state the server's after each; within 2 s, of
a hundred in 95. From the middle on the one who is dropped shares her screen. ``SOAK_DROPS`` says
how many; ``SOAK_SEED`` repeats a run.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import pytest

from tests.browser.pair import SCREEN, Pair, percentile, spread
from tests.browser.participant import PersonFactory
from tests.browser.test_nat import SETTINGS
from tests.browser.test_partitions import own
from tests.browser.test_resume import Relay, relay
from tests.process.daemon import running_daemon
from tests.process.network import ADDRESS, Network, behind_nat, own_network
from tests.process.rebinding import forget_mappings

ROOM: Final = "drops"
COUNT: Final = int(os.environ.get("SOAK_DROPS", "6"))
SEED: Final = int(os.environ.get("SOAK_SEED", "7"))
BACK_WITHIN: Final = 2.0
"""Seconds, at the 95th percentile."""
ENOUGH: Final = 100
"""Drops that have a 95th percentile worth the name; of fewer, all are within ``BACK_AT_ALL``."""
BACK_AT_ALL: Final = 6.0
LONGEST: Final = 1.5
"""Seconds that a path is gone."""

Kind: TypeAlias = Literal["socket", "path", "mapping"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Measure = Callable[[str, str], None]


@dataclass
class Place(Pair):
    """Alice is behind the router; her socket goes through ``way``."""

    router: Network
    way: Relay

    def drop(self, kind: Kind, chance: random.Random) -> None:
        """Let it happen; return when it is over."""
        if kind == "socket":
            self.way.cut()
        elif kind == "mapping":
            forget_mappings(self.router)
        else:
            self.router.nft("insert rule ip filter through meta l4proto udp drop")
            time.sleep(chance.uniform(0.2, LONGEST))  # Not for luck: so long it lasts.
            self.router.nft("flush chain ip filter through")


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, person: PersonFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        router, client = stack.enter_context(behind_nat(network))
        stack.enter_context(network.inside())
        settings = SETTINGS | {"TRIO_SFU_MEDIA_ANNOUNCED": ADDRESS}
        daemon = stack.enter_context(running_daemon(artifacts, environment=settings))
        way = stack.enter_context(relay(daemon.http_port, ADDRESS))
        # Else there is no camera for a page that is not from this machine.
        secure = f"--unsafely-treat-insecure-origin-as-secure={way.url}"
        far = client.wrapper(tmp_path, "/usr/bin/chromium", secure)
        near = network.wrapper(tmp_path, "/usr/bin/chromium")
        alice = person("alice", executable=str(far))
        bob = person("bob", executable=str(near))
        yield Place(daemon, way.url, ROOM, alice, bob, router, way)


@pytest.mark.skipif(
    "SOAK_DROPS" not in os.environ, reason="SOAK_DROPS: it takes minutes (make soak)"
)
def test_sound_and_picture_are_back_after_random_drops(place: Place, measure: Measure) -> None:
    place.meet()
    session = own(place.alice)

    chance = random.Random(SEED)
    took: dict[Kind, list[float]] = {kind: [] for kind in KINDS}
    # Each kind as often as the others, in an order that nobody chose.
    kinds = [KINDS[number % len(KINDS)] for number in range(COUNT)]
    chance.shuffle(kinds)
    for number, kind in enumerate(kinds):
        if number == COUNT // 2:
            place.share()
        place.drop(kind, chance)
        took[kind].append(place.back())
        place.agree_after(f"a {kind}")
        time.sleep(chance.uniform(0.5, 1.5))  # Not for luck: the next comes at a moment of its own.

    place.bob.sees("alice", SCREEN)
    place.alice.sees("bob", place.bob.pattern)
    for kind, times in took.items():
        if times:
            measure(f"back after {len(times)} drops of {kind}", spread(times))
    everything = [each for times in took.values() for each in times]
    measure(f"back after {COUNT} drops", spread(everything))
    if COUNT >= ENOUGH:
        assert percentile(everything) <= BACK_WITHIN
    else:
        assert max(everything) <= BACK_AT_ALL
    assert own(place.alice) == session
