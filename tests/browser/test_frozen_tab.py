"""A tab that the browser has frozen, and what happens to its devices meanwhile: the page is told of
nothing, and heals when it wakes, or says what to do."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.browser.chromium import ChromiumBrowser
from tests.browser.equipment import (
    ALL,
    BUILT_IN,
    DESK,
    EARS,
    HEADSET,
    LAPTOP,
    WEBCAM,
    Equipped,
    happens,
    heard_on,
    hears,
    says_nothing_of,
    script_of,
    sees,
    words,
)
from tests.browser.flow import agree, flows_again
from tests.browser.lone_tab import LoneTab
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_failures import BACK
from tests.process.daemon import Daemon
from tests.process.patience import SLACK, eventually, took

ROOM = "frozen"
SCREEN = "MCCM"
BACK_WITHIN = 2.0
"""Seconds."""
Measure = Callable[[str, str], None]
CHOOSE = """(label) => {
    const list = document.querySelector("select[name=speaker]");
    list.value = [...list.options].find((each) => each.label === label).value;
    list.dispatchEvent(new Event("change"));
}"""


@dataclass
class Call:
    """Alice, in a tab that can be frozen, and Bob, who is not heard."""

    alice: Participant
    bob: Participant
    tab: LoneTab
    window: ChromiumBrowser
    """Another one of the browser that the tab is of."""

    def meanwhile(self, *events: tuple[str, str]) -> None:
        """Freeze Alice's tab; this happens and nobody tells it; it goes on."""
        with self.tab.frozen():
            for what, device in events:
                happens(self.alice, "unseen", what, device)
            time.sleep(1)  # Not for luck: nothing is to run in it for a while.


Begin = Callable[..., Call]


@pytest.fixture
def call(daemon: Daemon, person: PersonFactory, devices: DeviceFactory) -> Iterator[Begin]:
    tabs: list[LoneTab] = []

    def begin(*equipment: Equipped) -> Call:
        bob = person("bob")
        window = chromium_of(person("carol"))
        tab = LoneTab(window.browser, daemon.url)
        tabs.append(tab)
        tab.prepare(script_of(*equipment))
        alice = Participant(devices("alice"), tab)
        for one in (alice, bob):
            one.join(daemon.url, ROOM)
        bob.page.click("Mute microphone")
        return Call(alice, bob, tab, window)

    yield begin
    for tab in tabs:
        tab.close()


def test_who_wakes_is_back_by_themselves(call: Begin, measure: Measure) -> None:
    """Chromium closes the socket of what it freezes, as of what is closed."""
    of = call(*ALL)
    sees(of.bob, BUILT_IN)
    pin = "document.querySelector('article[data-name=bob] .pin')"
    of.alice.page.run(f"() => {pin}.click()")
    before = of.alice.page.run("() => window.trioSfu.client.self")
    of.meanwhile()
    seconds = took(partial(of.alice.page.run, BACK, before), within=5, why="Alice to be back")
    measure("in the call again after a tab was frozen", f"{seconds:.1f} s")
    assert seconds < 2
    sees(of.bob, BUILT_IN)
    hears(of.bob, LAPTOP)
    assert of.bob.names().count("alice") == 1
    assert of.alice.page.run(f"() => {pin}.ariaLabel") == "Unpin bob"
    assert (
        of.alice.page.run("() => document.querySelector('.notice .notice-ways, [role=alert]')")
        is None
    )


@pytest.mark.parametrize("sharing", [False, True], ids=["call", "share"])
def test_sound_and_picture_are_back(
    call: Begin, daemon: Daemon, measure: Measure, *, sharing: bool
) -> None:
    """Of a screen as well: nobody asks her for it again."""
    of = call(*ALL)
    people = of.alice, of.bob
    of.bob.page.click("Unmute microphone")
    if sharing:
        of.window.prepare_screen(f"{daemon.url}/healthz", [COLOURS[letter] for letter in SCREEN])
        of.alice.page.click("Share my screen")
    shown = SCREEN if sharing else BUILT_IN.pattern
    of.bob.sees("alice", shown)
    of.alice.sees("bob", of.bob.pattern)
    of.meanwhile()
    seconds = flows_again(*people)
    where = "mid-share" if sharing else "mid-call"
    measure(f"sound and picture both ways after a frozen tab in {where}", f"{seconds:.2f} s")
    assert seconds < BACK_WITHIN + SLACK
    of.bob.sees("alice", shown)
    of.alice.sees("bob", of.bob.pattern)
    hears(of.bob, LAPTOP)
    eventually(lambda: agree(daemon, ROOM, people), within=10, why="pages and server to agree")


@pytest.mark.parametrize("muted", ["", "muted"])
def test_the_default_microphone_is_unplugged_meanwhile(call: Begin, muted: str) -> None:
    of = call(*ALL)
    hears(of.bob, LAPTOP)
    if muted:
        of.alice.page.click("Mute microphone")
    of.meanwhile(("unplug", LAPTOP.id))
    if muted:
        of.alice.page.click("Unmute microphone")
    hears(of.bob, HEADSET)
    said = words(of.alice, "microphone-replaced")
    assert f"“{LAPTOP.label}”" in said
    assert f"“{HEADSET.label}”" in said
    happens(of.alice, "plug", LAPTOP.id)
    hears(of.bob, LAPTOP)
    says_nothing_of(of.alice, "microphone-replaced")


def test_the_only_microphone_is_unplugged_meanwhile(call: Begin) -> None:
    of = call(LAPTOP, BUILT_IN)
    hears(of.bob, LAPTOP)
    of.meanwhile(("unplug", LAPTOP.id))
    said = words(of.alice, "microphone-lost")
    assert LAPTOP.label in said
    assert "Plug one in" in said
    of.meanwhile(("plug", LAPTOP.id))
    hears(of.bob, LAPTOP)
    says_nothing_of(of.alice, "microphone-lost")


def test_the_system_has_another_default_meanwhile(call: Begin) -> None:
    of = call(*ALL)
    hears(of.bob, LAPTOP)
    of.meanwhile(("prefer", HEADSET.id))
    hears(of.bob, HEADSET)


def test_the_camera_and_the_speaker_are_unplugged_meanwhile(call: Begin) -> None:
    of = call(*ALL, DESK, EARS)
    sees(of.bob, BUILT_IN)
    of.alice.page.run(CHOOSE, EARS.label)
    eventually(lambda: heard_on(of.alice) == {EARS.id}, within=5, why="all sound from there")
    of.meanwhile(("unplug", BUILT_IN.id), ("unplug", EARS.id))
    assert DESK.label in words(of.alice, "speaker-replaced")
    eventually(lambda: heard_on(of.alice) == {""}, within=5, why="the system's choice")
    assert WEBCAM.label in words(of.alice, "camera-replaced")
    sees(of.bob, WEBCAM)
