"""What comes of a lost engine is not the peers' failure."""

import pytest

from tests.rooms.scripted import Someone, scene
from trio_sfu._native import EngineError
from trio_sfu.media.transport import TransportLost
from trio_sfu.rooms.blame import engine_lost

LOST = TransportLost("worker-lost", "it panicked", "f-1")


def engine_error(code: str) -> EngineError:
    error = EngineError(f"the engine says {code}")
    error.code = code
    return error


async def test_a_command_on_a_lost_engine_ends_the_peer_with_the_engines_failure() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await ann.offer("microphone")
        await bob.offer()
        bob.pc.lost = LOST
        await fails_with(bob, ann, engine_error("closed"))
        assert (bob.link.ended, bob.link.failure) == (["worker-lost"], "f-1")
        assert s.journal.failures.recent() == []
        assert ann.left == [(bob.id, "failed")]


async def test_an_engine_that_refuses_a_command_while_it_lives_is_a_defect() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await ann.offer("microphone")
        await bob.offer()
        await fails_with(bob, ann, engine_error("closed"))
        assert bob.link.ended == ["peer-failed"]
        assert len(s.journal.failures.recent()) == 1


async def fails_with(viewer: Someone, publisher: Someone, error: EngineError) -> None:
    viewer.pc.slots["a0"].error = error
    await publisher.publish("microphone")


@pytest.mark.parametrize(
    ("codes", "lost", "told"),
    [
        (["worker-lost"], None, "worker-lost"),
        (["worker-lost", "closed"], LOST, "worker-lost"),
        (["closed"], None, None),
        (["unknown-encoding"], LOST, None),
        (["closed"], TransportLost("events-lost", "too many"), None),
    ],
)
def test_only_what_a_lost_engine_says_counts(
    codes: list[str], lost: TransportLost | None, told: str | None
) -> None:
    group = ExceptionGroup("tasks", [engine_error(code) for code in codes])
    found = engine_lost(group, lost)
    assert (found.code if found else None) == told
    if found is not None and lost is not None:
        assert found.failure == lost.failure


def test_another_error_beside_it_is_a_defect() -> None:
    group = ExceptionGroup("tasks", [engine_error("worker-lost"), KeyError("x")])
    assert engine_lost(group, LOST) is None
