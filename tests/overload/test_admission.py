import pytest
from msgspec.structs import replace

from trio_sfu.config.model import Overload
from trio_sfu.errors import RequestError
from trio_sfu.overload.admission import Admission
from trio_sfu.overload.levels import Level

HERE = "192.0.2.7"


def admission(level: Level = Level.NORMAL, **settings: int) -> Admission:
    return Admission(replace(Overload(), **settings), lambda: level)


def refusal(
    admission: Admission,
    address: str | None = None,
    *,
    now: float = 0,
    returning: bool = False,
    identity: str | None = None,
) -> tuple[str, float | None] | None:
    try:
        admission.knock(now, address, returning=returning)
        admission.admit(now, identity, returning=returning)
    except RequestError as refused:
        return refused.code, refused.retry_after
    return None


def test_joins_beyond_the_rate_are_told_when_to_come_again() -> None:
    door = admission(joins_per_second=1, join_burst=2)
    assert [refusal(door) for _ in range(3)] == [None, None, ("too-many-joins", 1.0)]
    assert refusal(door, now=1.0) is None


def test_joins_of_one_address_are_no_burden_to_others() -> None:
    door = admission(address_joins_per_second=1, address_join_burst=1)
    assert refusal(door, HERE) is None
    assert refusal(door, HERE) == ("too-many-joins-from-address", 1.0)
    assert refusal(door, "192.0.2.8") is None


def test_refused_joins_of_one_address_take_nothing_of_what_all_have() -> None:
    door = admission(address_joins_per_second=1, address_join_burst=1, join_burst=2)
    for _ in range(100):
        refusal(door, HERE)
    assert refusal(door, "192.0.2.8") is None


def test_this_machine_is_not_limited_by_address() -> None:
    door = admission(address_joins_per_second=1, address_join_burst=1)
    assert [refusal(door, "127.0.0.1") for _ in range(50)] == [None] * 50


@pytest.mark.parametrize("level", [level for level in Level if level >= Level.FULL])
def test_a_full_server_lets_nobody_new_in(level: Level) -> None:
    assert refusal(admission(level)) == ("server-busy", 10.0)


def test_who_returns_is_let_in_however_full_it_is() -> None:
    door = admission(Level.AUDIO, join_burst=1, address_join_burst=3, address_joins_per_second=1)
    said = [refusal(door, HERE, returning=True) for _ in range(4)]
    assert said == [None, None, None, ("too-many-joins-from-address", 1.0)]


def test_even_who_returns_does_so_so_often_only() -> None:
    door = admission(join_burst=2, joins_per_second=1)
    said = [refusal(door, returning=True) for _ in range(11)]
    assert said == [None] * 10 + [("too-many-joins", 1.0)]
    assert refusal(door) is None
