"""For tests: a daemon inside the test's own process, and faults to put into it.

Nothing in the daemon imports this package and nothing in it can be reached from the
network. ``open_test_daemon`` is the daemon itself, on free ports of this machine.
"""

from trio_sfu.testing.in_process import open_test_daemon

__all__ = ["open_test_daemon"]
