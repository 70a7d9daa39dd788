"""Many stories at once: their processes end with who started them."""

import signal
import subprocess
import sys

import psutil
import pytest

MAIN = "from trio_sfu.cli import main; main()"
COMMAND = [sys.executable, "-c", MAIN, "simulate", "--seeds", "1000", "--jobs", "2"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_who_is_killed(how: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE) as stories:
        assert stories.stdout is not None
        try:
            # The first are told: both processes are at work.
            stories.stdout.readline()
            # One more keeps count of what they share (multiprocessing.resource_tracker).
            started = psutil.Process(stories.pid).children(recursive=True)
            assert len(started) >= 2
        finally:
            stories.send_signal(how)
        _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
