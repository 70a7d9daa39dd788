"""What a machine says of itself."""

from pathlib import Path

from trio_sfu.trial.host import fastest_link, look


def link(folder: Path, name: str, state: str, speed: str | None, *, device: bool = True) -> None:
    (folder / name).mkdir()
    (folder / name / "operstate").write_text(f"{state}\n")
    if speed is not None:
        (folder / name / "speed").write_text(f"{speed}\n")
    if device:
        (folder / name / "device").mkdir()


def test_the_fastest_device_that_is_up_counts(tmp_path: Path) -> None:
    link(tmp_path, "lo", "unknown", None)
    link(tmp_path, "eth0", "up", "1000")
    link(tmp_path, "eth1", "up", "10000")
    link(tmp_path, "eth2", "down", "40000")
    link(tmp_path, "docker0", "up", "100000", device=False)
    link(tmp_path, "ens3", "up", "-1")
    assert fastest_link(tmp_path) == ("eth1", 10_000)


def test_a_machine_whose_network_says_nothing(tmp_path: Path) -> None:
    link(tmp_path, "ens3", "up", "-1")
    assert fastest_link(tmp_path) == (None, None)
    assert fastest_link(tmp_path / "none") == (None, None)


def test_this_machine() -> None:
    host = look()
    assert host.cores >= 1
    assert 0 < host.memory_free_bytes <= host.memory_bytes
    assert look(memory_limit=1 << 20).memory_free_bytes == 1 << 20
