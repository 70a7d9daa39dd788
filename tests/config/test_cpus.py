"""How many CPUs may be used, as affinity and control groups have it."""

import os
from pathlib import Path

import pytest

from trio_sfu.config.cpus import usable_cpus


@pytest.fixture(autouse=True)
def sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: range(16))


def machine(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_without_a_quota_it_is_what_the_process_may_run_on(tmp_path: Path) -> None:
    files = {"cpu.max": "max 100000\n", "system.slice/cpu.max": "max 100000\n"}
    assert usable_cpus(machine(tmp_path, "0::/system.slice\n", files)) == 16


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == 16


@pytest.mark.parametrize(
    ("quota", "cpus"), [("300000", 3), ("250000", 3), ("50000", 1), ("9900000", 16)]
)
def test_the_quota_of_a_container(tmp_path: Path, quota: str, cpus: int) -> None:
    root = machine(tmp_path, "0::/\n", {"cpu.max": f"{quota} 100000\n"})
    assert usable_cpus(root) == cpus


def test_the_tightest_group_counts(tmp_path: Path) -> None:
    files = {"a.slice/cpu.max": "200000 100000\n", "a.slice/b.service/cpu.max": "400000 100000\n"}
    assert usable_cpus(machine(tmp_path, "0::/a.slice/b.service\n", files)) == 2


@pytest.mark.parametrize(("quota", "cpus"), [("150000", 2), ("-1", 16)])
def test_version_1(tmp_path: Path, quota: str, cpus: int) -> None:
    files = {"cpu/cpu.cfs_quota_us": f"{quota}\n", "cpu/cpu.cfs_period_us": "100000\n"}
    root = machine(tmp_path, "4:cpu,cpuacct:/docker/of-the-host\n0::/\n", files)
    assert usable_cpus(root) == cpus
