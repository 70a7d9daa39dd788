"""For tests: a daemon inside the test's own process, faults to put into it, a simulation.

Nothing in the daemon imports this package and nothing in it can be reached from the
network. ``open_test_daemon`` is the daemon itself, on free ports of this machine;
``simulation`` is all of it but the DTLS handshake, on a virtual clock.
"""

from trio_sfu.testing.in_process import open_test_daemon

__all__ = ["open_test_daemon"]
