"""Ladders and wants as tests draw them."""

from hypothesis import strategies as st

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.ladder import Ladder, Step
from trio_sfu.rooms.allocation.wants import Want

KBIT = 1_000.0


def camera(*bitrates: float) -> Ladder:
    """Return a ladder of encodings q, h, f at these rates in kbit/s."""
    return tuple(
        Step(rid, None, None, rate * KBIT, rate * KBIT, size, 320 * 2**size, 180 * 2**size)
        for size, (rid, rate) in enumerate(zip("qhf", bitrates, strict=False))
    )


USUAL = camera(150, 500, 1_700)


def want(mid: str, ladder: Ladder = USUAL, weight: float = 1.0) -> Want:
    return Want(mid, (PeerId(f"p-{mid}"), "camera"), ladder, weight)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    rates = sorted(draw(st.sets(st.integers(20, 4_000), min_size=1, max_size=6)))
    return tuple(
        Step(f"r{level}", None, None, rate * KBIT, rate * KBIT * draw(st.floats(1.0, 1.5)), level)
        for level, rate in enumerate(rates)
    )


@st.composite
def viewers(draw: st.DrawFn) -> list[Want]:
    weights = draw(st.lists(st.sampled_from([0.5, 1.0, 1.9, 4.0, 8.0, 16.0]), max_size=9))
    return [want(f"v{n}", draw(ladders()), weight) for n, weight in enumerate(weights)]


BUDGETS = st.floats(0, 20_000_000)
