"""The gauges against what this process really does."""

import errno
import os
import resource
import threading
import time
from pathlib import Path

import pytest

from trio_sfu.overload import workers
from trio_sfu.overload.descriptors import DescriptorGauge
from trio_sfu.overload.gauges import ProcessGauges
from trio_sfu.overload.memory import MemoryGauge
from trio_sfu.overload.workers import WorkerGauge

PAGE = resource.getpagesize()


def test_each_worker_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, running = threading.Event(), threading.Event()
    used = [0.0]

    def spin() -> None:
        while not stop.is_set():
            used[0] = time.thread_time()
            running.set()

    busy, idle = threading.Thread(target=spin), threading.Thread(target=stop.wait)
    for each in (busy, idle):
        each.start()
    try:
        found = [each.native_id for each in (busy, idle) if each.native_id is not None]
        monkeypatch.setattr(workers, "_workers", lambda: {found[0]: 1, found[1]: 0})
        gauge = WorkerGauge()
        running.wait()
        before = used[0]
        assert gauge.read(0.0) == [0.0, 0.0]
        time.sleep(0.4)
        # In a minute of its own, whatever the machine gives a thread meanwhile.
        idle_share, share = gauge.read(60.0)
        after = used[0]
        assert share * 60 == pytest.approx(after - before, abs=0.05)
        assert after > before
        assert idle_share * 60 < 0.01
    finally:
        stop.set()
        busy.join()
        idle.join()


def test_a_worker_that_has_ended_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_workers", lambda: {2**22 - 3: 0})
    gauge = WorkerGauge()
    assert [gauge.read(0.0), gauge.read(1.0)] == [[0.0], [0.0]]
    assert gauge.read(2.0) == [0.0]


def test_descriptors_are_counted() -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = DescriptorGauge().read()
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(100)]
    try:
        assert DescriptorGauge().read() - before == pytest.approx(100 / limit)
    finally:
        for each in opened:
            os.close(each)


def test_without_a_descriptor_to_count_by_they_are_used_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_self: object) -> float:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(DescriptorGauge, "read", fail)
    monkeypatch.setattr(MemoryGauge, "read", fail)
    readings = ProcessGauges().read(0.0, 0.0)
    assert (readings.descriptors, readings.memory) == (1.0, 0.0)


def machine(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    """Make the files of a machine whose process has 1,000 pages resident."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/statm").write_text("5000 1000 100 1 0 100 0\n")
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_configured_limit_is_for_the_resident_memory(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/\n", {})
    assert MemoryGauge(2_000 * PAGE, root=root).read() == 0.5


def test_the_tightest_control_group_counts_without_its_cached_files(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        "0::/system.slice/sfu.service\n",
        {
            "system.slice/memory.max": "max\n",
            "system.slice/sfu.service/memory.max": "1000000\n",
            "system.slice/sfu.service/memory.current": "900000\n",
            "system.slice/sfu.service/memory.stat": "anon 600000\ninactive_file 100000\n",
        },
    )
    assert MemoryGauge(root=root).read() == 0.8


def test_a_control_group_of_version_1_in_a_container(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        "4:memory:/docker/of-the-host\n0::/\n",
        {
            "memory/memory.limit_in_bytes": "1000000\n",
            "memory/memory.usage_in_bytes": "500000\n",
            "memory/memory.stat": "cache 5\ntotal_inactive_file 0\n",
        },
    )
    assert MemoryGauge(root=root).read() == 0.5


def test_without_any_limit_the_machine_counts(tmp_path: Path) -> None:
    files = {
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/memory.usage_in_bytes": "500000\n",
    }
    root = machine(tmp_path, "4:memory:/\n", files)
    share = MemoryGauge(root=root).read()
    assert share == pytest.approx(1_000 / os.sysconf("SC_PHYS_PAGES"))
