"""The report of runs: a table for people, JSON for programs, charts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.quality.drawing import chart
from benchmarks.quality.marks import Mark
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import Scenario

VERDICT = {True: "reached", False: "missed", None: ""}


@dataclass(frozen=True)
class Result:
    """One run, judged."""

    scenario: Scenario
    seed: int
    recording: Recording
    marks: list[Mark]


def judged(scenario: Scenario, seed: int, recording: Recording) -> Result:
    """Judge a run, and draw its chart beside its files."""
    result = Result(scenario, seed, recording, scenario.judge(recording))
    picture = chart(scenario.title, scenario.panels(recording), 0, scenario.seconds)
    (recording.folder / "chart.svg").write_text(picture)
    (recording.folder / "result.json").write_text(json.dumps(as_json(result), indent=1))
    return result


def as_json(result: Result) -> dict[str, object]:
    """Return what programs read."""
    return {
        "scenario": result.scenario.name,
        "seed": result.seed,
        "facts": result.recording.facts,
        "marks": [
            {
                "what": m.what,
                "value": m.value,
                "unit": m.unit,
                "wanted": m.wanted,
                "reached": m.reached,
            }
            for m in result.marks
        ],
    }


def table(results: Iterable[Result]) -> str:
    """Return a table in Markdown."""
    lines = ["| scenario | what | seen | wanted | |", "| --- | --- | --- | --- | --- |"]
    for result in results:
        name = result.scenario.name
        for mark in result.marks:
            lines.append(
                f"| {name} | {mark.what} | {mark.shown} | {mark.wanted} | {VERDICT[mark.reached]} |"
            )
            name = ""
    return "\n".join(lines) + "\n"


def conditions(result: Result) -> str:
    """Return a line about how busy the machine was."""
    facts = result.recording.facts
    return (
        f"{result.scenario.name}: load before {facts['load before']:.1f},"
        f" processors used {facts['processors used']:.2f}"
    )
