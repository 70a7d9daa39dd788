"""Cameras and microphones in mid-call: unplugged, plugged in, taken, forbidden, asleep.

Each case heals by itself, or says what to do; nobody joins anew, and nobody is heard who is muted.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tests.browser.equipment import (
    ALL,
    BUILT_IN,
    HEADSET,
    LAPTOP,
    WEBCAM,
    Camera,
    Microphone,
    choose,
    equip,
    happens,
    hears,
    on_lines,
    says_nothing_of,
    sees,
    words,
)
from tests.browser.participant import ENERGY, Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "devices"

Call = Callable[..., tuple[Participant, Participant]]
"""Has Alice, with these devices, call Bob."""


@pytest.fixture
def call(daemon: Daemon, person: PersonFactory) -> Call:
    def begin(*devices: Microphone | Camera) -> tuple[Participant, Participant]:
        alice, bob = person("alice"), person("bob")
        equip(alice, *devices)
        for one in (alice, bob):
            one.join(daemon.url, ROOM)
        bob.page.click("Mute microphone")
        return alice, bob

    return begin


def sees_no_camera(bob: Participant) -> None:
    eventually(lambda: bob.see("source", "alice") == "none", within=5, why="no camera to be seen")


def own(one: Participant) -> list[object]:
    """Return what changes when somebody joins anew, or negotiates."""
    said: list[object] = one.page.run(
        "() => [window.trioSfu.client.self, window.trioSfu.client.offersSent]"
    )
    return said


class Listening:
    """Bob's ears, from now on."""

    def __init__(self, bob: Participant) -> None:
        self._bob = bob
        self._before: dict[str, float] = bob.see("energy")

    def heard(self) -> float:
        """Return the most energy that has come of anybody since."""
        now: dict[str, float] = self._bob.see("energy")
        return max(now[mid] - self._before.get(mid, 0.0) for mid in now)


def is_muted(alice: Participant, bob: Participant) -> None:
    """Mute Alice, and wait until what was on its way has been heard."""
    alice.page.click("Mute microphone")
    eventually(bob.is_silent, within=10, why="bob to hear nothing any more")


def test_the_microphone_is_unplugged_and_plugged_in_again(call: Call) -> None:
    alice, bob = call(LAPTOP, HEADSET, BUILT_IN)
    choose(alice, "Microphone", HEADSET)
    hears(bob, HEADSET)
    before = own(alice)
    happens(alice, "unplug", HEADSET.id)
    hears(bob, LAPTOP)
    said = words(alice, "microphone-replaced")
    assert HEADSET.label in said
    assert LAPTOP.label in said
    happens(alice, "plug", HEADSET.id)
    hears(bob, HEADSET)
    says_nothing_of(alice, "microphone-replaced")
    assert own(alice) == before


def test_the_only_microphone_is_unplugged_and_plugged_in_again(call: Call) -> None:
    alice, bob = call(LAPTOP, BUILT_IN)
    hears(bob, LAPTOP)
    before = own(alice)
    happens(alice, "unplug", LAPTOP.id)
    assert LAPTOP.label in words(alice, "microphone-lost")
    muted = "() => document.querySelector('article[data-name=alice] .muted').checkVisibility()"
    eventually(partial(bob.page.run, muted), within=5, why="bob to be told")
    happens(alice, "plug", LAPTOP.id)
    hears(bob, LAPTOP)
    says_nothing_of(alice, "microphone-lost")
    assert own(alice) == before


def test_the_only_camera_is_unplugged_and_plugged_in_again(call: Call) -> None:
    alice, bob = call(LAPTOP, WEBCAM)
    sees(bob, WEBCAM)
    before = own(alice)
    happens(alice, "unplug", WEBCAM.id)
    assert WEBCAM.label in words(alice, "camera-lost")
    sees_no_camera(bob)
    happens(alice, "plug", WEBCAM.id)
    sees(bob, WEBCAM)
    says_nothing_of(alice, "camera-lost")
    assert own(alice) == before


def test_one_of_two_cameras_is_unplugged_and_plugged_in_again(call: Call) -> None:
    alice, bob = call(LAPTOP, WEBCAM, BUILT_IN)
    sees(bob, WEBCAM)
    happens(alice, "unplug", WEBCAM.id)
    sees(bob, BUILT_IN)
    assert BUILT_IN.label in words(alice, "camera-replaced")
    happens(alice, "plug", WEBCAM.id)
    sees(bob, WEBCAM)


