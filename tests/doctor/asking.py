"""Asks the doctor and reads what it says."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import structlog
from click.testing import CliRunner

from trio_sfu.cli import main

Findings: TypeAlias = dict[str, dict[str, str]]


@contextmanager
def kept_logging() -> Iterator[None]:
    """Leave logging to the next test as it was."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)


def findings(text: str) -> Findings:
    """Return the findings of its JSON that are no ``ok``, by their check."""
    checks = json.loads(text)["checks"]
    return {each["check"]: each for each in checks if each["state"] != "ok"}


def ask(*arguments: str, environment: dict[str, str] | None = None) -> Findings:
    """Ask it here."""
    given = {"TRIO_SFU_CONFIG": ""} | (environment or {})
    with kept_logging():
        result = CliRunner().invoke(main, ["doctor", "--json", *arguments], env=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return findings(result.stdout)


def ask_program(*arguments: str, prefix: Sequence[str]) -> Findings:
    """Ask it as a program of its own, with ``prefix`` before the command."""
    program = str(Path(sys.executable).with_name("trio-sfu"))
    command = [*prefix, program, "doctor", "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout, ended.stderr
    return findings(ended.stdout)
