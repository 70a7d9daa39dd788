"""How often a client may offer."""

from trio_sfu.webrtc.budget import BURST, PER_SECOND, OfferBudget


def test_a_burst_is_answered_and_then_one_offer_every_two_seconds() -> None:
    budget = OfferBudget()
    assert [budget.take(0.0) for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert not budget.take(0.9 / PER_SECOND)
    assert budget.take(1.1 / PER_SECOND)


def test_what_is_not_used_does_not_add_up() -> None:
    budget = OfferBudget()
    budget.take(0.0)
    assert sum(budget.take(1e6) for _ in range(2 * BURST)) == BURST
