"""The statistics of a call: a row and plots for each track, and a report to send."""

import re
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings, too_small
from tests.browser.firefox import running_firefox
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.patience import eventually

ROOM = "view"
PLAIN = str.maketrans({"\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": "x"})
NUMBER = r"[\d.,\u202f\u00a0]+"
FIGURES: Mapping[str, str] = {
    "microphone": rf"{NUMBER} [kM]bit/s\t{NUMBER} %\t-\t-\topus\t-\t{NUMBER} s",
    "camera": rf"{NUMBER} [kM]bit/s\t{NUMBER} %\t\d+x\d+, \d+/s\t.+\t(VP8|VP9|AV1|H264)\t-"
    rf"\t\d+ x \({NUMBER} s\)",
}


def rows(person: Participant) -> list[str]:
    """Return the table as somebody sees it, a line a row, cells with tabs between."""
    shown = person.page.run(
        "() => [...document.querySelectorAll('#statistics tbody tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.innerText.trim()).join('\\t'))"
    )
    return [str(row).translate(PLAIN) for row in shown]


def shows(person: Participant, row: str) -> None:
    """Wait until a row of the table is this, a regular expression."""
    eventually(lambda: any(re.fullmatch(row, each) for each in rows(person)), within=10, why=row)


def plotted(page: Page, who: str) -> int:
    """Return through how many seconds the plot of somebody's rate is drawn."""
    plot = page.get_by_role("row", name=re.compile(f"^{who}")).locator(".plot path").first
    return len(re.findall("[ML]", plot.get_attribute("d") or ""))


def test_the_figures_of_a_call(daemon: Daemon, person: PersonFactory, artifacts: Path) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    page = chromium_of(bob).page
    chromium_of(bob).resize(1100, 700)
    bob.sees("alice", alice.pattern)
    loaded = "() => performance.getEntriesByType('resource').map(({ name }) => name)"
    at_first = set(bob.page.run(loaded))
    bob.page.click("Statistics")
    for source, figures in FIGURES.items():
        shows(bob, f"alice: {source}\t{figures}")
    shows(bob, rf"bob \(sent\): microphone\t{NUMBER} kbit/s\t{NUMBER} %\t-\t-\topus\t\d+ ms\t-")
    shows(bob, r"bob \(sent\): camera\t.*\d+x\d+, \d+/s\t\w.*\t\w+\t\d+ ms\t-")
    panel = page.get_by_role("region", name="Statistics")
    expect(panel.get_by_text("Direct, UDP")).to_be_visible()
    eventually(lambda: plotted(page, "alice: camera") >= 3, within=10, why="the plot to grow")
    plot = panel.get_by_role("img", name=re.compile("In the last minute: .* to .*bit.s")).first
    expect(plot).to_be_visible()
    late = set(bob.page.run(loaded)) - at_first
    assert any("panel" in each for each in late), "the panel is no part of the first load"
    bob.page.screenshot(artifacts / "statistics.png")
    assert [*findings(bob), *too_small(bob)] == []
    closing = panel.get_by_role("button", name="Close the statistics")
    ways: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),  # the focus is not in it
        closing.click,
    ]
    for close in ways:
        close()
        expect(panel).to_be_hidden()
        expect(page.get_by_role("button", name="Statistics")).to_be_focused()
        page.keyboard.press("Enter")
        expect(panel).to_be_visible()


def test_a_report_is_copied(daemon: Daemon, person: PersonFactory, artifacts: Path) -> None:
    alice, bob = person("alice"), person("bob", language="fr-FR")
    alice.join(daemon.url, ROOM)
    bob.join(daemon.url, ROOM)
    page = chromium_of(bob).page
    chromium_of(bob).context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("d")
    panel = page.get_by_role("region", name="Statistiques")
    shows(bob, f"alice : caméra\t{FIGURES['camera']}")
    copy = panel.get_by_role("button", name="Copier le rapport")
    copy.click()
    said = panel.get_by_role("status")
    expect(said).to_contain_text("Le rapport est copié")
    text = str(bob.page.run("() => navigator.clipboard.readText()"))
    assert text.startswith(f"trio-sfu {metadata.version('trio-sfu')}, ")
    assert bob.page.run("() => navigator.userAgent") in text
    assert str(bob.page.run("() => window.trioSfu.client.self")) in text
    assert re.search(r"^alice : caméra\t.*VP[89]", text, re.MULTILINE), text
    assert "Chemin: Direct, UDP" in text
    # Neither where somebody is, nor how others would get in.
    assert "127.0.0.1" not in text
    assert ROOM not in text
    # Where the browser does not let it copy, it is there to be copied by hand.
    bob.page.run("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    copy.click()
    by_hand = panel.get_by_role("textbox", name="Rapport")
    expect(by_hand).to_be_visible()
    assert by_hand.input_value().startswith("trio-sfu ")
    bob.page.screenshot(artifacts / "report.png")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_figures_in_firefox(
    artifacts: Path, tmp_path: Path, person: PersonFactory, devices: DeviceFactory
) -> None:
    settings = {"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}
    with own_network() as network, network.inside():
        chromium = str(network.wrapper(tmp_path, "/usr/bin/chromium"))
        with (
            running_daemon(artifacts, environment=settings) as daemon,
            running_firefox("YRGB", 1700) as page,
        ):
            alice, fox = person("alice", executable=chromium), Participant(devices("dave"), page)
            for one in (alice, fox):
                one.join(daemon.url, ROOM)
            fox.sees("alice", alice.pattern)
            fox.page.click("Statistics")
            for source, figures in FIGURES.items():
                shows(fox, f"alice: {source}\t{figures}")
            shows(fox, r"dave \(sent\): camera\t.*\d+x\d+, \d+/s\t\w.*\t\w+\t\d+ ms\t-")
            facts = fox.page.run("() => document.querySelector('.facts').innerText")
            assert "Direct, UDP" in facts
            assert re.search(r"Round trip\s+\d+ ms", facts)
