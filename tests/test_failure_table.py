"""Every row of docs/failures.md names a test that exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "failures.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TABLE)))


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_it_exists(file: str, function: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    names = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not function or function in names


def test_every_row_says_what_shows_it() -> None:
    rows = [line for line in TABLE.splitlines() if line.startswith("| ")]
    facts = [row for row in rows if not row.startswith(("| ---", "| what"))]
    assert len(facts) > 30
    for row in facts:
        shown_by = row.rstrip(" |").rpartition("|")[2].strip()
        assert shown_by == "the same" or "`tests/" in shown_by, row
