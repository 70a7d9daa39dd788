"""Every text that says what is wrong, as the page shows it in a call: axe-core finds nothing, and
nothing sticks out. What only happens before or after a call is in ``test_states.py`` and
``test_endings.py``."""

import re
from pathlib import Path

import pytest

from tests.browser.looking import looking
from tests.browser.participant import PersonFactory
from tests.browser.test_states import LOCALES
from tests.process.daemon import Daemon

ROOM = "errors"
AT_ONCE = 3
"""Notices that there are at most."""
MESSAGES = Path(__file__).parents[2] / "client" / "src" / "page" / "messages"
PARAMETERS = {"name": "USB Audio CODEC (08bb:2902)", "used": "Built-in", "reason": "A dog"}

# By the page's own ways: what the library, and what the devices say.
TELL = """(codes, ofDevices, parameters) => {
    const { client, media } = window.trioSfu;
    media.emit("said", ofDevices ? codes.map((code) => ({ code, parameters })) : []);
    if (!ofDevices) for (const code of codes) client.emit("error", { code, failure: "f-4711" });
    return [...document.querySelectorAll(".notice")].map(({ dataset }) => dataset.code);
}"""
DISMISS = "() => { for (const each of document.querySelectorAll('.dismiss')) each.click(); }"


def codes_in(file: str) -> list[str]:
    """Return the codes of which a file of messages has something to say."""
    return re.findall(r'"error\.([a-z-]+)":', (MESSAGES / file).read_text())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_error_that_is_told_in_a_call(
    daemon: Daemon, person: PersonFactory, artifacts: Path, language: str
) -> None:
    alice = person("alice", language=LOCALES[language])
    alice.join(daemon.url, ROOM)
    total = 0
    with looking(artifacts, pictures=False) as look:
        for file in ("", "commons-", "devices-"):
            codes = codes_in(f"{file}{language}.ts")
            total += len(codes)
            for n in range(0, len(codes), AT_ONCE):
                told = codes[n : n + AT_ONCE]
                seen = alice.page.run(TELL, told, file == "devices-", PARAMETERS)
                assert sorted(seen) == sorted(told)
                look.at(alice, f"told-{told[0]}", sizes=("desktop", "phone"))
                alice.page.run(DISMISS)
    assert total > 70
