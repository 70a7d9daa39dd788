"""Another language or other rights in mid-call: pictures and sound go on, and nothing is lost of
what somebody has begun."""

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import LARGE
from tests.browser.operating import operate, peer_of
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_page import wait_alert
from tests.browser.test_states import LOCALES, WORDS, press
from tests.process.daemon import Daemon

ROOM = "anew"
DRAFT = "I would say that"
MORE = {
    "en": {"language": "Language", "name": "English", "volume": "Volume of bob", "unpin": "Unpin"},
    "fr": {
        "language": "Langue",
        "name": "Français",
        "volume": "Volume de bob",
        "unpin": "Désépingler",
    },
}
RIGHTS: Mapping[str, Any] = {
    "publish": ["camera", "microphone", "screen", "screen-audio"],
    "subscribe": True,
    "data": True,
    "moderate": False,
    "record": False,
}

# The elements that show and play what comes from others, to be the same ones later; and whether
# they went on all the time.
WATCH = """() => {
    const all = [...document.querySelectorAll("article.tile video, audio")];
    window.watched = { all, stopped: [], views: 0 };
    for (const each of all)
        for (const what of ["pause", "emptied", "ended"])
            each.addEventListener(what, () => window.watched.stopped.push(what));
    const { client } = window.trioSfu;
    client.setView = ({ tiles }) => {
        if (tiles.some(({ visible }) => !visible)) window.watched.views += 1;
    };
}"""
WATCHED = """() => {
    const { all, stopped, views } = window.watched;
    return [all.every((each) => each.isConnected && !each.paused), stopped, views];
}"""
CURSOR = """() => {
    const { selectionStart, selectionEnd, value } = document.querySelector("[name=message]");
    return [value, selectionStart, selectionEnd];
}"""


def grant(daemon: Daemon, person: Participant, **rights: object) -> None:
    """Give somebody other rights, as an operator does."""
    path = f"/rooms/{ROOM}/peers/{peer_of(person)}/rights"
    operate(daemon, "PUT", path, {**RIGHTS, **rights})


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def people(daemon: Daemon, person: PersonFactory, language: str) -> tuple[Participant, Participant]:
    """Alice has pinned Bob and herself, made him less loud, and begun to write."""
    alice, bob = person("alice", language=LOCALES[language]), person("bob")
    chromium_of(alice).resize(*LARGE)
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    alice.sees("bob", bob.pattern)
    alice.hears({"bob": bob.tone})
    page, words = chromium_of(alice).page, WORDS[language]
    press(page, words["people"])
    page.get_by_role("slider", name=MORE[language]["volume"]).fill("20")
    for tile in ("bob", "self"):
        peer = "[data-peer=self]" if tile == "self" else f"[data-name={tile}]"
        page.locator(f"article{peer}").hover()
        page.locator(f"article{peer} .pin").click()
    page.keyboard.press("g")
    press(page, words["statistics"])
    press(page, words["chat"])
    page.keyboard.type(DRAFT)
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    page.bring_to_front()
    alice.page.run(WATCH)
    return alice, bob


def nothing_is_lost(alice: Participant, bob: Participant, language: str) -> None:
    """What Alice had begun is as it was, and Bob is seen and heard all the time."""
    page, words = chromium_of(alice).page, WORDS[language]
    assert page.evaluate(CURSOR) == [DRAFT, len(DRAFT) - 4, len(DRAFT)]
    expect(page.get_by_role("textbox", name=words["write"])).to_be_visible()
    for name in ("bob", "alice"):
        unpin = page.locator(f"article[data-name={name}] .pin")
        expect(unpin).to_have_accessible_name(f"{MORE[language]['unpin']} {name}".strip())
    expect(page.get_by_role("region", name=words["statistics"])).to_be_visible()
    assert page.evaluate("() => document.querySelector('audio[data-peer]').volume") == 0.2
    assert page.evaluate(WATCHED) == [True, [], 0]
    alice.sees("bob", bob.pattern)
    alice.hears({"bob": bob.tone})


