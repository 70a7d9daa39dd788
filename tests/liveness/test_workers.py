"""Which worker has stood still, and for how long."""

from trio_sfu.liveness.workers import Workers


def test_a_worker_that_moves_is_never_idle_for_long() -> None:
    turns = [0, 0]
    workers = Workers(lambda: list(turns))
    for now in range(10):
        turns[0] += 1
        idle = workers.idle(now)
        assert idle == [0, now]


def test_nobody_looked_for_an_hour_and_the_worker_moved() -> None:
    turns = [0]
    workers = Workers(lambda: list(turns))
    workers.idle(0)
    turns[0] = 9_000
    assert workers.idle(3_600) == [0]


def test_another_engine_begins_anew() -> None:
    turns = [5]
    workers = Workers(lambda: list(turns))
    workers.idle(0)
    assert workers.idle(60) == [60]
    turns[:] = [1]
    assert workers.idle(61) == [0]
    turns[:] = [1, 1]
    assert workers.idle(70) == [0, 0]
