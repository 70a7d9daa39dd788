"""The Grafana dashboard in conf/: it is one, it reads what is there, and its units are right."""

import json
import re
from typing import Any

from tests.observe.samples import DASHBOARD, names_in, samples_of
from tools import metrics_page

BOARD = json.loads(DASHBOARD.read_text())
PANELS: list[dict[str, Any]] = [each for each in BOARD["panels"] if each["type"] != "row"]

# The last word of a metric's name, and what a panel shows it in.
UNITS = {
    "_seconds": {"s"},
    "_ratio": {"percentunit"},
    "_pixels": {"pixel"},
    "_bits_per_second": {"bps"},
}


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def test_it_is_a_dashboard_that_grafana_takes() -> None:
    assert BOARD["schemaVersion"] >= 36
    assert BOARD["uid"] == "trio-sfu"
    assert [each["name"] for each in BOARD["templating"]["list"]] == ["datasource", "instance"]
    numbers = [each["id"] for each in BOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["title"]


def test_no_two_panels_are_in_the_same_place() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & taken, panel["title"]
        taken |= own


async def test_what_it_reads_is_in_a_scrape() -> None:
    there = samples_of(await metrics_page.scraped())
    for panel in PANELS:
        for expression in expressions(panel):
            read = names_in(expression) or {"ALERTS"} & set(re.findall(r"\w+", expression))
            assert read, expression
            assert read - {"ALERTS"} <= there, panel["title"]


def test_every_panel_has_its_unit_and_follows_the_choices() -> None:
    for panel in PANELS:
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for expression in expressions(panel):
            assert 'instance=~"$instance"' in expression or "ALERTS" in expression
            assert expression.count("(") == expression.count(")")
            if "histogram_quantile" in expression:
                [name] = names_in(expression)
                family = name.removesuffix("_bucket")
                end = next(end for end in UNITS if family.endswith(end))
                assert unit in UNITS[end], panel["title"]
            if re.search(r"rate\(\w*_bytes_(sent|received)?", expression):
                assert unit == "bps", panel["title"]
                assert expression.startswith("8 * "), panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert panel["datasource"]["uid"] == "${datasource}"
