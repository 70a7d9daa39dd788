"""A ring around the tile of who is heard at the server, on their own page as well."""

from tests.browser.participant import Participant, PersonFactory
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "speaking"


def ringed(viewer: Participant) -> list[str]:
    """Return whose tiles have the ring, by what their labels say."""
    tiles = "[...document.querySelectorAll('.tile[data-speaking] .name')]"
    return sorted(viewer.page.run(f"() => {tiles}.map((name) => name.textContent)"))


def test_who_speaks_has_a_ring(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.hears({"alice": alice.tone})
    eventually(lambda: ringed(bob) == ["alice", "bob (You)"], within=10, why="both rings")
    eventually(lambda: ringed(alice) == ["alice (You)", "bob"], within=5, why="both rings")
    alice.page.click("Mute microphone")
    eventually(lambda: ringed(bob) == ["bob (You)"], within=5, why="alice to have no ring")
    alice.page.click("Unmute microphone")
    eventually(lambda: "alice" in ringed(bob), within=5, why="her ring again")
