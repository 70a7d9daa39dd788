"""When a service is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.services.policy import Policy, Restarting


def test_the_wait_doubles_up_to_the_longest() -> None:
    restarting = Restarting(Policy(failures=100))
    waits = [restarting.failed(60.0 * n, 0, 0) for n in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_no_two_wait_equally_long() -> None:
    waits = [Restarting(Policy()).failed(0, 0, chance) for chance in (0, 0.5, 1)]
    assert waits == [1, 1.125, 1.25]


def test_five_failures_within_a_minute_are_too_many() -> None:
    restarting = Restarting(Policy())
    assert [restarting.failed(n, 0, 0) for n in range(5)] == [1, 2, 4, 8, 300]
    assert restarting.given_up
    assert restarting.failed(400, 0, 0) == 300, "one more try that fails changes nothing"


def test_a_service_that_has_lived_long_begins_anew() -> None:
    restarting = Restarting(Policy())
    for n in range(5):
        restarting.failed(n, 0, 0)
    assert restarting.failed(500, 61, 0) == 1
    assert not restarting.given_up


@given(
    st.lists(
        st.tuples(st.floats(0, 1_000), st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=60
    )
)
def test_it_never_restarts_faster_than_its_limits(lives: list[tuple[float, float, float]]) -> None:
    policy = Policy()
    restarting, now, tries = Restarting(policy), 0.0, []
    for pause, lived, chance in lives:
        now += pause + lived
        wait = restarting.failed(now, lived, chance)
        assert policy.first <= wait <= policy.retry * (1 + policy.jitter)
        now += wait
        tries.append((now, lived))
    short = [at for at, lived in tries if lived < policy.calm]
    for first, last in zip(short, short[policy.failures :], strict=False):
        assert last - first > policy.window or any(
            lived >= policy.calm for at, lived in tries if first <= at <= last
        )
