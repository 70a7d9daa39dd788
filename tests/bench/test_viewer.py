"""What the kernel says of what has come, and what a thread has used."""

import socket
import struct
import time
from pathlib import Path

import pytest

from trio_sfu.bench.clock import clock
from trio_sfu.bench.libc import UDP_GRO, UDP_SEGMENT
from trio_sfu.bench.results import Clock
from trio_sfu.bench.usage import usage
from trio_sfu.bench.viewer import hear, said
from trio_sfu.trial.client import Client
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.stage import open_stage


def test_a_run_comes_whole_with_its_length_and_time() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        hear(receiver)
        sender.connect(receiver.getsockname())
        before = time.time_ns()
        sender.sendmsg([bytes(250)], [(socket.SOL_UDP, UDP_SEGMENT, struct.pack("=H", 100))])
        data, controls, _, _ = receiver.recvmsg(4_096, 128)
        segment, arrived = said(controls)
        assert (len(data), segment) == (250, 100)
        assert arrived is not None
        assert before - 1_000_000 < arrived < time.time_ns() + 1_000_000


def test_a_kernel_that_says_nothing() -> None:
    assert said([]) == (None, None)
    assert said([(socket.SOL_UDP, UDP_GRO, struct.pack("=i", 7))]) == (7, None)
    assert said([(socket.SOL_IP, 1, b"12345678")]) == (None, None)


def test_the_workers_thread_uses_time() -> None:
    with open_stage(1, Client) as stage:
        before = usage("worker-0")
        stage.settle(0)
        stage.settle(1)
        stage.connect()
        after = usage("worker-0")
        assert after.nanos > before.nanos > 0
        assert after.switches > before.switches
    with pytest.raises(TrialError, match="worker is gone"):
        usage("worker-0")


def test_the_kernels_clock_is_named(tmp_path: Path) -> None:
    assert clock().source
    assert clock(tmp_path) == Clock(source=None, governor=None)
    file = tmp_path / "devices/system/cpu/cpu0/cpufreq/scaling_governor"
    file.parent.mkdir(parents=True)
    file.write_text("powersave\n")
    assert clock(tmp_path) == Clock(source=None, governor="powersave")
