"""The record of a failure: what of an error is in it, and what must not be."""

import gc
import weakref

import msgspec
import pytest
import trio

from trio_sfu.events import Failure
from trio_sfu.rooms.tracing import start_traced, traced


def record(error: BaseException, *conceal: str) -> Failure:
    return Failure.of(error, code="peer-failed", path="r/p-1", conceal=conceal)


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


def test_groups_disappear_and_what_caused_an_error_is_below_it() -> None:
    first = raised(RuntimeError("what came of it"), KeyError("the cause"))
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [first]), TypeError("second")])
    one, two = record(group).causes
    assert (one.type, one.message) == ("RuntimeError", "what came of it")
    assert [each.type for each in one.causes] == ["KeyError"]
    assert (two.type, two.causes) == ("TypeError", ())


def test_what_was_being_handled_is_a_cause_unless_it_was_put_aside() -> None:
    def fail(*, aside: bool) -> BaseException:
        try:
            try:
                raise KeyError("first")
            except KeyError:
                if aside:
                    raise ValueError("second") from None
                raise ValueError("second")  # noqa: B904  (the context is meant)
        except ValueError as error:
            return error

    assert [each.type for each in record(fail(aside=False)).causes[0].causes] == ["KeyError"]
    assert record(fail(aside=True)).causes[0].causes == ()


def test_a_groups_own_cause_is_kept() -> None:
    group = raised(ExceptionGroup("tasks", [ValueError("x")]), OSError("why"))
    assert record(group).text().splitlines() == ["ValueError: x", "  because of OSError: why"]


def test_equal_errors_are_counted() -> None:
    group = ExceptionGroup("many", [*(ValueError("same") for _ in range(5)), ValueError("other")])
    same, other = record(group).causes
    assert (same.count, other.count) == (5, 1)
    assert record(group).text() == "ValueError: same (5 times)\nValueError: other"


def test_size_and_depth_are_bounded() -> None:
    wide = record(ExceptionGroup("many", [ValueError(str(n)) for n in range(100)]))
    assert (len(wide.causes), wide.omitted) == (32, 68)
    assert wide.text().endswith("and 68 more")
    deep: Exception = ValueError("0")
    for n in range(100):
        deep = raised(ValueError(f"{n}" * 1_000), deep)
    found = record(deep)
    assert len(found.text().splitlines()) == 9  # the last says that there is more
    assert len(msgspec.json.encode(found)) < 4_000


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert len(record(one).text().splitlines()) == 2


async def test_the_line_of_ours_that_it_came_through_is_named() -> None:
    async def bare() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x") as caught:
        await traced(bare)
    assert record(caught.value).causes[0].where.startswith("trio_sfu/rooms/tracing.py:")
    alone = record(raised(ValueError()))
    assert alone.causes[0].where.startswith("events/test_failure.py:")


async def test_the_path_is_that_of_the_innermost_task() -> None:
    async def bare() -> None:
        raise ValueError("x")

    async def outer() -> None:
        async with trio.open_nursery() as nursery:
            start_traced(nursery, bare, "r/p-1/media")
            start_traced(nursery, trio.sleep_forever, "r/p-1/requests")

    with pytest.RaisesGroup(ValueError) as caught:
        await traced(outer)
    found = record(caught.value)
    assert found.path == "r/p-1/media"
    assert found.causes[0].notes == ()
    assert record(ValueError()).path == "r/p-1"


def test_notes_are_kept() -> None:
    error = ValueError("x")
    error.add_note("while dancing")
    assert record(error).text() == "ValueError: x\n  note: while dancing"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no answer from 192.0.2.17:5000", "no answer from <address>:5000"),
        ("from 2001:db8::17 port 5", "from <address> port 5"),
        ("from ('fe80::1', 5000)", "from ('<address>', 5000)"),
        ("at 12:30:55 or 1.5 of f.py:12", "at 12:30:55 or 1.5 of f.py:12"),
        ("token Zm9vYmFyYmF6cXV4MTIzNDU2 is bad", "token <secret> is bad"),
        ("a=ice-pwd:0123456789abcdef0123456789abcdef", "a=ice-pwd:<secret>"),
        ("host 8f3b0f3e-0a3c-4b62-9b53-4b8a3e7f9d10.local", "host <secret>.local"),
        ("Zoë Ann-Marie said annoying things to Ann", "<name> said annoying things to <name>"),
        ("two\nlines\x1b[31m and\ttabs", "two lines [31m and tabs"),
        ("a well-known-word-that-is-long stays", "a well-known-word-that-is-long stays"),
        ("x" * 1_000, "x" * 199 + "…"),
    ],
)
def test_names_addresses_and_secrets_are_left_out(said: str, kept: str) -> None:
    found = record(ValueError(said), "Ann", "Zoë Ann-Marie", "")
    assert found.causes[0].message == kept


def test_an_error_that_cannot_say_what_it_is_is_recorded_too() -> None:
    class Mute(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise RuntimeError

    assert record(Mute()).text() == "Mute"


def test_the_record_holds_nothing_of_what_has_ended() -> None:
    class Big:
        pass

    def fail() -> Failure:
        big = Big()
        known.append(weakref.ref(big))
        return record(raised(ValueError("x")))

    known: list[weakref.ref[Big]] = []
    kept = fail()
    gc.collect()
    assert known[0]() is None
    assert kept.causes[0].message == "x"
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Failure) == kept
