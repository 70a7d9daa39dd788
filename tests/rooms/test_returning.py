from trio_sfu.rooms.returning import Returning


def test_who_has_gone_may_return_for_some_time() -> None:
    returning = Returning(window=120)
    returning.note("a", 0)
    assert returning.has("a", 120)
    assert not returning.has("a", 121)
    assert not returning.has("b", 0)


def test_tokens_are_bounded() -> None:
    returning = Returning(most=10)
    for number in range(1_000):
        returning.note(str(number), 0)
    assert len(returning) == 10
    assert returning.has("999", 0)
    assert not returning.has("0", 0)
