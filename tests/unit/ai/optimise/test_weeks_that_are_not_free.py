"""A candidate near a promotion that exists, or near the last one in the sales, is out and says which."""

from datetime import timedelta
from typing import Any

from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.optimise.busy import why_busy
from ai.optimise.calendar import Candidate
from ai.planning_schemas import TakenAsked
from ai.wording import week_text


def candidate(panel: Panel, ahead: int, product: str = "prd_a", customers: tuple[str, ...] = ("cus_1", "cus_2")) -> Candidate:
    """Two weeks, `ahead` weeks after the sales."""
    first = panel.last_week + ahead
    return Candidate("e1", 100, 10, 5.0, frozenset((customer, product) for customer in customers), first, first + 1)


def taken(panel: Panel, ahead: int, **changes: Any) -> TakenAsked:
    first = monday_of(panel.last_week + ahead)
    fields = {"customer_ids": ["cus_chain"], "product_ids": ["prd_a"], "start": first, "end": first + timedelta(days=6)}
    return TakenAsked(**(fields | changes))


def test_a_promotion_of_the_chain_keeps_its_weeks_at_every_store(panel: Panel) -> None:
    why = why_busy(panel, candidate(panel, 10), [taken(panel, 11)], 0)
    assert why is not None
    assert week_text(panel.last_week + 11) in why


def test_quiet_weeks_are_kept_before_and_after_it(panel: Panel) -> None:
    for ahead, free in ((5, True), (6, False), (7, False), (10, False), (12, False), (13, False), (14, True)):
        assert (why_busy(panel, candidate(panel, ahead), [taken(panel, 10)], 3) is None) is free, ahead


def test_other_products_and_other_stores_are_free(panel: Panel) -> None:
    assert why_busy(panel, candidate(panel, 10), [taken(panel, 10, product_ids=["prd_b"])], 2) is None
    assert why_busy(panel, candidate(panel, 10), [taken(panel, 10, customer_ids=["cus_5"])], 2) is None


def test_the_last_promotion_in_the_sales_counts_as_well(panel: Panel) -> None:
    """prd_b was promoted until the week before the last one of the sales."""
    assert "in the sales" in (why_busy(panel, candidate(panel, 1, "prd_b"), [], 2) or "")
    assert why_busy(panel, candidate(panel, 2, "prd_b"), [], 2) is None
    assert why_busy(panel, candidate(panel, 1, "prd_b"), [], 0) is None
