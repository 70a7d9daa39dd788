from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.overload.bucket import TokenBucket, TokenBuckets

GAPS = st.lists(st.floats(0, 2), max_size=200)


@given(GAPS, st.integers(1, 20), st.integers(1, 20))
def test_no_stretch_of_time_grants_more_than_burst_and_rate(
    gaps: list[float], rate: int, burst: int
) -> None:
    bucket = TokenBucket(rate, burst)
    now, granted = 0.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now):
            granted.append(now)
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            stretch = granted[last] - granted[first]
            assert last - first + 1 <= burst + stretch * rate + 1e-6


@given(st.lists(st.floats(0.1, 2), max_size=100))
def test_who_keeps_to_the_rate_is_never_refused(gaps: list[float]) -> None:
    bucket = TokenBucket(rate=10, burst=1)
    now = 0.0
    for gap in gaps:
        now += gap + 1e-9
        assert bucket.take(now)


def test_a_bucket_says_how_long_to_wait() -> None:
    bucket = TokenBucket(rate=2, burst=1)
    assert bucket.wait == 0
    assert bucket.take(0)
    assert not bucket.take(0.1)
    assert bucket.wait == 0.4
    assert bucket.take(0.5)


def test_looking_takes_nothing_and_says_what_taking_would() -> None:
    bucket = TokenBucket(rate=2, burst=1)
    assert all(bucket.has_one(0) for _ in range(5))
    assert bucket.take(0)
    for now, there in ((0.0, False), (0.4, False), (0.5, True), (0.5, True)):
        assert bucket.has_one(now) == there
    buckets = TokenBuckets(rate=1, burst=1)
    assert buckets.has_one("a", 0)
    assert len(buckets) == 0  # Who only looks has no bucket.
    assert buckets.take("a", 0)
    assert not buckets.has_one("a", 0.5)
    assert buckets.has_one("b", 0.5)


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = TokenBuckets(rate=1, burst=1)
    assert buckets.take("a", 0)
    assert not buckets.take("a", 0)
    assert buckets.take("b", 0)
    assert buckets.wait("a") == 1


def test_keys_beyond_the_bound_are_forgotten_the_oldest_first() -> None:
    buckets = TokenBuckets(rate=1, burst=1, most=100)
    for number in range(10_000):
        buckets.take(str(number), 0)
    assert len(buckets) == 100
    assert not buckets.take("9999", 0)
    assert buckets.take("0", 0)
