from trio_sfu.access.grant import OPEN
from trio_sfu.rooms.returning import Returning


def test_who_has_gone_may_return_for_some_time() -> None:
    returning = Returning(window=120)
    returning.note("a", 0)
    assert returning.held("a", 120) is OPEN
    assert returning.held("a", 121) is None
    assert returning.held("b", 0) is None


def test_tokens_are_bounded() -> None:
    returning = Returning(most=10)
    for number in range(1_000):
        returning.note(str(number), 0)
    assert len(returning) == 10
    assert returning.held("999", 0) is OPEN
    assert returning.held("0", 0) is None
