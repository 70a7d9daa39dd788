"""An error in the server: the page says its code and reference, under which the log has it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.participant import PersonFactory
from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually

ROOM = "story"

# Everything that was told in a notice, and whether one is up now: they do not stay long.
COLLECT = """() => {
    window.told = [];
    const read = () => {
        for (const notice of document.querySelectorAll(".notice")) {
            const line = `${notice.dataset.code}: ${notice.querySelector("p").textContent}`;
            if (!window.told.includes(line)) window.told.push(line);
        }
    };
    new MutationObserver(read).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture
def daemon(artifacts: Path) -> Iterator[Daemon]:
    """A daemon that fails on request."""
    with running_daemon(artifacts, faulty=True) as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("peer {peer}", "peer-failed"),
        (f"room {ROOM}", "room-failed"),
        ("panic 0", "worker-lost"),
        ("session {peer}", "connection-failed"),
    ],
    ids=lambda value: str(value).split()[0],
)
def test_the_page_the_log_and_the_api_tell_the_same(
    daemon: Daemon, person: PersonFactory, fault: str, code: str
) -> None:
    alice = person("alice")
    alice.join(daemon.url, ROOM)
    before = alice.page.run("() => window.trioSfu.client.self")
    eventually(
        lambda: alice.page.run("() => window.trioSfu.pc.connectionState === 'connected'"),
        within=10,
        why="media to flow",
    )
    alice.page.run(COLLECT)
    daemon.fault(fault.format(peer=before))
    entry = eventually(
        lambda: daemon.find(lambda each: each.get("code") == code and "id" in each),
        within=10,
        why="the record in the log",
    )
    (failure,) = json.loads(daemon.get("/api/v1/failures")[1])["failures"]
    assert entry is not None
    assert (entry["id"], entry["causes"]) == (failure["id"], failure["causes"])
    reference = f"(code {code}, reference {failure['id']})"
    eventually(
        lambda: [line for line in alice.page.run("() => window.told") if reference in line],
        within=10,
        why=f"{reference} on the page",
    )
    alice.wait_state("in-call")
    # A socket's failure is nothing but a resumed session; after the others one joins anew.
    kept = alice.page.run("() => window.trioSfu.client.self") == before
    eventually(
        lambda: (
            daemon.metrics()["trio_sfu_peers"] == 1
            and daemon.metrics()["trio_sfu_sessions_resumed_total"] == (code == "connection-failed")
        ),
        within=10,
        why="the person to be back",
    )
    assert kept == (code == "connection-failed")
