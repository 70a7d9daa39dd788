"""A network loses packets: marks tell who sends and who sees, until it is over."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import findings
from tests.browser.firefox import running_firefox
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.browser.test_partitions import ROOM, SETTINGS, UDP, Place, browsers_in
from tests.process.daemon import running_daemon
from tests.process.network import ADDRESS, BOTH_WAYS, IN, blocked, neighbour, own_network
from tests.process.patience import SLACK, eventually

MARKED_WITHIN = 10.0
"""Seconds of loss: two of the looks that the page takes each other second, and what goes before."""
CLEAR_WITHIN = 45.0
"""Seconds after it: the video of before has to be back as well, for which browsers take time."""
LOSS = f"{UDP} numgen random mod 100 < 30"

# What the marks on tiles are called, by whose tile it is.
MARKS = """() => Object.fromEntries(
    [...document.querySelectorAll("article.tile")]
        .map((tile) => [tile.dataset.name, tile.querySelector("footer [role=img].connection")])
        .filter(([, mark]) => mark.checkVisibility({ visibilityProperty: true }))
        .map(([name, mark]) => [name, mark.ariaLabel]))"""

Measure = Callable[[str, str], None]


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, person: PersonFactory) -> Iterator[Place]:
    """Alice is at the other end of a cable; Bob, beside the daemon, has his page in French."""
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        far = stack.enter_context(neighbour(network))
        stack.enter_context(network.inside())
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS))
        browsers = browsers_in(far, network, tmp_path, daemon)
        yield Place(network, daemon, person, browsers, languages=("en-US", "fr-FR"))


def mark(viewer: Participant, name: str) -> Locator:
    """Return the mark on the tile of ``name``, whatever it says."""
    tile = chromium_of(viewer).page.locator(f'article.tile[data-name="{name}"]')
    words = {"alice": "Connection:", "bob": "Connexion :"}[viewer.name]
    return tile.get_by_role("img", name=words)


def marked(viewer: Participant) -> set[str]:
    """Return on whose tiles somebody sees a mark."""
    return {name for name in ("alice", "bob") if mark(viewer, name).is_visible()}


def sees_marks(viewer: Participant, on: set[str]) -> None:
    eventually(
        lambda: marked(viewer) == on,
        within=MARKED_WITHIN + SLACK,
        why=f"{viewer.name} to see a mark on {on}",
    )


def unmarked(viewer: Participant) -> None:
    eventually(
        lambda: not marked(viewer), within=CLEAR_WITHIN + SLACK, why=f"no mark at {viewer.name}"
    )


@pytest.mark.parametrize(
    ("ways", "alice_sees"),
    [(BOTH_WAYS, {"alice", "bob"}), (IN, {"alice"})],
    ids=["both ways", "what Alice sends"],
)
def test_loss_is_marked_at_who_sends_and_at_who_sees(
    place: Place,
    artifacts: Path,
    measure: Measure,
    ways: Mapping[str, str],
    alice_sees: set[str],
) -> None:
    place.meet()
    alice, bob = place.alice, place.bob
    for one in (alice, bob):
        unmarked(one)
    with blocked(place.network, LOSS, ways):
        started = time.monotonic()
        sees_marks(alice, alice_sees)
        sees_marks(bob, {"alice"})
        measure("30 % lost: marked after", f"{time.monotonic() - started:.1f} s")
        expect(mark(alice, "alice")).to_have_accessible_name("Connection: bad")
        expect(mark(bob, "alice")).to_have_accessible_name("Connexion : mauvaise")
        assert [*findings(alice), *findings(bob)] == []
        for one in (alice, bob):
            chromium_of(one).screenshot(artifacts / f"marked-{one.name}.png")
    started = time.monotonic()
    for one in (alice, bob):
        unmarked(one)
    measure("nothing lost any more: no mark after", f"{time.monotonic() - started:.1f} s")


def test_a_firefox_marks_whose_packets_are_lost(
    artifacts: Path,
    tmp_path: Path,
    person: PersonFactory,
    devices: DeviceFactory,
    measure: Measure,
) -> None:
    with (
        own_network() as network,
        neighbour(network) as far,
        network.inside(),
        ExitStack() as stack,
    ):
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS))
        firefox = stack.enter_context(running_firefox("YRGB", 1700))
        dave = Participant(devices("dave"), firefox)
        chromium, _ = browsers_in(far, network, tmp_path, daemon)
        alice = person("alice", executable=chromium)
        dave.join(daemon.url, ROOM)
        alice.join(f"http://{ADDRESS}:{daemon.http_port}", ROOM)
        dave.sees("alice", alice.pattern)
        alice.sees("dave", dave.pattern)

        def sees(marks: Mapping[str, str], within: float) -> None:
            eventually(
                lambda: firefox.run(MARKS) == marks, within=within + SLACK, why=f"marks: {marks}"
            )

        sees({}, CLEAR_WITHIN)
        with blocked(network, LOSS, IN):
            started = time.monotonic()
            sees({"alice": "Connection: bad"}, MARKED_WITHIN)
            took = time.monotonic() - started
            measure("30 % lost: marked in Firefox after", f"{took:.1f} s")
            firefox.screenshot(artifacts / "marked-firefox.png")
        started = time.monotonic()
        sees({}, CLEAR_WITHIN)
        took = time.monotonic() - started
        measure("nothing lost any more: no mark in Firefox after", f"{took:.1f} s")
