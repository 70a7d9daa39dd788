"""Each command that stands inside of a text is one that there is, and is run by a test."""

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from tests.docs.elsewhere import COMMANDS, OTHERS, Elsewhere, Here
from tests.docs.reading import ROOT, quoted, words
from trio_sfu.cli import main
from trio_sfu.token_command import token

QUOTED = quoted()
OWN = sorted(each for each in QUOTED if each.startswith("trio-sfu "))
MADE = sorted(each for each in QUOTED if each.startswith("make "))
MODULES = sorted(each for each in QUOTED if each.startswith("python -m "))
REST = sorted(QUOTED.keys() - {*OWN, *MADE, *MODULES})


@pytest.mark.parametrize("text", OWN)
def test_ours_takes_what_it_is_given(text: str) -> None:
    # N and M stand for numbers, as PEER does for a peer.
    _, name, *arguments = (re.sub(r"^[NM]$", "7", word) for word in words(text))
    command = main.commands[name]
    if name == "token" and arguments:
        command = token.commands[arguments.pop(0)]
    options = [each for each in arguments if each.startswith("-")]
    try:
        command.make_context(name, arguments)
    except click.MissingParameter:
        assert not options, "a name alone may stand without what it needs, a whole command not"
    run = [(ROOT / each).read_text() for each in COMMANDS[name]]
    for each in options:
        assert any(f'"{each}"' in test for test in run), f"{COMMANDS[name]} do not use {each}"


def test_each_command_of_ours_is_run_by_a_test() -> None:
    assert COMMANDS.keys() == main.commands.keys()
    for name, (first, *_) in COMMANDS.items():
        assert f'"{name}"' in (ROOT / first).read_text(), f"{first} does not run {name}"


def test_make_knows_what_it_is_asked_for() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets: set[str] = set()
    variables: set[str] = set()
    for text in MADE:
        for word in words(text)[1:]:
            (variables if "=" in word else targets).add(word.partition("=")[0])
    assert variables <= set(re.findall(r"^(\w+) \?=", makefile, re.MULTILINE))
    done = subprocess.run(
        ["make", "--dry-run", *sorted(targets)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", MODULES)
def test_a_module_is_there_with_its_options(text: str) -> None:
    _, _, module, *arguments = shlex.split(text)
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    place = Path(found.origin)
    files = place.parent.glob("*.py") if place.name == "__init__.py" else [place]
    source = "".join(each.read_text() for each in files)
    for each in arguments:
        assert not each.startswith("-") or f'"{each}"' in source


@pytest.mark.parametrize("text", REST)
def test_another_program_is_run_by_a_test_that_is_named(text: str) -> None:
    assert text in OTHERS, f"{QUOTED[text]}: say in tests/docs/elsewhere.py which test runs it"
    where = OTHERS[text]
    if isinstance(where, Elsewhere):
        assert where.says in (ROOT / where.test).read_text(), where
    elif isinstance(where, Here):
        assert subprocess.check_output(shlex.split(text), timeout=30)
    else:
        assert where.why


def test_nothing_is_said_of_commands_that_are_gone() -> None:
    assert OTHERS.keys() <= set(REST)
