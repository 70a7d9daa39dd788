"""A ring around the tile of who is heard at the server, on their own page as well."""

from playwright.sync_api import expect

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "speaking"


def ringed(viewer: Participant) -> list[str]:
    """Return whose tiles have the ring, by what their labels say."""
    tiles = "[...document.querySelectorAll('.tile[data-speaking] .name')]"
    return sorted(viewer.page.run(f"() => {tiles}.map((name) => name.textContent)"))


def in_the_list(viewer: Participant) -> None:
    """Wait until the list of people says it as well, for who cannot see the rings."""
    viewer.page.click("People")
    people = chromium_of(viewer).page.get_by_role("region", name="People (2)")
    expect(people.get_by_role("img", name="Speaks")).to_have_count(2)
    viewer.page.click("Close the list of people")


def test_who_speaks_has_a_ring(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.hears({"alice": alice.tone})
    eventually(lambda: ringed(bob) == ["alice", "bob (You)"], within=10, why="both rings")
    eventually(lambda: ringed(alice) == ["alice (You)", "bob"], within=5, why="both rings")
    in_the_list(bob)
    alice.page.click("Mute microphone")
    eventually(lambda: ringed(bob) == ["bob (You)"], within=5, why="alice to have no ring")
    alice.page.click("Unmute microphone")
    eventually(lambda: "alice" in ringed(bob), within=5, why="her ring again")
