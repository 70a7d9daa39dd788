"""Of tests in both languages, `make test` runs one each."""

from tests.browser.languages import by_turns


def test_each_is_left_in_one_language_and_both_have_their_share() -> None:
    names = [f"test_x.py::test_{n}[{each}]" for n in range(20) for each in ("en", "fr")]
    others = by_turns(names)
    left = [name for name in names if name not in others]
    assert [name.partition("[")[0] for name in left] == [f"test_x.py::test_{n}" for n in range(20)]
    assert 5 <= sum(name.endswith("[en]") for name in left) <= 15
    assert by_turns(reversed(names)) == others, "whatever their order"


def test_what_else_differs_stays() -> None:
    names = ["a[en-button]", "a[fr-button]", "a[en-US-tab]", "a[fr-FR-tab]", "b[send]", "c[fr]"]
    left = set(names) - by_turns(names)
    assert len(left & set(names[:2])) == len(left & set(names[2:4])) == 1
    assert {"b[send]", "c[fr]"} <= left
