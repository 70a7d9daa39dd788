"""What is kept of failures, and for how long."""

from trio_sfu.events import (
    FACTS,
    ConnectionCrashed,
    Fact,
    Failure,
    Journal,
    PeerCrashed,
    PeerLeft,
    RoomCrashed,
    ServiceFailed,
)
from trio_sfu.ids import PeerId, RoomId

ROOM, PEER = RoomId("r"), PeerId("p-1")


def failure(path: str = "r/p-1/media", code: str = "peer-failed") -> Failure:
    return Failure.of(ValueError("x"), code=code, path=path)


def test_a_failure_is_found_at_its_place_and_above() -> None:
    journal = Journal()
    journal.note(PeerCrashed(failure(), ROOM, PEER))
    journal.note(PeerLeft(ROOM, PEER, "failed"))
    for group in ((), ("rooms",), ("rooms", "r"), ("rooms", "r", "p-1")):
        assert journal.failures.last(group) is not None
    for group in (("listeners",), ("rooms", "other"), ("rooms", "r", "p-2")):
        assert journal.failures.last(group) is None


def test_the_last_one_is_told() -> None:
    journal = Journal()
    journal.note(RoomCrashed(failure("r/door"), ROOM))
    journal.note(ConnectionCrashed(failure("listeners")))
    journal.note(ServiceFailed(failure("services/webhooks"), "webhooks"))
    journal.note(RoomCrashed(failure("r/allocator"), ROOM))
    last = [journal.failures.last((each,)) for each in ("rooms", "listeners", "services")]
    assert [each.path for each in last if each] == [
        "r/allocator",
        "listeners",
        "services/webhooks",
    ]
    assert journal.failures.count(("rooms", "r")) == 2


def test_a_failure_is_found_by_what_the_client_was_told() -> None:
    journal = Journal()
    records = [failure() for _ in range(3)]
    for record in records:
        journal.note(PeerCrashed(record, ROOM, PEER))
    assert journal.failures.find(records[1].id) is records[1]
    assert journal.failures.find("f-none") is None
    assert journal.failures.recent() == records[::-1]


def test_what_is_kept_is_bounded() -> None:
    journal = Journal()
    for _ in range(1_000):
        journal.note(RoomCrashed(failure(), ROOM))
    assert journal.failures.count(("rooms", "r")) == 256
    assert journal.count(RoomCrashed) == 1_000


def test_every_kind_of_fact_is_listed() -> None:
    # By name: a dataclass with slots is made twice, and the first one may linger.
    def below(kind: type[Fact]) -> set[str]:
        found = kind.__subclasses__()
        alone = {each.__qualname__ for each in found if not each.__subclasses__()}
        return alone.union(*map(below, found))

    assert below(Fact) - {"Crash", "PeerFact"} == {kind.__qualname__ for kind in FACTS}
    names = [kind.counter[0] for kind in FACTS if kind.counter is not None]
    assert len(set(names)) == len(names)
