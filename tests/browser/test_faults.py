"""Who is not heard or seen is told so, within 3 s, with the way out: elsewhere they are the last
to know."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import BrowserType, expect

from tests.browser.chromium import launch
from tests.browser.equipment import (
    ALL,
    BUILT_IN,
    LAPTOP,
    Camera,
    Microphone,
    equip,
    happens,
)
from tests.browser.firefox import running_firefox
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.browser.patterns import write_silence
from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.patience import SLACK, eventually, took

ROOM = "faults"
TOLD_WITHIN = 3.0

Measure = Callable[[str, str], None]

# The browser keeps sound off until somebody clicks, as where nobody has been before.
NO_AUTOPLAY = """() => {
    let clicked = false;
    addEventListener("click", () => { clicked = true; }, { capture: true });
    const play = HTMLAudioElement.prototype.play;
    HTMLAudioElement.prototype.play = function () {
        if (clicked) return play.call(this);
        return Promise.reject(new DOMException("a click is needed", "NotAllowedError"));
    };
}"""

# Nothing leaves any more, and nobody says so.
CUT = """(kind) => {
    const senders = window.trioSfu.pc.getSenders();
    void senders.find(({ track }) => track?.kind === kind).replaceTrack(null);
}"""

MARKED = """() => {
    const mark = document.querySelector(".tile[data-peer=self] .heard");
    return mark.checkVisibility();
}"""

# Every notice that is shown from now on.
NOTE_NOTICES = """() => {
    window.noticed = [];
    const shown = (list) => list.flatMap(({ addedNodes }) => [...addedNodes]);
    new MutationObserver((list) => {
        for (const { dataset } of shown(list)) if (dataset?.code) window.noticed.push(dataset.code);
    }).observe(document.body, { childList: true, subtree: true });
}"""

SAYS = """(code) => {
    const notice = document.querySelector(`.notice[role=alert][data-code=${code}]`);
    return (notice?.checkVisibility() && notice.innerText.trim()) || "";
}"""


@pytest.fixture
def people(daemon: Daemon, person: PersonFactory) -> tuple[Participant, Participant]:
    alice, bob = person("alice"), person("bob")
    equip(alice, *ALL)
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.sees("alice", BUILT_IN.pattern)
    is_heard(alice)
    return alice, bob


def is_heard(alice: Participant) -> None:
    """Wait for the mark on her own tile: what she says arrives."""
    mark = chromium_of(alice).page.get_by_role("article", name="alice (You)")
    expect(mark.get_by_role("img", name="You are heard")).to_be_visible()


def is_told(alice: Participant, code: str, measure: Measure) -> None:
    """Wait until the page says it, and look at the time."""
    seconds = took(
        partial(alice.page.run, SAYS, code), within=TOLD_WITHIN + SLACK, why=f"{code} to be said"
    )
    measure(f"told of {code}", f"{seconds:.1f} s")
    assert seconds <= TOLD_WITHIN


def is_over(alice: Participant, code: str) -> None:
    eventually(lambda: not alice.page.run(SAYS, code), within=10, why=f"{code} to be over")


def test_the_ring_and_the_mark_follow_what_arrives(
    people: tuple[Participant, Participant],
) -> None:
    alice, _ = people
    tile = chromium_of(alice).page.get_by_role("article", name="alice (You)")
    ring = "() => document.querySelector('.tile[data-peer=self]').matches('[data-speaking]')"
    eventually(partial(alice.page.run, ring), within=10, why="the ring")
    alice.page.run(CUT, "audio")
    mark = tile.get_by_role("img", name="You are heard")
    expect(mark).to_be_hidden(timeout=3_500)
    is_heard(alice)
    alice.page.click("Mute microphone")
    expect(mark).to_be_hidden()
    eventually(lambda: not alice.page.run(ring), within=5, why="no ring")


@pytest.mark.parametrize(("kind", "device"), [("microphone", LAPTOP), ("camera", BUILT_IN)])
def test_the_system_keeps_a_device_muted(
    people: tuple[Participant, Participant],
    measure: Measure,
    kind: str,
    device: Microphone | Camera,
) -> None:
    alice, _ = people
    code = f"{kind}-system-muted"
    happens(alice, "mute", device.id)
    is_told(alice, code, measure)
    alice.page.click("Choose another device")
    settings = chromium_of(alice).page.get_by_role("dialog", name="Settings")
    expect(settings.get_by_role("combobox", name=kind.capitalize(), exact=True)).to_be_visible()
    chromium_of(alice).page.keyboard.press("Escape")
    happens(alice, "unmute", device.id)
    is_over(alice, code)


@pytest.mark.parametrize(
    ("language", "said", "other", "title"),
    [
        ("en-US", "if you speak now, nobody hears you", "Choose another device", "Settings"),
        ("fr-FR", "personne ne vous entend", "Choisir un autre appareil", "Réglages"),
    ],
    ids=["en", "fr"],
)
def test_a_switch_of_which_nobody_is_told(
    daemon: Daemon,
    person: PersonFactory,
    artifacts: Path,
    measure: Measure,
    language: str,
    said: str,
    other: str,
    title: str,
) -> None:
    alice, bob = person("alice", language=language), person("bob")
    equip(alice, *ALL)
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.hears({"alice": LAPTOP.tone})
    eventually(partial(alice.page.run, MARKED), within=10, why="the mark")
    happens(alice, "switchOff", LAPTOP.id)
    is_told(alice, "microphone-silent", measure)
    assert said in alice.page.run(SAYS, "microphone-silent")
    assert not alice.page.run(MARKED)
    alice.page.screenshot(artifacts / "silent.png")
    alice.page.click(other)
    page = chromium_of(alice).page
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    page.keyboard.press("Escape")
    happens(alice, "switchOn", LAPTOP.id)
    is_over(alice, "microphone-silent")
    bob.hears({"alice": LAPTOP.tone})
    eventually(partial(alice.page.run, MARKED), within=5, why="the mark again")


def test_a_quiet_room_is_no_fault(people: tuple[Participant, Participant]) -> None:
    alice, _ = people
    alice.page.run(NOTE_NOTICES)
    happens(alice, "hush", LAPTOP.id)
    time.sleep(6)  # Not for luck: there is to be no false alarm.
    assert alice.page.run("() => window.noticed") == []
    assert alice.page.run(MARKED)


def test_a_real_microphone_of_which_nothing_but_zeros_come(
    daemon: Daemon, chromium: BrowserType, devices: DeviceFactory, tmp_path: Path, measure: Measure
) -> None:
    """As far as Chromium can tell: through all that it does to sound."""
    alice = replace(devices("alice"), sound=write_silence(tmp_path / "silence.wav"))
    browser = launch(chromium, camera=alice.camera, tone=alice.sound)
    try:
        one = Participant(alice, browser)
        one.join(daemon.url, ROOM)
        is_told(one, "microphone-silent", measure)
        one.page.click("Mute microphone")
        is_over(one, "microphone-silent")
        one.page.click("Unmute microphone")
        is_told(one, "microphone-silent", measure)
    finally:
        browser.quit()


@pytest.mark.parametrize(
    ("kind", "code"), [("audio", "microphone-unheard"), ("video", "camera-unseen")]
)
def test_nothing_arrives_at_the_server(
    people: tuple[Participant, Participant], measure: Measure, kind: str, code: str
) -> None:
    alice, bob = people
    alice.page.run(CUT, kind)
    is_told(alice, code, measure)
    # It is begun anew, which helps here.
    is_over(alice, code)
    bob.sees("alice", BUILT_IN.pattern)
    bob.hears({"alice": LAPTOP.tone})


def test_the_path_is_interrupted(
    daemon: Daemon, people: tuple[Participant, Participant], measure: Measure
) -> None:
    alice, bob = people
    with daemon.paused():
        is_told(alice, "path-lost", measure)
    is_over(alice, "path-lost")
    is_heard(alice)
    bob.sees("alice", BUILT_IN.pattern)


def test_a_firefox_is_told_as_well(
    artifacts: Path, tmp_path: Path, person: PersonFactory, devices: DeviceFactory, measure: Measure
) -> None:
    with own_network() as network, network.inside():
        chromium = str(network.wrapper(tmp_path, "/usr/bin/chromium"))
        with (
            running_daemon(artifacts, environment={"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}) as daemon,
            running_firefox("YRGB", 1700) as page,
        ):
            fox, bob = Participant(devices("dave"), page), person("bob", executable=chromium)
            for one in (fox, bob):
                one.join(daemon.url, ROOM)
            fox.page.run(NOTE_NOTICES)
            eventually(partial(fox.page.run, MARKED), within=10, why="the mark")
            bob.sees("dave", fox.pattern)
            fox.sees("bob", bob.pattern)
            time.sleep(5)  # Not for luck: there is to be no false alarm.
            assert fox.page.run("() => window.noticed") == []
            assert fox.page.run(MARKED)
            fox.page.run(CUT, "audio")
            is_told(fox, "microphone-unheard", measure)
            is_over(fox, "microphone-unheard")
            bob.hears({"dave": fox.tone})


def test_another_program_takes_the_camera(
    people: tuple[Participant, Participant], measure: Measure
) -> None:
    alice, bob = people
    happens(alice, "occupy", BUILT_IN.id)
    is_told(alice, "camera-busy", measure)
    happens(alice, "free", BUILT_IN.id)
    alice.page.click("Try again")
    is_over(alice, "camera-busy")
    bob.sees("alice", BUILT_IN.pattern)


def test_sound_that_the_browser_keeps_off(
    daemon: Daemon, person: PersonFactory, measure: Measure
) -> None:
    alice, bob = person("alice"), person("bob")
    chromium_of(alice).page.add_init_script(f"({NO_AUTOPLAY})()")
    for one in (bob, alice):
        one.join(daemon.url, ROOM)
    button = chromium_of(alice).page.get_by_role("button", name="Turn the sound on", exact=True)
    seconds = took(button.is_visible, within=TOLD_WITHIN + SLACK, why="the button")
    measure("told that there is no sound", f"{seconds:.1f} s")
    assert seconds <= TOLD_WITHIN
    button.click()
    expect(button).to_be_hidden()
    playing = "() => [...document.querySelectorAll('audio')].some((audio) => !audio.paused)"
    eventually(partial(alice.page.run, playing), within=5, why="sound to be played")
