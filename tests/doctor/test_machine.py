"""What the doctor says of a machine that is not as it should be."""

import resource
from pathlib import Path

import pytest

from trio_sfu.config.model import Config, Http, Media, Overload
from trio_sfu.doctor.machine import (
    check_clock,
    check_descriptors,
    check_gso,
    check_memory,
    check_receive_buffer,
    check_room,
)

SMALL = Config(http=Http(max_connections=100), media=Media(max_transports=100))


@pytest.mark.parametrize(
    ("most", "state", "says"),
    [
        (1_000_000, "ok", "1000000 may be open"),
        (resource.RLIM_INFINITY, "ok", "any number may be open"),
        (300, "warn", "300 may be open, enough for some 59 peers; the settings allow 820"),
        (100, "fail", "only 100 may be open"),
    ],
)
def test_file_descriptors(
    monkeypatch: pytest.MonkeyPatch, most: int, state: str, says: str
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (64, most))
    found = check_descriptors(SMALL)
    assert (found.state, found.remedy != "") == (state, state != "ok")
    assert says in found.message


@pytest.mark.parametrize(("kib", "state"), [(8_000_000, "ok"), (200_000, "warn"), (30_000, "fail")])
def test_memory(tmp_path: Path, kib: int, state: str) -> None:
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal:  16000000 kB\nMemAvailable: {kib} kB\n")
    found = check_memory(file)
    assert (found.state, found.message) == (state, f"{kib // 1024} MiB are free")


def test_memory_that_nothing_is_said_about(tmp_path: Path) -> None:
    assert check_memory(tmp_path / "none").state == "warn"


@pytest.mark.parametrize(
    ("now", "synchronised", "state"),
    [(1_800_000_000, True, "ok"), (1_800_000_000, False, "warn"), (86_400, True, "fail")],
)
def test_the_clock(now: float, synchronised: bool, state: str) -> None:  # noqa: FBT001
    assert check_clock(now, synchronised=synchronised).state == state


def test_this_clock_can_be_asked() -> None:
    assert check_clock().state in ("ok", "warn")


def test_segmentation() -> None:
    assert check_gso().state == "ok"
    found = check_gso(9_999)  # an option no kernel has
    assert (found.state, "Linux 4.18" in found.remedy) == ("warn", True)


def test_the_receive_buffer(tmp_path: Path) -> None:
    setting = tmp_path / "rmem_max"
    assert check_receive_buffer(setting).state == "warn"
    for most, state in ((212_992, "warn"), (8_388_608, "ok")):
        setting.write_text(f"{most}\n")
        assert check_receive_buffer(setting).state == state


@pytest.mark.parametrize(
    ("memory", "limit", "state", "says"),
    [
        (8_000, 0, "ok", "8000 MiB are enough for some 25232 peers"),
        (2_000, 0, "warn", "enough for some 5965 peers; the settings allow 10000"),
        (8_000, 1_000, "warn", "1000 MiB are enough for some 2754 peers"),
        (100, 0, "fail", "enough for some 0 peers"),
    ],
)
def test_memory_for_as_many_as_the_settings_allow(
    tmp_path: Path, memory: int, limit: int, state: str, says: str
) -> None:
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal:  {memory * 1024} kB\nMemAvailable: 1 kB\n")
    found = check_room(Config(overload=Overload(memory_limit=limit)), file)
    assert (found.state, says in found.message) == (state, True), found
    assert ("media.max_transports" in found.remedy) == (state != "ok")
