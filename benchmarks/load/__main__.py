"""``python -m benchmarks.load``: what forwarding costs, beside another SFU and the floor."""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import trio

from benchmarks.load import janus, report, workloads
from benchmarks.load.generator import GeneratorError, Timing, build
from benchmarks.load.namespace import enter
from benchmarks.load.peer import Link
from benchmarks.load.results import Result
from benchmarks.load.running import ALL, FORWARDERS, Forwarder, Options, measure
from trio_sfu._native import Profile

_PROFILES: dict[str, Profile] = {"gcm": "AEAD_AES_128_GCM", "cm": "AES128_CM_HMAC_SHA1_80"}


def _parser() -> argparse.ArgumentParser:
    lines = [
        f"  {each.name:<12} {each.shape} of {each.size}: {each.about}"
        for each in workloads.ALL.values()
    ]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=__doc__,
        epilog="\n".join(["workloads:", *lines, "", "README.md beside it says more."]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="all without any")
    parser.add_argument(
        "--forwarders",
        default=",".join(FORWARDERS),
        help="%(default)s; or trio-sfu-2, with two workers",
    )
    parser.add_argument("--profile", choices=_PROFILES, default="gcm", help="SRTP (%(default)s)")
    parser.add_argument("--size", type=int, help="so many people instead of the workload's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a measurement")
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds before each")
    parser.add_argument("--first-warm-up", type=float, default=4.0, help="before the first")
    parser.add_argument("--sample", type=int, default=16, help="one of so many is decrypted")
    parser.add_argument("--syscalls", action="store_true", help="count them, in one more round")
    parser.add_argument("--perf", type=Path, help="write profiles into this folder, likewise")
    parser.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plots", type=Path, help="write charts into this folder")
    return parser


def _forwarders(names: str) -> list[Forwarder]:
    chosen = names.split(",")
    unknown = set(chosen) - set(ALL)
    if unknown:
        raise SystemExit(f"no such forwarder: {', '.join(sorted(unknown))}")
    if not janus.installed():
        left_out = [name for name in chosen if name.startswith("janus")]
        if left_out:
            sys.stderr.write("Janus is left out: it is not installed (apt-get install janus)\n")
        chosen = [name for name in chosen if name not in left_out]
    return cast("list[Forwarder]", chosen)


def _machine() -> dict[str, object]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown",
    )
    version = "not installed"
    if janus.installed():
        query = ["dpkg-query", "-W", "-f", "${Version}", "janus"]
        version = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "janus": version or "not packaged",
    }


def _write(options: argparse.Namespace, results: Sequence[Result]) -> None:
    if options.json:
        whole = {"machine": _machine(), "results": msgspec.to_builtins(results)}
        options.json.write_text(json.dumps(whole, indent=1) + "\n")
    if options.plots:
        options.plots.mkdir(parents=True, exist_ok=True)
        (options.plots / "cost.svg").write_text(report.cost_chart(results))
        (options.plots / "latency.svg").write_text(report.latency_chart(results))


def main() -> None:
    """Measure, and print a table a workload."""
    options = _parser().parse_args()
    unknown = set(options.workloads) - set(workloads.ALL)
    if unknown:
        raise SystemExit(f"no such workload: {', '.join(sorted(unknown))}")
    chosen = _forwarders(options.forwarders)
    if any(name.startswith("janus") for name in chosen):
        enter("benchmarks.load")
    try:
        program = build(release=not options.debug)
    except GeneratorError as error:
        raise SystemExit(str(error)) from None
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    how = Options(
        program,
        chosen,
        Timing(options.rounds, options.first_warm_up, options.warm_up, options.seconds),
        Link(_PROFILES[options.profile], transport_cc=True),
        sample=options.sample,
        syscalls=options.syscalls,
        profiles=options.perf,
    )
    results: list[Result] = []
    for name in options.workloads or workloads.ALL:
        workload = workloads.ALL[name].sized(options.size)
        found = trio.run(measure, workload, how)
        results += found
        tables = [report.table(found), report.change_table(found)]
        if not workload.schedules:
            tables = [report.idle_table(found)]
        print("\n".join(filter(None, tables)), flush=True)
        _write(options, results)


if __name__ == "__main__":
    main()
