"""``python -m benchmarks.quality [SCENARIO...]``: play scenarios, print and keep a report."""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import BrowserType

from benchmarks.quality import summary
from benchmarks.quality.people import browsers
from benchmarks.quality.report import Result, conditions, judged, table
from benchmarks.quality.running import run
from benchmarks.quality.scenarios import SCENARIOS

DRAWING = {"width": 1000, "height": 900}


def main() -> None:
    """Play what was asked for."""
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"of: {' '.join(SCENARIOS)} (all)")
    parser.add_argument("--into", type=Path, default=Path("artifacts/quality"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1, help="each with the next seed")
    parser.add_argument("--path", choices=("tun", "netem"), default="tun")
    options = parser.parse_args()
    names = options.scenarios or list(SCENARIOS)
    if unknown := set(names) - SCENARIOS.keys():
        parser.error(f"no such scenario: {' '.join(sorted(unknown))}")

    results: list[Result] = []
    with browsers() as chromium:
        for name in names:
            for seed in range(options.seed, options.seed + options.runs):
                folder = options.into / f"{name}-{seed}"
                recording = run(SCENARIOS[name], chromium, folder, seed=seed, backend=options.path)
                results.append(judged(SCENARIOS[name], seed, recording))
                draw(chromium, folder)
                print(table(results[-1:]) + conditions(results[-1]), flush=True)
    (options.into / "report.md").write_text(summary.table(summary.runs(options.into), [*SCENARIOS]))


def draw(chromium: BrowserType, folder: Path) -> None:
    """Make a PNG of the chart."""
    browser = chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    try:
        page = browser.new_page()
        page.set_viewport_size({"width": DRAWING["width"], "height": DRAWING["height"]})
        page.set_content(f"<body style='margin:0'>{(folder / 'chart.svg').read_text()}</body>")
        page.screenshot(path=folder / "chart.png", full_page=True)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
