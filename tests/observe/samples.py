"""The ready-made files in conf/, and the names of metrics in them."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.core import Metric

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
RULES = CONF / "prometheus" / "trio-sfu.rules.yml"
DASHBOARD = CONF / "grafana" / "trio-sfu.json"

_NAME = re.compile(r"\b(?:trio_sfu|process)(?:_[a-z0-9]+)+\b")


def alerts() -> list[dict[str, Any]]:
    """Return the alerts, group after group."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def names_in(expression: str) -> set[str]:
    """Return the metrics that an expression of PromQL reads."""
    return set(_NAME.findall(expression))


def samples_of(metrics: Iterable[Metric]) -> set[str]:
    """Return what may be read of ``metrics``, also of those without a sample yet."""
    found = set()
    for metric in metrics:
        found |= {sample.name for sample in metric.samples}
        if metric.type == "counter":
            found.add(f"{metric.name}_total")
    return found
