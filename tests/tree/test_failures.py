"""What is kept of failures, and for how long."""

from trio_sfu.events import ConnectionCrashed, PeerCrashed, PeerLeft, RoomCrashed
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.tree.failures import Failures

ROOM, PEER = RoomId("r"), PeerId("p-1")


async def test_a_failure_is_found_at_its_place_and_above(autojump_clock: object) -> None:
    failures = Failures()
    failures.note(PeerCrashed(ROOM, PEER, "r/p-1/media", ValueError("x")))
    failures.note(PeerLeft(ROOM, PEER, "failed"))
    for path in ((), ("rooms",), ("rooms", "r"), ("rooms", "r", "p-1")):
        assert failures.last(path, 1.0) is not None
    for path in (("listeners",), ("rooms", "other"), ("rooms", "r", "p-2")):
        assert failures.last(path, 1.0) is None


async def test_the_last_one_is_told() -> None:
    failures = Failures()
    failures.note(RoomCrashed(ROOM, "r/door", ValueError()))
    failures.note(ConnectionCrashed("listeners", OSError(5, "bad")))
    failures.note(RoomCrashed(ROOM, "r/allocator", KeyError()))
    last = [failures.last((each,), 0) for each in ("rooms", "listeners")]
    assert [each.path for each in last if each] == ["r/allocator", "listeners"]
    assert failures.count(("rooms", "r")) == 2


async def test_groups_are_flattened_and_long_texts_cut() -> None:
    failures = Failures()
    cause = ValueError("because")
    raised = RuntimeError("x" * 1_000)
    raised.__cause__ = cause
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [raised]), TypeError("second")])
    failures.note(RoomCrashed(ROOM, "r/door", group))
    found = failures.last(("rooms",), 0)
    assert found is not None
    first, second, third = found.causes
    assert len(first) == 200
    assert first.startswith("RuntimeError: xxx")
    assert (second, third) == ("because of ValueError: because", "TypeError: second")


async def test_what_is_kept_is_bounded() -> None:
    failures = Failures()
    many = ExceptionGroup("many", [ValueError(str(n)) for n in range(100)])
    for _ in range(1_000):
        failures.note(RoomCrashed(ROOM, "r", many))
    assert failures.count(("rooms", "r")) == 256
    found = failures.last(("rooms",), 0)
    assert found is not None
    assert len(found.causes) == 8
