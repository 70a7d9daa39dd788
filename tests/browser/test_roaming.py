"""A person goes from one network to another in a call: sound and picture come back.

Her machine has two networks, each with a gateway of its own (``tests.process.roaming``). In the
same session, with nobody twice and the pages' state the server's after each. ``SOAK_CHANGES`` says
how many of each kind; half of them while she shares her screen.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import pytest

from tests.browser.pair import SCREEN, Pair, percentile, spread
from tests.browser.participant import PersonFactory
from tests.browser.test_nat import WAY
from tests.browser.test_partitions import own
from tests.process.daemon import OF_PEERS, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.roaming import Uplink, two_networks

ROOM: Final = "roaming"

Kind: TypeAlias = Literal["moved", "dead", "renumbered", "gap"]
"""The old network goes and the other comes; it stays, but swallows everything; it gives another
address; the other comes only after ``GAP``."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
GAP: Final = 1.5
"""Seconds."""
SEEN_AFTER: Final = 0.5
"""Seconds that a second network is there before the first one dies."""

SETTINGS: Final = {
    "TRIO_SFU_MEDIA_WORKERS": "1",
    "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (of the namespace)
    "TRIO_SFU_AUTH_OPEN": "true",
    "TRIO_SFU_MEDIA_ADDRESSES": ADDRESS,
    "TRIO_SFU_MEDIA_ANNOUNCED": ADDRESS,
}

LOOPBACK: Final = "--allow-loopback-in-peer-connection"
"""As nobody has it, and with it a browser without a network still has one."""

BACK_WITHIN: Final[dict[Kind, float]] = {
    "moved": 2.0,
    "renumbered": 2.0,
    # Chromium keeps to a path whose address is still there, and looks for addresses when it likes.
    "dead": 12.0,
    "gap": 12.0,
}
"""Seconds from when there is a network again, at the 95th percentile."""
ENOUGH: Final = 20
"""Changes that have a 95th percentile worth the name; fewer may all take ``LONGER``."""
LONGER: Final = 6.0
"""Seconds; the machine may be busy."""

Measure = Callable[[str, str], None]


@dataclass
class Place(Pair):
    """Alice is on the way."""

    present: Uplink
    other: Uplink
    host: int = 2
    metric: int = 1000

    def change(self, kind: Kind) -> None:
        """Let it happen; return when there is a network again."""
        # None that she had before: what went by that would be alive again.
        self.host += 1
        self.metric -= 1
        if kind == "renumbered":
            self.present.renumber(self.host, metric=self.metric)
            return
        left, came = self.present, self.other
        if kind == "dead":
            came.up(host=self.host, metric=self.metric)
            time.sleep(SEEN_AFTER)
            left.die()
        else:
            left.down()
            if kind == "gap":
                time.sleep(GAP)  # Not for luck: so long it lasts.
            came.up(host=self.host, metric=self.metric)
        self.present, self.other = came, left

    def settle(self) -> None:
        """Have the network that was left be as if it had never been used."""
        self.other.down()
        self.other.revive()


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, person: PersonFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        first, second = stack.enter_context(two_networks(network))
        stack.enter_context(network.inside())
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS))
        url = f"http://{ADDRESS}:{daemon.http_port}"
        # Else there is no camera for a page that is not from this machine.
        secure = f"--unsafely-treat-insecure-origin-as-secure={url}"
        far = first.client.wrapper(tmp_path, "/usr/bin/chromium", secure, without=LOOPBACK)
        near = network.wrapper(tmp_path, "/usr/bin/chromium")
        first.up(metric=1000)
        alice = person("alice", executable=str(far))
        bob = person("bob", executable=str(near))
        yield Place(daemon, url, ROOM, alice, bob, first, second)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_network_in_mid_call_and_in_mid_share(
    place: Place, measure: Measure, kind: Kind
) -> None:
    """Sound and picture are back both ways, in the same session, and all agree on who is there."""
    count = int(os.environ.get("SOAK_CHANGES", "2"))
    place.meet()
    session, census = own(place.alice), place.daemon.settled_census()

    took = []
    for number in range(count):
        if number == count // 2:
            place.share()
        place.change(kind)
        took.append(place.back())
        place.agree_after(kind)
        place.settle()

    place.bob.sees("alice", SCREEN)
    place.alice.sees("bob", place.bob.pattern)
    for viewer, other in ((place.alice, place.bob), (place.bob, place.alice)):
        viewer.hears({other.name: other.tone})
    load = os.getloadavg()[0]
    measure(f"{count} changes of network ({kind}), load {load:.0f}: back after", spread(took))
    assert own(place.alice) == session
    place.daemon.returns_to(census, only=OF_PEERS)
    if count >= ENOUGH:
        assert percentile(took) <= BACK_WITHIN[kind]
    else:
        assert max(took) <= BACK_WITHIN[kind] + LONGER


def test_udp_is_blocked_in_mid_call(place: Place, measure: Measure) -> None:
    """Media goes on by TCP, in the same session and by the same socket."""
    place.meet()
    session = own(place.alice)
    place.present.block_udp()
    took = place.back()
    measure("UDP blocked in mid-call: back by TCP after", f"{took:.1f} s")
    assert own(place.alice) == session
    assert place.alice.page.run(WAY)["protocol"] == "tcp"
    assert took <= BACK_WITHIN["dead"]
