from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.rooms.restarts import RestartLimit


def test_three_failures_in_a_minute_are_enough() -> None:
    limit = RestartLimit()
    for now in (0.0, 10.0, 20.0):
        assert limit.allows("r", now)
        limit.fail("r", now)
    assert not limit.allows("r", 59.9)
    assert limit.allows("other", 20.0)
    assert limit.allows("r", 60.0)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 30)), max_size=50))
def test_no_minute_sees_more_than_three_starts_after_failures(
    gaps: list[tuple[str, float]],
) -> None:
    limit, now = RestartLimit(), 0.0
    failures: dict[str, list[float]] = {"a": [], "b": []}
    for key, gap in gaps:
        now += gap
        recent = [then for then in failures[key] if then > now - 60]
        assert limit.allows(key, now) == (len(recent) < 3)
        if limit.allows(key, now):
            limit.fail(key, now)
            failures[key].append(now)
