"""Notice when hypercorn moves the inner names that ``listeners.hypercorn_server`` uses."""

import inspect
from importlib.metadata import version

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext


def test_the_names_are_what_they_were_when_they_were_read() -> None:
    assert version("hypercorn") == "0.18.0", "read listeners/ against the new version first"
    assert list(inspect.signature(TCPServer).parameters) == [
        "app",
        "config",
        "context",
        "state",
        "stream",
    ]
    assert list(inspect.signature(ASGIWrapper).parameters) == ["app"]
    assert list(inspect.signature(WorkerContext).parameters) == ["max_requests"]
    assert hasattr(WorkerContext(None), "terminated")
    for name in ("keep_alive_timeout", "read_timeout", "h11_max_incomplete_size"):
        assert hasattr(Config(), name)


def test_it_still_asks_a_plain_stream_for_what_ours_gives() -> None:
    source = inspect.getsource(TCPServer)
    for asked in (
        "self.stream.do_handshake()",
        "self.stream.selected_alpn_protocol()",
        "self.stream.transport_stream.socket",
        "self.stream.socket",
        "except AttributeError:  # Not SSL",
    ):
        assert asked in source
