"""One table of all runs that are in a folder, however many of each scenario."""

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Run = Mapping[str, Any]


def runs(folder: Path) -> list[Run]:
    """Return the results of the runs in a folder."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*/result.json"))]


def table(found: Iterable[Run], order: Sequence[str]) -> str:
    """Return a table in Markdown: the median of the runs, and how far they lie apart."""
    lines = ["| scenario | what | seen | wanted | reached |", "| --- | --- | --- | --- | --- |"]
    by_name: dict[str, list[Run]] = {}
    for run in found:
        by_name.setdefault(run["scenario"], []).append(run)
    for name in sorted(by_name, key=order.index):
        of_name = by_name[name]
        shown = name
        for number, mark in enumerate(of_name[0]["marks"]):
            marks = [run["marks"][number] for run in of_name]
            reached = [each["reached"] for each in marks]
            count = "" if None in reached else f"{sum(reached)} of {len(reached)}"
            values = _values([each["value"] for each in marks], mark["unit"])
            lines.append(f"| {shown} | {mark['what']} | {values} | {mark['wanted']} | {count} |")
            shown = ""
    return "\n".join(lines) + "\n"


def _values(values: Sequence[float], unit: str) -> str:
    if any(math.isnan(value) for value in values):
        return "not measured"
    middle = f"{_word(statistics.median_low(values))} {unit}".strip()
    low, high = _word(min(values)), _word(max(values))
    return middle if low == high else f"{middle} ({low} to {high})"


def _word(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.3g}"
