"""The operator's page in a real Chromium, with two Python clients in a call."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserType, Dialog, Page, expect

from tests.browser.chromium import FLAGS
from tests.process.daemon import Daemon, running_daemon

ROOM = "standup"


@pytest.fixture
def page(chromium: BrowserType) -> Iterator[Page]:
    browser = chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS])
    yield browser.new_context().new_page()
    browser.close()


@pytest.fixture
def bots(daemon: Daemon) -> Iterator[list["subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "trio_sfu.client", daemon.url, "--room", ROOM]
    bots = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    yield bots
    for bot in bots:
        bot.terminate()
        bot.communicate(timeout=10)


def test_an_operator_watches_a_call_and_ends_it(
    daemon: Daemon, page: Page, bots: list["subprocess.Popen[str]"]
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{daemon.url}/admin/tree")
    peers = page.locator(".peer > summary")
    expect(peers).to_have_count(2, timeout=15_000)
    expect(page.locator(".peer > summary .state[data-state=connected]")).to_have_count(2)
    transport = page.locator(".peer .transport").first
    expect(transport.locator(".slot").first).to_be_hidden()
    transport.locator("summary").first.click()
    expect(transport.locator(".up-track").first).to_be_visible()
    expect(page.locator(".state[data-state=live]").first).to_be_attached()

    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", agree)
    gone = peers.first.locator(".name").inner_text()
    page.get_by_role("button", name=f"End peer {gone}").click()
    expect(peers).to_have_count(1)
    assert asked == [f"End peer {gone}?"]
    assert peers.locator(".name").inner_text() != gone
    page.get_by_role("button", name=f"End room {ROOM}").click()
    expect(page.locator(".room")).to_have_count(0)
    codes = sorted(bot.communicate(timeout=10)[1].partition(":")[2].strip() for bot in bots)
    assert [code.partition(":")[0] for code in codes] == ["removed", "room-closed"]

    daemon.already_stopped = True
    assert daemon.stop() == 0
    expect(page.locator("#trouble")).to_contain_text("what is shown is old")
    assert not [line for line in said if "Content Security Policy" in line or "Error:" in line]


def test_the_page_asks_for_the_token_once(artifacts: Path, tmp_path: Path, page: Page) -> None:
    token = "a-token-of-operators-0815"  # noqa: S105  (of this test)
    file = tmp_path / "token"
    file.write_text(token)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    with running_daemon(artifacts, "--token-file", str(file)) as daemon:
        page.goto(f"{daemon.url}/admin/tree")
        field = page.get_by_label("The operators' token")
        show = page.get_by_role("button", name="Show the tree")
        told = page.locator("#token-said")
        expect(field).to_be_visible()
        expect(told).to_be_hidden()
        field.fill("höschhöschhöschhösch")
        show.click()
        expect(told).to_contain_text("letters, digits")
        field.fill("another-token-of-0815")
        show.click()
        expect(told).to_have_text("This token is wrong.")
        expect(page.locator(".daemon")).to_have_count(0)
        page.screenshot(path=artifacts / "token.png")
        field.fill(f" {token} ")
        show.click()
        expect(page.locator(".daemon > summary .state[data-state=ready]")).to_be_attached()
        expect(field).to_be_hidden()

        page.reload()
        expect(page.locator(".daemon > summary .state[data-state=ready]")).to_be_attached()
        expect(field).to_be_hidden()
        # It is this tab's: another one is asked.
        other = page.context.new_page()
        other.goto(f"{daemon.url}/admin/tree")
        expect(other.get_by_label("The operators' token")).to_be_visible()
        other.close()

        command = [sys.executable, "-m", "trio_sfu.client", daemon.url, "--room", ROOM]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as bot:
            page.on("dialog", lambda dialog: dialog.accept())
            page.get_by_role("button", name=f"End room {ROOM}").click(timeout=15_000)
            expect(page.locator(".room")).to_have_count(0)
            bot.wait(10)
    assert not [url for url in asked if "token-of" in url or "?" in url]
    assert not said


def test_a_failure_is_shown_where_it_was_with_its_causes(artifacts: Path, page: Page) -> None:
    with running_daemon(artifacts, faulty=True) as daemon:
        command = [sys.executable, "-m", "trio_sfu.client", daemon.url, "--room", ROOM]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as bot:
            page.goto(f"{daemon.url}/admin/tree")
            expect(page.locator(".peer > summary")).to_have_count(1, timeout=15_000)
            daemon.fault(f"room {ROOM}")
            failure = page.locator(".service > .failure", has_text="room-failed")
            expect(failure).to_be_visible()
            bot.terminate()
        (record,) = json.loads(daemon.get("/api/v1/failures")[1])["failures"]
        expect(failure).to_contain_text(f"room-failed {record['id']} at ")
        expect(failure).to_contain_text(f"in {ROOM}/fault: InjectedFault: {ROOM}/fault at ")
        page.screenshot(path=artifacts / "tree.png")
