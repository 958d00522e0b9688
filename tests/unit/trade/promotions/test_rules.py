"""What a promotion may become, what may be changed, and what its terms must satisfy."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.promotions import rules
from app.trade.promotions.models import Origin, PromotionInput, PromotionStatus, SellIn
from app.trade.promotions.rules import Planned

START = date(2026, 3, 2)


def terms(**changes: Any) -> PromotionInput:
    fields = {
        "name": "Spring", "customer_id": "cus_1", "product_ids": ["prd_1"], "start": START, "end": START + timedelta(13),
        "discount": Decimal("0.25"), **changes,
    }  # fmt: skip
    return PromotionInput(**fields)


def wrong_fields(**changes: Any) -> list[str]:
    return [error.field for error in rules.check(terms(**changes))]


def test_sensible_terms_have_nothing_wrong() -> None:
    assert wrong_fields() == []


@pytest.mark.parametrize(("days", "wrong"), [(0, ["end"]), (1, []), (90, []), (91, ["end"])])
def test_it_runs_one_to_ninety_days(days: int, wrong: list[str]) -> None:
    assert wrong_fields(end=START + timedelta(days - 1)) == wrong


@pytest.mark.parametrize(("discount", "note", "wrong"), [
    ("0.40", "", []), ("0.41", "", ["note"]), ("0.41", "Clearing", []), ("0.60", "Clearing", []), ("0.61", "x", ["discount"]),
])  # fmt: skip
def test_a_deep_discount_needs_a_reason_and_a_deeper_one_is_refused(discount: str, note: str, wrong: list[str]) -> None:
    assert wrong_fields(discount=Decimal(discount), note=note) == wrong


def test_sell_in_must_end_after_it_starts_and_products_are_named_once() -> None:
    backwards = SellIn(start=START, end=START - timedelta(1))
    assert wrong_fields(sell_in=backwards, product_ids=["prd_1", "prd_1"]) == ["sell_in_end", "product_ids"]


@given(st.sampled_from(PromotionStatus), st.sampled_from(PromotionStatus))
def test_only_the_listed_steps_are_possible(status: PromotionStatus, wanted: PromotionStatus) -> None:
    refused = rules.why_not(status, wanted, Origin.ENTERED, START, START)
    assert (refused is None) == (wanted in rules.may_become(status, Origin.ENTERED))


@given(st.sampled_from(PromotionStatus), st.sampled_from(PromotionStatus))
def test_an_observed_deal_has_happened(status: PromotionStatus, wanted: PromotionStatus) -> None:
    assert rules.may_become(status, Origin.OBSERVED) == ()
    assert "already happened" in str(rules.why_not(status, wanted, Origin.OBSERVED, START, START))


def test_it_cannot_be_completed_before_it_started() -> None:
    early = rules.why_not(PromotionStatus.ACTIVE, PromotionStatus.COMPLETED, Origin.ENTERED, START, START - timedelta(1))
    assert "has not started" in str(early)


def test_afterwards_only_name_costs_and_note_change_and_nothing_of_a_cancelled_one() -> None:
    assert rules.changeable(PromotionStatus.COMPLETED, Origin.ENTERED) == {"name", "costs", "note"}
    assert rules.changeable(PromotionStatus.COMPLETED, Origin.OBSERVED) == {"name", "costs", "note"}
    assert rules.changeable(PromotionStatus.CANCELLED, Origin.ENTERED) == frozenset()
    assert rules.changeable(PromotionStatus.DRAFT, Origin.ENTERED) == set(PromotionInput.model_fields)


def planned(name: str, first: date, last: date, stores: str = "ab", products: str = "x") -> Planned:
    return Planned(name, name, frozenset(stores), frozenset(products), first, last)


def test_overlap_is_by_store_product_and_week() -> None:
    wednesday = START + timedelta(2)
    one = planned("one", START, wednesday)
    later_same_week = planned("two", wednesday + timedelta(1), wednesday + timedelta(1))
    week_after = planned("three", START + timedelta(7), START + timedelta(8))
    elsewhere = planned("four", START, wednesday, stores="c")
    other_product = planned("five", START, wednesday, products="y")
    found = rules.overlapping(one, [one, later_same_week, week_after, elsewhere, other_product])
    assert [other.id for other in found] == ["two"]


DAYS = st.integers(0, 60).map(lambda number: START + timedelta(number))


@given(DAYS, DAYS, DAYS, DAYS)
def test_overlap_is_mutual(a: date, b: date, c: date, d: date) -> None:
    one, two = planned("one", min(a, b), max(a, b)), planned("two", min(c, d), max(c, d))
    assert bool(rules.overlapping(one, [two])) == bool(rules.overlapping(two, [one]))


def test_an_observed_code_says_where_what_and_when() -> None:
    assert rules.observed_code("DOM", "TROP-64", date(1992, 9, 14), "pos") == "DOM-TROP-64-1992W38"
    assert rules.observed_code("DOM", "TROP-64", date(1992, 9, 14), "shipment") == "DOM-TROP-64-1992W38-shipment"
