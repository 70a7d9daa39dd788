"""Two people write, raise hands, react, lock the room and choose whom to see: one English, one
French, one by mouse, one by keyboard; and axe-core finds nothing in any state of the page."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings, too_small
from tests.browser.minting import made
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_invitation import alert, link
from tests.browser.test_page import wait_alert
from tests.process.daemon import running_daemon
from tests.process.patience import eventually


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made("new-key", "--kid", "k", "--out", str(tmp_path))
    return tmp_path


class Look:
    """Collects what axe-core and a thumb find wrong with a page, state by state."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[str]] = {}

    def at(self, person: Participant, state: str) -> None:
        """Look at what somebody has before them now."""
        if found := [*findings(person), *too_small(person)]:
            self.wrong[state] = found


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def width(person: Participant, name: str) -> float:
    """Return how wide somebody's tile is."""
    tile = "(name) => document.querySelector(`article[data-name=${name}]`).offsetWidth"
    return float(person.page.run(tile, name))


def panel_is_beside_the_buttons(page: Page) -> bool:
    """Whether the open panel leaves every button of the toolbar free."""
    bar = page.get_by_role("toolbar").bounding_box()
    panel = page.locator(".panel:visible").bounding_box()
    return bool(bar and panel and panel["y"] + panel["height"] <= bar["y"])


def test_people_talk_without_a_word(artifacts: Path, person: PersonFactory, key: Path) -> None:
    alice, bob = person("alice"), person("bob", language="fr-FR")
    a, b, look = chromium_of(alice).page, chromium_of(bob).page, Look()
    with running_daemon(artifacts, "--auth-keys", str(key / "k.public.jwk")) as daemon:
        alice.open(daemon.url)
        expect(a.get_by_label("Your name")).to_be_focused()
        look.at(alice, "lobby")
        alice.open(link(key, daemon.url, "alice", "--moderate"))
        bob.open(link(key, daemon.url, "bob"))
        for one in (alice, bob):
            one.wait_state("in-call")
        alice.sees("bob", bob.pattern)
        look.at(alice, "call")
        they_write(alice, bob, artifacts, look)
        they_gesticulate(a, b, bob, artifacts)
        they_choose_whom_to_see(alice, look)
        by_keyboard(alice, look)
        the_room_is_locked(a, b, bob, look)
        assert look.wrong == {}


def they_write(alice: Participant, bob: Participant, artifacts: Path, look: Look) -> None:
    """Alice writes; Bob is told, reads it and answers."""
    a, b = chromium_of(alice).page, chromium_of(bob).page
    button(a, "Chat")
    expect(a.get_by_role("textbox", name="Write to everybody")).to_be_focused()
    said = "see https://example.org/x. <b>now</b>"
    a.keyboard.type(said)
    a.keyboard.press("Enter")
    expect(b.locator(".words")).to_have_text(f"alice : {said}")
    button(b, "Discussion, 1 non lus")
    region = b.get_by_role("region", name="Discussion")
    expect(region.get_by_text(said)).to_be_visible()
    address = region.get_by_role("link", name="https://example.org/x", exact=True)
    expect(address).to_have_attribute("href", "https://example.org/x")
    b.get_by_role("textbox", name="Écrire à tous").fill("entendu")
    button(b, "Envoyer")
    expect(a.get_by_role("region", name="Chat").get_by_text("entendu")).to_be_visible()
    assert panel_is_beside_the_buttons(a)
    chromium_of(alice).resize(360, 640)
    assert panel_is_beside_the_buttons(a)
    alice.page.screenshot(artifacts / "chat-phone.png")
    chromium_of(alice).resize(1100, 700)
    look.at(alice, "chat")
    a.keyboard.press("Escape")
    expect(a.get_by_role("button", name="Chat", exact=True)).to_be_focused()


def they_gesticulate(a: Page, b: Page, bob: Participant, artifacts: Path) -> None:
    """Bob raises a hand, and Alice lowers it; Alice reacts."""
    button(b, "Lever la main")
    hand = a.get_by_role("article", name="bob").get_by_role("img", name="Hand raised")
    expect(hand).to_be_visible()
    button(a, "People")
    button(a, "Lower the hand of bob")
    expect(hand).to_be_hidden()
    wait_alert(bob, "hand-lowered-by-moderator")
    assert "alice a baissé votre main" in alert(bob)
    expect(b.get_by_role("button", name="Lever la main")).to_have_attribute("aria-pressed", "false")
    button(b, "Fermer la discussion")  # in a narrow window it is in place of the tiles
    button(a, "React")
    button(a, "Applause")
    expect(b.locator("article[data-name=alice] .reaction")).to_be_visible()
    bob.page.screenshot(artifacts / "applause.png")
    read_out = b.get_by_role("status").filter(has_text="alice: Applaudissements")
    expect(read_out).to_have_count(1)


def they_choose_whom_to_see(alice: Participant, look: Look) -> None:
    """How loud somebody is, and who is large: several may be."""
    a = chromium_of(alice).page
    people = a.get_by_role("region", name="People (2)")
    people.get_by_role("slider", name="Volume of bob").fill("20")
    loud = "() => document.querySelector('audio[data-peer]').volume"
    eventually(lambda: alice.page.run(loud) == 0.2, within=2, why="bob to be less loud")
    look.at(alice, "people")
    tile = a.get_by_role("article", name="bob")
    tile.hover()
    tile.get_by_role("button", name="Pin bob").click()
    is_large(alice, "bob", but_not="alice")
    people.get_by_role("button", name="Pin alice").click()
    same = lambda: width(alice, "bob") == width(alice, "alice")  # noqa: E731
    eventually(same, within=3, why="both to be large")
    for name in ("alice", "bob"):
        people.get_by_role("button", name=f"Unpin {name}").click()


def is_large(person: Participant, name: str, *, but_not: str) -> None:
    eventually(
        lambda: width(person, name) > 2 * width(person, but_not),
        within=3,
        why=f"{name} to be large and {but_not} to be small",
    )


def by_keyboard(alice: Participant, look: Look) -> None:
    """The speaker view, the microphone; and no shortcuts any more."""
    a = chromium_of(alice).page
    a.keyboard.press("g")
    is_large(alice, "bob", but_not="alice")
    muted = a.get_by_role("button", name="Unmute microphone")
    a.keyboard.press("m")
    expect(muted).to_be_visible()
    a.keyboard.press("?")
    settings = a.get_by_role("dialog", name="Settings")
    settings.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    look.at(alice, "settings")
    a.keyboard.press("Escape")
    expect(settings).to_be_hidden()
    a.keyboard.press("m")
    expect(muted).to_be_visible()


def the_room_is_locked(a: Page, b: Page, bob: Participant, look: Look) -> None:
    """Who leaves a locked room stays out; who comes later reads what was written before."""
    button(a, "Lock the room")
    expect(b.get_by_role("img", name="La salle est verrouillée")).to_be_visible()
    button(b, "Quitter")
    button(b, "Rejoindre à nouveau")
    wait_alert(bob, "room-locked")
    assert "Cette salle est verrouillée" in alert(bob)
    look.at(bob, "error")
    button(a, "Unlock the room")
    button(b, "Réessayer")
    bob.wait_state("in-call")
    button(b, "Discussion")
    expect(b.get_by_role("region", name="Discussion").get_by_text("entendu")).to_be_visible()
    button(b, "Plus")
    button(b, "Réglages")
    b.get_by_role("dialog").get_by_label("Langue", exact=True).select_option("English")
    expect(b.get_by_role("button", name="Leave", exact=True)).to_be_visible()
    assert bob.page.run("() => document.documentElement.lang") == "en"
