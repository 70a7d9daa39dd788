"""What axe-core finds wrong with a page for people with disabilities, and what is too small."""

from pathlib import Path
from typing import Any

from tests.browser.participant import Participant

_AXE = Path(__file__).parents[2] / "client" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def findings(person: Participant) -> list[str]:
    """Return what axe-core has against the page as it is now."""
    if not person.page.run("() => Boolean(window.axe)"):
        person.page.run(f"() => {{ {_AXE.read_text()} }}")
    found: list[dict[str, Any]] = person.page.run(
        """async (rules) => (await axe.run(document, {
            runOnly: rules, resultTypes: ["violations"] })).violations
            .map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))""",
        list(_RULES),
    )
    return [f"{each['id']}: {each['nodes']}" for each in found]


def too_small(person: Participant) -> list[str]:
    """Return what can be pressed and is less than 24 pixels wide or high (WCAG 2.2, 2.5.8)."""
    small: list[str] = person.page.run(
        """() => [...document.querySelectorAll("button, input, select, textarea")]
            .filter((e) => e.checkVisibility())
            .filter((e) => { const { width, height } = e.getBoundingClientRect();
                             return Math.min(width, height) < 24; })
            .map((e) => e.outerHTML.slice(0, 120))"""
    )
    return small