def test_another_camera_is_chosen(call: Call) -> None:
    alice, bob = call(*ALL)
    sees(bob, BUILT_IN)
    before = own(alice)
    choose(alice, "Camera", WEBCAM)
    sees(bob, WEBCAM)
    assert own(alice) == before


def test_the_microphone_is_changed_while_it_is_muted(call: Call) -> None:
    alice, bob = call(*ALL)
    hears(bob, LAPTOP)
    is_muted(alice, bob)
    listening = Listening(bob)
    choose(alice, "Microphone", HEADSET)
    eventually(
        lambda: on_lines(alice)[-1][0] == HEADSET.label, within=5, why="the headset on the line"
    )
    # What was on the line could not be heard, and was not.
    assert on_lines(alice)[-1] == (HEADSET.label, False)
    assert bob.is_silent()
    assert listening.heard() < ENERGY
    alice.page.click("Unmute microphone")
    hears(bob, HEADSET)


def test_the_microphone_is_unplugged_while_it_is_muted(call: Call) -> None:
    alice, bob = call(*ALL)
    choose(alice, "Microphone", HEADSET)
    hears(bob, HEADSET)
    is_muted(alice, bob)
    listening = Listening(bob)
    put = len(on_lines(alice))
    for act in ("unplug", "plug", "unplug"):
        happens(alice, act, HEADSET.id)
        assert bob.is_silent()
    assert not any(enabled for _, enabled in on_lines(alice)[put:])
    assert listening.heard() < ENERGY
    alice.page.click("Unmute microphone")
    hears(bob, LAPTOP)
    happens(alice, "plug", HEADSET.id)
    hears(bob, HEADSET)


def test_the_bluetooth_set_that_is_the_default_is_removed(call: Call) -> None:
    alice, bob = call(HEADSET, LAPTOP, BUILT_IN)
    hears(bob, HEADSET)
    happens(alice, "unplug", HEADSET.id)
    hears(bob, LAPTOP)
    said = words(alice, "microphone-replaced")
    assert f"“{HEADSET.label}”" in said
    assert f"“{LAPTOP.label}”" in said
    happens(alice, "plug", HEADSET.id)
    hears(bob, HEADSET)
    says_nothing_of(alice, "microphone-replaced")


def test_the_system_has_another_default(call: Call) -> None:
    alice, bob = call(*ALL)
    hears(bob, LAPTOP)
    happens(alice, "prefer", HEADSET.id)
    hears(bob, HEADSET)
    is_muted(alice, bob)
    listening = Listening(bob)
    happens(alice, "prefer", LAPTOP.id)
    eventually(
        lambda: on_lines(alice)[-1] == (LAPTOP.label, False), within=5, why="the muted microphone"
    )
    assert bob.is_silent()
    assert listening.heard() < ENERGY


def test_another_program_takes_the_camera_and_gives_it_back(call: Call) -> None:
    alice, bob = call(*ALL)
    sees(bob, BUILT_IN)
    happens(alice, "occupy", BUILT_IN.id)
    words(alice, "camera-busy")
    # Nobody is filmed from another side without having asked for it.
    sees_no_camera(bob)
    happens(alice, "free", BUILT_IN.id)
    sees(bob, BUILT_IN)
    says_nothing_of(alice, "camera-busy")


def test_another_program_has_the_camera_before_the_call(
    daemon: Daemon, person: PersonFactory
) -> None:
    alice, bob = person("alice"), person("bob")
    equip(alice, *ALL)
    chromium_of(alice).page.add_init_script(f"window.devices.occupy('{BUILT_IN.id}')")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    words(alice, "camera-busy")
    hears(bob, LAPTOP)
    happens(alice, "free", BUILT_IN.id)
    alice.page.click("Try again")
    sees(bob, BUILT_IN)


def test_the_permission_is_revoked_and_given_again(call: Call) -> None:
    alice, bob = call(*ALL)
    sees(bob, BUILT_IN)
    before = own(alice)
    for device in ("camera", "microphone"):
        happens(alice, "permit", device, "denied")
    words(alice, "permission-revoked")
    sees_no_camera(bob)
    for device in ("camera", "microphone"):
        happens(alice, "permit", device, "granted")
    sees(bob, BUILT_IN)
    hears(bob, LAPTOP)
    says_nothing_of(alice, "permission-revoked")
    assert own(alice) == before


def test_the_machine_sleeps_and_wakes(call: Call) -> None:
    alice, bob = call(*ALL)
    sees(bob, BUILT_IN)
    before = own(alice)
    happens(alice, "sleep")
    sees(bob, BUILT_IN)
    hears(bob, LAPTOP)
    assert own(alice) == before
