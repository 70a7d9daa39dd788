"""Ten everyday tasks by keyboard alone: the focus is seen each time, and is where one goes on."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import LARGE
from tests.browser.minting import made
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_invitation import ROOM, link
from tests.browser.test_page import wait_alert
from tests.process.daemon import running_daemon
from tests.process.patience import eventually

MOST_STEPS = 40
"""Of the Tab key, from anywhere to anywhere."""

# What is wrong with the focus as it can be seen (WCAG 2.4.7, 2.4.11); empty: nothing.
WRONG = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return "";
    const say = (what) => `${what}: ${e.outerHTML.slice(0, 100)}`;
    const { left, top, right, bottom, width, height } = e.getBoundingClientRect();
    const { outlineStyle, outlineWidth } = getComputedStyle(e);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return say("no outline");
    if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) return say("outside");
    for (let node = e; node; node = node.parentElement)
        if (getComputedStyle(node).opacity === "0") return say("transparent");
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return e.contains(there) || e.closest("label")?.contains(there) ? "" : say("hidden");
}"""


class Keyboard:
    """Somebody who has no mouse."""

    def __init__(self, person: Participant) -> None:
        self.page: Page = chromium_of(person).page

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def go_to(self, wanted: Locator, key: str = "Tab") -> None:
        """Press Tab until ``wanted`` has the focus, which can be seen at each step."""
        for _ in range(MOST_STEPS):
            self.page.keyboard.press(key)
            # Tiles and buttons fade in where the focus is.
            eventually(
                lambda: not self.page.evaluate(WRONG),
                within=1,
                why=f"the focus to be seen ({self.page.evaluate(WRONG)})",
            )
            if wanted.evaluate("(e) => e === document.activeElement"):
                return
        pytest.fail(f"{MOST_STEPS} times {key} do not get to {wanted}")

    def button(self, name: str, key: str = "Enter") -> None:
        """Go to a button and press it."""
        self.go_to(self.page.get_by_role("button", name=name, exact=True))
        self.press(key)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made("new-key", "--kid", "k", "--out", str(tmp_path))
    return tmp_path


def test_ten_tasks_by_keyboard_alone(artifacts: Path, person: PersonFactory, key: Path) -> None:
    alice, bob = person("alice"), person("bob")
    chromium_of(alice).resize(*LARGE)
    keys, page = Keyboard(alice), chromium_of(alice).page
    with running_daemon(artifacts, "--auth-keys", str(key / "k.public.jwk")) as daemon:
        bob.open(link(key, daemon.url, "bob"))
        bob.wait_state("in-call")
        chromium_of(alice).prepare_screen(
            f"{daemon.url}/healthz", [COLOURS[letter] for letter in "MCCM"]
        )
        alice.open(link(key, daemon.url, "alice", "--moderate").replace("?join", ""))
        for task in TASKS:
            try:
                task(keys, page, alice, bob)
            except BaseException as error:
                error.add_note(f"in task {task.__doc__}")
                raise
        assert len(TASKS) == 10


def join(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """1. Join: the name is there, so the cursor is on the button."""
    expect(page.get_by_role("button", name="Join", exact=True)).to_be_focused()
    keys.go_to(page.get_by_label("Your name"), "Shift+Tab")
    keys.press("Control+a")
    page.keyboard.type("alice")
    keys.press("Enter")
    alice.wait_state("in-call")
    # Reading goes on at the top of what is new.
    expect(page.get_by_role("heading", name=ROOM)).to_be_focused()
    alice.sees("bob", bob.pattern)


def mute(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """2. Mute oneself: the button keeps the focus and says what it does next."""
    keys.button("Mute microphone", "Space")
    expect(page.get_by_role("button", name="Unmute microphone")).to_be_focused()
    muted = chromium_of(bob).page.get_by_role("article", name="alice").get_by_role("img")
    expect(muted.filter(visible=True)).to_have_accessible_name("Microphone muted")


def camera_off(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """3. Turn the camera off, one button further: by the arrow, as in each toolbar."""
    keys.press("ArrowRight")
    expect(page.get_by_role("button", name="Turn camera off")).to_be_focused()
    keys.press("Enter")
    bob.sees_source("alice", "none")
    expect(page.get_by_role("button", name="Turn camera on")).to_be_focused()


def write(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """4. Open the chat and write; Escape closes it, and the focus is back on its button."""
    keys.button("Chat")
    expect(page.get_by_role("textbox", name="Write to everybody")).to_be_focused()
    page.keyboard.type("hello from the keyboard")
    keys.press("Enter")
    expect(chromium_of(bob).page.locator(".words")).to_contain_text("hello from the keyboard")
    keys.press("Escape")
    expect(page.get_by_role("button", name="Chat", exact=True)).to_be_focused()


def raise_a_hand(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """5. Raise a hand: the button says that it is pressed."""
    keys.go_to(page.get_by_role("button", name="Raise hand"), "Shift+Tab")
    keys.press("Space")
    expect(page.get_by_role("button", name="Raise hand")).to_have_attribute("aria-pressed", "true")
    hand = chromium_of(bob).page.get_by_role("article", name="alice")
    expect(hand.get_by_role("img", name="Hand raised")).to_be_visible()


def pin(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """6. Pin somebody: the button on the tile appears with the focus."""
    keys.go_to(page.get_by_role("button", name="Pin bob"), "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Unpin bob")).to_be_focused()


def share(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """7. Share the screen, and stop: the button has the focus again after the browser's picker."""
    keys.button("Share my screen")
    bob.sees("alice", "MCCM")
    page.bring_to_front()
    expect(page.get_by_role("button", name="Stop sharing")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Share my screen")).to_be_focused()
    bob.sees_source("alice", "none")


def mute_somebody(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """8. Open the list of people and mute somebody, with a reason; each step back is one Escape."""
    keys.button("People")
    expect(page.get_by_role("button", name="Close the list of people")).to_be_focused()
    more = page.get_by_role("region", name="People (2)").get_by_role("button", name="Moderate bob")
    keys.go_to(more)
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="What to do about bob?")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("a dog")
    keys.button("Mute their microphone")
    wait_alert(bob, "muted-by-moderator")
    expect(dialog).to_be_hidden()
    expect(more).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("button", name="People", exact=True)).to_be_focused()


def change_the_language(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """9. Change the language: one is still at the choice, and closing it leads back to its menu."""
    keys.button("More")
    keys.button("Settings")
    settings = page.get_by_role("dialog", name="Settings")
    language = settings.get_by_role("combobox", name="Language")
    keys.go_to(language)
    page.keyboard.type("Fr")
    french = page.get_by_role("dialog", name="Réglages")
    expect(french.get_by_role("combobox", name="Langue")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("button", name="Plus", exact=True)).to_be_focused()


def leave(keys: Keyboard, page: Page, alice: Participant, bob: Participant) -> None:
    """10. Leave: the way back in has the focus."""
    keys.button("Quitter")
    alice.wait_state("left")
    expect(page.get_by_role("button", name="Rejoindre à nouveau")).to_be_focused()
    bob.sees_no_more("alice")


TASKS = (
    join,
    mute,
    camera_off,
    write,
    raise_a_hand,
    pin,
    share,
    mute_somebody,
    change_the_language,
    leave,
)
