"""Short runs, in this process: what they find, and that nothing is left of them."""

from pathlib import Path

import pytest

from trio_sfu._native import Profile
from trio_sfu.bench.figures import Round
from trio_sfu.bench.results import Measured
from trio_sfu.bench.running import Plan, measure
from trio_sfu.bench.viewer import Viewer
from trio_sfu.bench.workloads import Workload, load
from trio_sfu.trial.client import CM, GCM
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.packets import AUDIO_MID
from trio_sfu.trial.stage import Stage
from trio_sfu.trial.streams import AUDIO_PACKET

pytestmark = pytest.mark.alone

FEW = Workload("few", "frames of 4 packets, 400 packets/s forwarded", packets=4, forwarded=400)
SOUND = Workload("sound", "a microphone", mid=AUDIO_MID, size=AUDIO_PACKET, frames=50)
ROOMS = Workload("rooms", "rooms of three", shape="rooms", packets=3, frames=10)
SHORT = Plan(1.2, 2)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def workers() -> list[str]:
    names = [(task / "comm").read_text() for task in Path("/proc/self/task").iterdir()]
    return [name for name in names if name.startswith("sfu-worker")]


def sane(found: Measured) -> None:
    assert len(found.rounds) == 2
    assert found.figures.keys() == set(Round.__struct_fields__)
    assert found.checked > 10
    assert found.floor_arrived == 1.0
    assert 0 <= found.memory_bytes < 16 << 20
    for each in found.rounds:
        assert each.packets_a_second > 0
        assert (
            0
            < each.floor_crypto_ns
            < each.floor_ns
            == pytest.approx(each.floor_kernel_ns + each.floor_crypto_ns)
        )
        assert each.times_floor == pytest.approx(each.cpu_ns / each.floor_ns)
        assert 100 < each.cpu_ns < 10_000_000
        assert 1 <= each.packets_a_run <= each.packets_a_call
        assert each.lost < 0.5
        assert 0 < each.syscalls_a_packet < 10
        assert each.latencies > 0
        assert each.latency_p50_ms is not None
        assert 0 < each.latency_p50_ms < 10_000


@pytest.mark.parametrize(("profile", "tag"), [(GCM, 16), (CM, 10)])
def test_a_lecture_is_measured_and_leaves_nothing(profile: Profile, tag: int) -> None:
    before = descriptors()
    found = measure(load(FEW, 5), profile, SHORT)
    assert descriptors() == before
    assert workers() == []
    sane(found)
    assert (found.subscribers, found.packets_a_frame, found.profile) == (5, 4, profile)
    # The engine writes extensions of its own.
    assert abs(found.packet_bytes - 1_100 - tag) <= 12
    assert max(each.packets_a_run for each in found.rounds) > 2 or not found.gso


def test_sound_goes_one_by_one() -> None:
    found = measure(load(SOUND, 4), GCM, SHORT)
    sane(found)
    assert found.packet_bytes < 160


def test_everybody_in_a_room_sees_the_others() -> None:
    found = measure(load(ROOMS, 6), GCM, SHORT)
    sane(found)
    assert (found.subscribers, found.wanted_packets_a_second) == (6, 6 * 2 * 3 * 10)
    assert all(each.lost < 0.05 for each in found.rounds), "each sees both of the others"


def test_a_host_without_gso_sends_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "gso", False)
    found = measure(load(FEW, 3), GCM, SHORT)
    sane(found)
    assert not found.gso


def test_packets_that_are_damaged_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = Viewer.publish

    def damaged(self: Viewer, packets: list[bytes]) -> None:
        publish(self, [each[:-1] + b"x" for each in packets])

    monkeypatch.setattr(Viewer, "publish", damaged)
    with pytest.raises(TrialError, match="not what was sent") as caught:
        measure(load(FEW, 2), GCM, SHORT)
    assert caught.value.code == "trial-damaged"


def test_packets_that_do_not_come_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "show", lambda *_: None)
    with pytest.raises(TrialError, match="did not come through") as caught:
        measure(load(FEW, 2), GCM, SHORT)
    assert caught.value.code == "trial-failed"
