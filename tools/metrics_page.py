"""Write the list of metrics in docs/observe.md anew, from a daemon that runs for a moment.

    python -m tools.metrics_page

A test says when that was forgotten.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import trio
from prometheus_client.core import Metric

from trio_sfu.config.load import load
from trio_sfu.daemon import open_daemon
from trio_sfu.events import FACTS, Journal
from trio_sfu.http.engine_metrics import PREFIX, REASONS
from trio_sfu.http.metrics import registry_of

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "observe.md"
BEGIN: Final = "<!-- metrics: written by tools/metrics_page.py -->\n"
END: Final = "<!-- end of metrics -->\n"


async def scraped() -> list[Metric]:
    """Return the metrics of a daemon through which media has gone once."""
    config = load(None, {}, {"http.port": "0", "media.port": "0"})
    async with open_daemon(config, journal=Journal()) as daemon:
        await daemon.test_media()
        return list(registry_of(daemon).collect())


def render(metrics: list[Metric]) -> str:
    """Return the tables."""
    groups: dict[str, list[Metric]] = {"The daemon": [], "The packet engine": [], "The process": []}
    for metric in sorted(metrics, key=lambda metric: metric.name):
        groups[_group(metric.name)].append(metric)
    lines = [line for title, members in groups.items() for line in _table(f"#### {title}", members)]
    lines += ["", f"#### Reasons of `{PREFIX}_drops_total`", "", "| reason | what is dropped |"]
    lines += ["| --- | --- |", *(f"| `{name}` | {text} |" for name, text in REASONS.items())]
    return "\n".join(lines[1:]) + "\n"


def page(text: str, tables: str) -> str:
    """Return the page's text with ``tables`` in the place of the old ones."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def _group(name: str) -> str:
    if name.startswith("process_"):
        return "The process"
    return "The packet engine" if name.startswith(PREFIX) else "The daemon"


def _table(title: str, metrics: list[Metric]) -> Iterator[str]:
    yield from (
        "",
        title,
        "",
        "| metric | type | labels | what it tells |",
        "| --- | --- | --- | --- |",
    )
    for metric in metrics:
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = ", ".join(f"`{label}`" for label in labels_of(metric))
        cells = [f"`{name}`", metric.type, labels, metric.documentation.rstrip(".")]
        yield "| " + " | ".join(cells).replace("|  |", "| |") + " |"


def labels_of(metric: Metric) -> list[str]:
    """Return the names of a metric's labels, also of one that has no sample yet."""
    of_facts = {f"trio_sfu_{kind.counter[0]}": kind.label for kind in FACTS if kind.counter}
    found = {label for sample in metric.samples for label in sample.labels} - {"le"}
    return sorted(found | set(filter(None, [of_facts.get(metric.name)])))


def main() -> None:
    """Write the page."""
    text = PAGE.read_text(encoding="utf-8")
    written = page(text, render(trio.run(scraped)))
    PAGE.write_text(written, encoding="utf-8")
    if written != text:
        print(f"{PAGE.name} was written anew", file=sys.stderr)


if __name__ == "__main__":
    main()
