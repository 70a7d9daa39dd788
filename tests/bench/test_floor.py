"""The floor sends what it says, and to whom."""

import socket
import time
from unittest.mock import Mock

import pytest

from trio_sfu._native import Profile
from trio_sfu.bench.floor import Burst, Encryption, open_floor
from trio_sfu.bench.libc import Messages
from trio_sfu.trial.client import CM, GCM
from trio_sfu.trial.errors import TrialError


@pytest.mark.parametrize("gso", [True, False])
@pytest.mark.parametrize(("receivers", "fan_out", "packets"), [(70, 70, 3), (5, 2, 6), (1, 1, 1)])
def test_every_byte_of_a_step_arrives(
    *, gso: bool, receivers: int, fan_out: int, packets: int
) -> None:
    burst = Burst(packets=packets, size=200, fan_out=fan_out, gso=gso, profile=GCM)
    with open_floor(receivers, burst) as floor:
        for _ in range(5):
            floor.step()
        floor.receive(time.monotonic() + 0.05)
        count = floor.take_count()
        assert count.packets == 5 * fan_out * packets
        assert count.arrived == 1.0
        assert 0 < count.kernel_nanos < 5_000_000_000
        assert 0 < count.crypto_ns < 1_000_000
        assert floor.take_count().packets == 0


@pytest.mark.parametrize("segment", [100, None])
def test_a_run_is_split_where_it_says(segment: int | None) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
    ):
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
            each.settimeout(5)
        messages = Messages([first.getsockname(), second.getsockname()], 250, segment)
        assert len(messages.data) == 500
        messages.send(sender.fileno(), 1, 1)
        messages.send(sender.fileno(), 0, 2)
        # What the second one gets first is what was sent to it alone.
        lengths = [100, 100, 50] if segment else [250]
        assert [len(second.recv(4_096)) for _ in lengths * 2] == lengths * 2
        assert b"".join(first.recv(4_096) for _ in lengths) == bytes(messages.data[:250])


def test_what_the_kernel_refuses_is_told() -> None:
    burst = Burst(packets=50, size=2_000, fan_out=1, gso=True, profile=GCM)
    with open_floor(1, burst) as floor, pytest.raises(TrialError, match="does not send") as caught:
        floor.step()
    assert caught.value.code == "trial-failed"


@pytest.mark.parametrize("profile", [GCM, CM])
def test_all_pieces_are_encrypted(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    encryption, pieces = Encryption(profile), list[int]()
    cipher = Mock()
    cipher.update_into = lambda piece, _out: pieces.append(len(piece))
    monkeypatch.setattr(encryption, "_cipher", cipher)
    encryption.encrypt(memoryview(bytes(3 * (1 << 16) + 7)))
    assert pieces == [1 << 16] * 3 + [7]
