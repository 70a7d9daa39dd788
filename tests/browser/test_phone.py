"""On a phone: the screen stays on, the cameras on both sides, upright and on its side."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import findings, too_small
from tests.browser.equipment import LAPTOP, Camera, equip
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "phone"
FRONT = Camera("1", "camera2 1, facing front", "RGBY")
BACK = Camera("0", "camera2 0, facing back", "MCCM")
UPRIGHT, ON_ITS_SIDE = (360, 740), (740, 360)

# As of a browser on a phone; this one's would need a screen.
WAKE_LOCK = """() => {
    window.locks = 0;
    const request = async () => {
        window.locks += 1;
        return { release: async () => { window.locks -= 1; } };
    };
    Object.defineProperty(navigator, "wakeLock", { value: { request } });
}"""

OUTSIDE = """() => [...document.querySelectorAll(".tile, .controls > *")]
    .filter((each) => each.checkVisibility())
    .filter((each) => {
        const { left, top, right, bottom } = each.getBoundingClientRect();
        return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
    })
    .map((each) => each.ariaLabel ?? each.className)"""

MIRRORED = """() => {
    const own = document.querySelector(".tile[data-peer=self] video");
    return getComputedStyle(own).transform.startsWith("matrix(-1");
}"""


@pytest.fixture
def people(daemon: Daemon, person: PersonFactory) -> tuple[Participant, Participant]:
    alice, bob = person("alice"), person("bob")
    chromium_of(alice).resize(*UPRIGHT)
    chromium_of(alice).page.add_init_script(f"({WAKE_LOCK})()")
    equip(alice, LAPTOP, FRONT, BACK)
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    return alice, bob


def locks(alice: Participant) -> int:
    return int(alice.page.run("() => window.locks"))


def test_the_camera_is_turned(people: tuple[Participant, Participant]) -> None:
    alice, bob = people
    bob.sees("alice", FRONT.pattern)
    assert alice.page.run(MIRRORED)
    offers = alice.offers()
    for camera, mirrored in ((BACK, False), (FRONT, True)):
        alice.page.click("Turn to the other camera")
        bob.sees("alice", camera.pattern)
        eventually(
            lambda mirrored=mirrored: alice.page.run(MIRRORED) == mirrored,  # type: ignore[misc]
            within=5,
            why="the mirror to follow",
        )
    assert alice.offers() == offers


def test_who_has_one_camera_is_offered_no_other(daemon: Daemon, person: PersonFactory) -> None:
    alice = person("alice")
    alice.join(daemon.url, ROOM)
    page = chromium_of(alice).page
    expect(page.get_by_role("button", name="Turn to the other camera")).to_be_hidden()


def test_the_screen_stays_on_during_the_call(people: tuple[Participant, Participant]) -> None:
    alice, _ = people
    eventually(lambda: locks(alice) == 1, within=5, why="the screen to be kept on")
    # The browser takes the lock while the page is out of sight.
    alice.page.run(
        "() => { window.locks = 0; document.dispatchEvent(new Event('visibilitychange')); }"
    )
    eventually(lambda: locks(alice) == 1, within=5, why="the screen to be kept on again")
    alice.page.click("Leave")
    alice.wait_state("left")
    eventually(lambda: locks(alice) == 0, within=5, why="the screen to be let go")


@pytest.mark.parametrize("size", [UPRIGHT, ON_ITS_SIDE], ids=["upright", "on its side"])
def test_all_is_in_sight(
    people: tuple[Participant, Participant], artifacts: Path, size: tuple[int, int]
) -> None:
    alice, bob = people
    alice.sees("bob", bob.pattern)
    chromium_of(alice).resize(*size)
    seen: Callable[[], bool] = lambda: alice.page.run(OUTSIDE) == []  # noqa: E731
    eventually(seen, within=5, why=f"nothing to be outside: {alice.page.run(OUTSIDE)}")
    alice.sees("bob", bob.pattern)
    alice.page.screenshot(artifacts / f"phone-{size[0]}.png")
    assert [*findings(alice), *too_small(alice)] == []
