"""What Lighthouse calls best practices, and axe-core does not look at: asked of Chromium itself."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Response, expect

from tests.browser.participant import PersonFactory, chromium_of
from tests.browser.test_states import press
from tests.process.daemon import Daemon, free_ports
from tests.process.test_self_signed import serving

ROOM = "practice"
FIRST_LOAD = 60_000
"""Bytes that come before one can do anything: page, script, style, as they are sent."""
Measure = Callable[[str, str], None]
LOADED = """() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""

# Pictures and videos whose shape is not that of what they show, unless they are cropped or framed.
STRETCHED = """() => [...document.querySelectorAll("img, video")]
    .filter((e) => e.checkVisibility() && (e.naturalWidth || e.videoWidth))
    .filter((e) => !["cover", "contain"].includes(getComputedStyle(e).objectFit))
    .map((e) => e.outerHTML)"""
SMALL_TEXT = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const small = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        if (node.data.trim() && node.parentElement.checkVisibility()
            && parseFloat(getComputedStyle(node.parentElement).fontSize) < 12)
            small.push(node.data);
    return small;
}"""
PASTES = """() => [...document.querySelectorAll("input, textarea")]
    .every((e) => e.dispatchEvent(
        new ClipboardEvent("paste", { cancelable: true, bubbles: true })))"""


@dataclass
class Said:
    """What Chromium has against a page."""

    console: list[str] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    def note(self, entry: dict[str, Any]) -> None:
        """Take an entry of the browser's own log."""
        self.console.append(f"{entry['level']}: {entry['text']}")


@pytest.fixture
def said() -> Said:
    return Said()


def listen(page: Page, said: Said) -> CDPSession:
    """Have Chromium say everything: also what only its developer tools show."""
    session = page.context.new_cdp_session(page)
    session.on("Audits.issueAdded", lambda event: said.issues.append(event["issue"]))
    session.on("Log.entryAdded", lambda event: said.note(event["entry"]))
    page.on("console", lambda message: said.console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.console.append(f"uncaught: {error}"))
    page.on("response", lambda response: said.responses.append(response))
    session.send("Audits.enable")
    session.send("Log.enable")
    return session


@pytest.fixture
def page(person: PersonFactory, said: Said) -> Iterator[Page]:
    alice = person("alice")
    window = chromium_of(alice).page
    session = listen(window, said)
    yield window
    session.detach()


def test_a_whole_visit(
    daemon: Daemon, page: Page, said: Said, person: PersonFactory, measure: Measure
) -> None:
    bob = person("bob")
    bob.join(daemon.url, ROOM)
    loaded = visit(daemon.url, page, said)
    measure("first load of the page, gzip", f"{loaded / 1_000:.1f} kB")


def test_a_whole_visit_over_tls(tmp_path: Path, person: PersonFactory, said: Said) -> None:
    """As on a machine without a name, whose certificate its user has accepted."""
    http, media = free_ports()
    browsers = [chromium_of(person(name)).browser for name in ("alice", "bob")]
    devices = ["camera", "microphone"]
    with serving(tmp_path / "state", http, media), ExitStack() as contexts:
        page, other = (
            contexts.enter_context(
                closing(browser.new_context(ignore_https_errors=True, permissions=devices))
            ).new_page()
            for browser in browsers
        )
        url = f"https://127.0.0.1:{http}"
        other.goto(f"{url}/{ROOM}?name=bob&join")
        listen(page, said)
        visit(url, page, said)
        kept = said.responses[0].all_headers()["strict-transport-security"]
        assert int(kept.removeprefix("max-age=")) >= 15_552_000
        assert page.evaluate("() => isSecureContext")


def visit(url: str, page: Page, said: Said) -> int:
    """See a lobby, a call with Bob and its end; return how many bytes came at first."""
    answer = page.goto(f"{url}/{ROOM}?name=alice")
    assert answer is not None
    loaded = int(page.evaluate(LOADED))
    assert 20_000 < loaded <= FIRST_LOAD
    the_document(page)
    the_headers(answer)
    in_every_part(page)
    assert not chunks(said)
    press(page, "Join")
    expect(page.get_by_role("article", name="bob")).to_be_visible()
    for name in ("Statistics", "Statistics", "Chat", "People"):
        press(page, name)
        in_every_part(page)
    assert chunks(said) == {"panel"}
    press(page, "Leave")
    in_every_part(page)
    # Chromium hands on what it has noted before it is asked again.
    page.wait_for_function("() => new Promise((done) => requestIdleCallback(() => done(true)))")
    assert said.console == []
    assert said.issues == []
    of_this_server_alone(url, said)
    return loaded


def chunks(said: Said) -> set[str]:
    """Return which of the parts have come that are loaded when they are used."""
    names = (response.url.rpartition("/assets/")[2].split("-")[0] for response in said.responses)
    return {name for name in names if name in ("panel", "connection", "encryption", "worker")}


def the_document(page: Page) -> None:
    """The doctype, the charset, the viewport, the language, the title."""
    assert page.evaluate("() => document.doctype?.name") == "html"
    assert page.evaluate("() => document.compatMode") == "CSS1Compat"
    assert page.evaluate("() => document.characterSet") == "UTF-8"
    assert page.locator("html").get_attribute("lang") == "en"
    assert ROOM in page.title() or page.title() == "trio-sfu"
    viewport = page.locator("meta[name=viewport]").get_attribute("content") or ""
    assert "width=device-width" in viewport
    # Who sees badly enlarges it.
    assert not re.search("user-scalable|maximum-scale", viewport)


def the_headers(answer: Response) -> None:
    """Against injected scripts, frames and windows of others, and guessed types."""
    headers = answer.all_headers()
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=(self)" in headers["permissions-policy"]
    assert "charset=utf-8" in headers["content-type"]


def in_every_part(page: Page) -> None:
    """What holds whatever is shown."""
    assert page.evaluate(STRETCHED) == []
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(PASTES)
    # Asked for when they are needed, and these never are.
    for name in ("geolocation", "notifications"):
        state = "(name) => navigator.permissions.query({ name }).then(({ state }) => state)"
        assert page.evaluate(state, name) in ("prompt", "denied")


def of_this_server_alone(url: str, said: Said) -> None:
    """Nothing is loaded from elsewhere, nothing fails, there is no cookie and no source map."""
    assert said.responses
    for response in said.responses:
        assert response.url.startswith(url), response.url
        assert response.ok, (response.url, response.status)
        assert "set-cookie" not in response.all_headers()


def test_the_check_would_notice(daemon: Daemon, page: Page, said: Said) -> None:
    """A page that does each of these things is told of."""
    page.goto(f"{daemon.url}/{ROOM}")
    page.evaluate(
        """() => {
            const xhr = new XMLHttpRequest();
            xhr.open("GET", "/healthz", false);
            xhr.send();
            console.warn("a warning");
            const style = document.createElement("style");
            style.textContent = "body { color: red }";
            document.head.append(style);
        }"""
    )
    page.wait_for_function("() => new Promise((done) => requestIdleCallback(() => done(true)))")
    codes = {issue["code"] for issue in said.issues}
    assert {"DeprecationIssue", "ContentSecurityPolicyIssue"} <= codes, said
    assert "warning: a warning" in said.console
