from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.rooms.layers import LADDER, choose_encoding

LIVE = st.sets(st.sampled_from(LADDER))
QUALITY = st.sampled_from(["low", "medium", "high"])


def test_each_quality_gets_its_own_encoding() -> None:
    shown = [choose_encoding(LADDER, quality) for quality in ("low", "medium", "high")]
    assert shown == ["q", "h", "f"]


def test_off_shows_nothing() -> None:
    assert choose_encoding(LADDER, "off") is None


def test_a_single_encoding_serves_every_quality() -> None:
    assert [choose_encoding({""}, quality) for quality in ("low", "high")] == ["", ""]


def test_a_stopped_encoding_falls_back_down_then_up() -> None:
    assert choose_encoding({"q"}, "high") == "q"
    assert choose_encoding({"h", "f"}, "low") == "h"


@given(LIVE, QUALITY)
def test_something_live_is_always_shown_when_anything_is(live: set[str], quality: str) -> None:
    shown = choose_encoding(live, quality)  # type: ignore[arg-type]
    assert (shown in live) if live else shown is None
