"""Every queue of the daemon is known, and looked at in every story."""

import re
from pathlib import Path

import trio_sfu

ROOT = Path(trio_sfu.__file__).parent
QUEUE = re.compile(r"(open_memory_channel|deque|OrderedDict|TokenBuckets|Queue)(\[.*\])?\(")
ELSEWHERE = ("testing", "client", "webrtc/user_agent.py", "webrtc/switch_track.py")

LOOKED_AT = {
    "access/remembered.py",
    "events/failures.py",
    "events/recent.py",
    "events/timeline.py",
    "media/transport.py",
    "overload/admission.py",
    "rooms/allocation/steady.py",
    "rooms/absent.py",
    "rooms/chat.py",
    "rooms/commons.py",
    "rooms/returning.py",
    "rooms/room.py",
    "rooms/voice.py",
    "signaling/session.py",
    "webrtc/peer_connection.py",
}
"""By ``testing/simulation/queues.py``."""
OWN_TESTS = {
    "console/figures.py": "as long as half a minute; a program of its own; tests/console",
    "http/token.py": "bounded by its class; a simulation has no HTTP; tests/http",
    "liveness/loop.py": "a deque of fixed length; a simulation has no lag",
    "log_limit.py": "as long as the lines of a second; tests/daemon",
    "log_output.py": "counts its bytes; tests/daemon",
    "media/engine.py": "a deque of fixed length; the engine with threads",
    "overload/bucket.py": "the class itself",
    "self_test/link.py": "both bounded; tests/self_test",
    "services/policy.py": "a deque of fixed length",
    "signaling/frames.py": "a cache of so many short frames; tests/signaling",
    "webhooks/endpoint.py": "the oldest is dropped; a simulation has no HTTP; tests/webhooks",
    "webrtc/bridge.py": "DTLS is not simulated; tests/webrtc",
    "webrtc/engine_ice.py": "DTLS is not simulated; tests/webrtc",
    "whip/link.py": "bounded; a simulation has no HTTP; tests/whip",
}
"""Not part of a simulation."""


def test_a_new_queue_is_looked_at() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if QUEUE.search(path.read_text())
    }
    daemon = {name for name in found if not name.startswith(ELSEWHERE)}
    unknown = daemon - LOOKED_AT - OWN_TESTS.keys()
    assert not unknown, "a queue: add it to trio_sfu/testing/simulation/queues.py, or say why not"
