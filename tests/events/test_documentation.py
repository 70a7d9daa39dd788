"""The pages about errors and events say what the code has, no less and no more."""

import re
from pathlib import Path

from trio_sfu.config.keys import KEYS
from trio_sfu.events import FACTS
from trio_sfu.self_test.party import STEPS
from trio_sfu.signaling.codes import CODES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "trio_sfu"
ERRORS = (ROOT / "docs" / "errors.md").read_text()
EVENTS = (ROOT / "docs" / "events.md").read_text()
SOURCES = "".join(file.read_text() for file in PACKAGE.rglob("*.py") if "testing" not in file.parts)
PAGE = (ROOT / "client" / "src" / "lib" / "errors.ts").read_text()

OF_SELF_TEST = {f"self-test-{step}" for step in STEPS}

# How the code says one: as an argument, an error's own, a reason, a body's, an HTTP status'.
SAID = (
    r'code="([a-z-]+)"',
    r'default_code(?:: ClassVar\[str\])? = "([a-z-]+)"',
    r'ConnectionRefused\("([a-z-]+)"\)',
    r'"code":"([a-z-]+)"',
    r'^    [45]\d\d: "([a-z-]+)",$',
    r'_refuse\(\s*"([a-z-]+)"',
    r'_error\(\s*\d+, "([a-z-]+)"',
)


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, but for its head."""
    part = page.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def codes(heading: str) -> list[str]:
    return [row[0].strip("` ") for row in rows(ERRORS, heading)]


def test_each_code_of_the_socket_has_a_row_with_what_it_means() -> None:
    told = {row[0].strip("`"): row[1] for row in rows(ERRORS, "Codes of the signaling socket")}
    assert told == {code: outcome.meaning for code, outcome in CODES.items()}


def test_each_code_of_the_page_has_a_row() -> None:
    local = PAGE.split("export type LocalCode =", 1)[1].split(";", 1)[0]
    assert codes("Codes the page finds itself") == re.findall(r'\| "([a-z-]+)"', local)


def test_every_code_there_is_has_a_row() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", ERRORS, re.MULTILINE))
    said = {code for how in SAID for code in re.findall(how, SOURCES, re.MULTILINE)}
    assert len(said) > 40
    assert (said | OF_SELF_TEST) - documented == set()


def test_every_row_is_a_code_there_is() -> None:
    for heading in re.findall(r"^### (Codes .*)$", ERRORS, re.MULTILINE):
        for code in codes(heading):
            assert f'"{code}"' in SOURCES + PAGE or code in OF_SELF_TEST, code


def test_the_settings_it_names_exist() -> None:
    sections = "|".join({key.split(".")[0] for key in KEYS})
    named = set(re.findall(rf"`((?:{sections})\.[a-z_]+)`", ERRORS))
    assert len(named) > 5
    assert named <= set(KEYS)


def test_each_kind_of_event_has_a_row() -> None:
    told = {row[0].strip("`"): row[1] for row in rows(EVENTS, "The kinds")}
    assert told == {
        kind.kind(): (kind.__doc__ or "").splitlines()[0].replace("``", "`") for kind in FACTS
    }