def test_the_language_is_another(people: tuple[Participant, Participant], language: str) -> None:
    alice, bob = people
    page = chromium_of(alice).page
    other = "fr" if language == "en" else "en"
    for now, then in ((language, other), (other, language)):
        choose_language(page, now, then)
        nothing_is_lost(alice, bob, then)


def choose_language(page: Page, now: str, then: str) -> None:
    press(page, WORDS[now]["more"])
    press(page, WORDS[now]["settings"])
    choice = page.get_by_role("dialog").get_by_label(MORE[now]["language"], exact=True)
    choice.select_option(MORE[then]["name"])
    there = page.get_by_role("dialog", name=WORDS[then]["settings"])
    expect(there.get_by_label(MORE[then]["language"], exact=True)).to_be_focused()
    press(page, WORDS[then]["close settings"])
    expect(page.get_by_role("button", name=WORDS[then]["leave"], exact=True)).to_be_visible()


def test_the_rights_are_others(
    daemon: Daemon, people: tuple[Participant, Participant], language: str
) -> None:
    alice, bob = people
    page, words = chromium_of(alice).page, WORDS[language]
    grant(daemon, alice, moderate=True)
    wait_alert(alice, "rights-changed")
    expect(
        page.get_by_role("article").get_by_role("button", name=words["moderate"])
    ).to_be_visible()
    nothing_is_lost(alice, bob, language)
    grant(daemon, alice, publish=["microphone"])
    share = page.get_by_role("button", name=words["share"], exact=True)
    expect(share).to_be_hidden()
    expect(page.get_by_role("button", name=words["moderate"])).to_be_hidden()
    nothing_is_lost(alice, bob, language)
    # She is typing all the while: no letter is lost, and none is taken for a shortcut.
    page.keyboard.type("m")
    assert page.evaluate(CURSOR)[0] == DRAFT[:-4] + "m"
    expect(page.get_by_role("textbox", name=words["write"])).to_be_focused()


def test_she_may_not_write_for_a_while(
    daemon: Daemon, people: tuple[Participant, Participant], language: str
) -> None:
    alice, bob = people
    page, words = chromium_of(alice).page, WORDS[language]
    box = page.get_by_role("textbox", name=words["write"])
    grant(daemon, alice, data=False)
    expect(box).to_be_hidden()
    expect(page.get_by_role("button", name=words["react"], exact=True)).to_be_hidden()
    grant(daemon, alice)
    expect(box).to_be_visible()
    nothing_is_lost(alice, bob, language)


def test_what_is_said_is_said_in_the_other_language(daemon: Daemon, person: PersonFactory) -> None:
    alice = person("alice")
    alice.join(daemon.url, ROOM)
    page = chromium_of(alice).page
    grant(daemon, alice, moderate=True)
    notice = page.locator(".notice[data-code=rights-changed]")
    expect(notice).to_contain_text("has changed")
    choose_language(page, "en", "fr")
    expect(notice).to_contain_text("a changé")
    notice.get_by_role("button", name="Fermer").click()
    expect(notice).to_be_hidden()


def test_the_lobby_in_another_language(daemon: Daemon, person: PersonFactory) -> None:
    alice = person("alice")
    alice.open(daemon.url)
    page = chromium_of(alice).page
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("textbox", name="Room").fill("study")
    box = page.get_by_role("checkbox", name="Encrypt end to end")
    box.check()
    page.get_by_role("combobox", name="Language").select_option("Français")
    expect(page.get_by_label("Votre nom")).to_have_value("Ada")
    expect(page.get_by_role("textbox", name="Salle")).to_have_value("study")
    box = page.get_by_role("checkbox", name="bout en bout")
    expect(box).to_be_checked()
    box.uncheck()
    expect(box).not_to_be_checked()
