"""Where the others are heard: chosen in the lobby and in the call, remembered, and unplugged."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.equipment import (
    ALL,
    DESK,
    EARS,
    Speaker,
    choose,
    equip,
    happens,
    heard_on,
    says_nothing_of,
    words,
)
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_states import LOCALES, WORDS, press
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "speakers"
NAMES = {"en": "Speaker", "fr": "Haut-parleur"}
HEARD = {"en": "You hear the others through", "fr": "Vous entendez les autres par"}

# Where each element that plays is heard, by the browser's own word.
SINKS = """() => [...document.querySelectorAll("audio")]
    .filter((audio) => !audio.paused).map((audio) => audio.sinkId)"""
OUTPUTS = """async () => (await navigator.mediaDevices.enumerateDevices())
    .filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId !== "default")
    .map(({ deviceId, label }) => [deviceId, label])"""


def all_is_played_on(alice: Participant, speaker: str, others: Sequence[Participant]) -> None:
    """Wait until the others are heard, each of them on this speaker of the browser."""
    eventually(
        lambda: alice.page.run(SINKS) == [speaker] * len(others),
        within=5,
        why=f"{len(others)} streams on {speaker}",
    )
    alice.hears({other.name: other.tone for other in others})


def test_all_that_is_heard_moves_to_a_speaker(daemon: Daemon, person: PersonFactory) -> None:
    """With speakers of Chromium's own."""
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    alice.join(daemon.url, ROOM)
    bob.join(daemon.url, ROOM)
    all_is_played_on(alice, "", [bob])
    speakers = [Speaker(*each) for each in alice.page.run(OUTPUTS)]
    assert len(speakers) > 1
    for each in speakers:
        choose(alice, "Speaker", each)
        all_is_played_on(alice, each.id, [bob])
    # Who comes later is heard there as well, and so is everybody after a reload.
    carol.join(daemon.url, ROOM)
    all_is_played_on(alice, speakers[-1].id, [bob, carol])
    alice.join(daemon.url, ROOM)
    all_is_played_on(alice, speakers[-1].id, [bob, carol])


def list_of_speakers(page: Page, language: str) -> Locator:
    return page.get_by_role("combobox", name=NAMES[language], exact=True)


def plays_on(alice: Participant, speaker: str) -> None:
    eventually(
        lambda: heard_on(alice) == {speaker}, within=5, why=f"all sound from {speaker or 'default'}"
    )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_is_chosen_in_the_lobby_and_heard_at_once(
    daemon: Daemon, person: PersonFactory, language: str
) -> None:
    alice, bob = person("alice", language=LOCALES[language]), person("bob")
    equip(alice, *ALL, DESK, EARS)
    bob.join(daemon.url, ROOM)
    page = chromium_of(alice).page
    speakers = list_of_speakers(page, language)
    alice.open(f"{daemon.url}/{ROOM}?name=alice")
    expect(speakers.locator("option:checked")).to_have_text(f"Default - {DESK.label}")
    speakers.select_option(label=EARS.label)
    # The chime says where.
    plays_on(alice, EARS.id)
    press(page, WORDS[language]["join"])
    alice.wait_state("in-call")
    alice.hears({"bob": bob.tone})
    plays_on(alice, EARS.id)
    alice.open(f"{daemon.url}/{ROOM}?name=alice")
    expect(speakers.locator("option:checked")).to_have_text(EARS.label)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_chosen_one_is_unplugged_and_plugged_in_again(
    daemon: Daemon, person: PersonFactory, language: str
) -> None:
    alice, bob = person("alice", language=LOCALES[language]), person("bob")
    equip(alice, *ALL, DESK, EARS)
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    alice.hears({"bob": bob.tone})
    plays_on(alice, "")
    choose(alice, NAMES[language], EARS, language)
    plays_on(alice, EARS.id)
    happens(alice, "unplug", EARS.id)
    plays_on(alice, "")
    said = words(alice, "speaker-replaced")
    assert HEARD[language] in said
    assert EARS.label in said
    assert DESK.label in said
    # Somebody comes meanwhile, and is heard where the others are.
    carol = person("carol")
    carol.join(daemon.url, ROOM)
    alice.hears({"bob": bob.tone, "carol": carol.tone})
    plays_on(alice, "")
    happens(alice, "plug", EARS.id)
    plays_on(alice, EARS.id)
    says_nothing_of(alice, "speaker-replaced")
