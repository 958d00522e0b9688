"""What people drag and type becomes the question that is asked, and what cannot be read is named."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import Invalid
from app.trade.planning import forms

NEWEST = date(2026, 6, 29)


def values(**changes: str) -> dict[str, str]:
    return {**forms.whatif_defaults(NEWEST), "customer": "cus_a", "product": "prd_a", **changes}


def plan_values(**changes: str) -> dict[str, str]:
    return {**forms.plan_defaults(NEWEST), "name": "Quarter", "budget": "25 000,50", **changes}


def wrong(call: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        call()
    return {error.field: error.message for error in refused.value.errors}


def test_the_first_look_is_a_fifth_off_for_two_weeks() -> None:
    wanted = forms.whatif(values())
    assert (wanted.start, wanted.weeks, wanted.discount, wanted.deal) == (date(2026, 7, 13), 2, Decimal("0.2"), True)


def test_an_unticked_box_means_no_and_a_box_that_was_not_there_the_default() -> None:
    assert forms.whatif_values({"discount": "10"}, values())["deal"] == ""
    assert forms.whatif_values({}, values())["deal"] == "1"


def test_what_cannot_be_read_is_named() -> None:
    assert wrong(lambda: forms.whatif(values(discount="101"))) == {"discount": "Write a share between 0 and 100 %."}
    assert wrong(lambda: forms.whatif(values(weeks="13"))) == {"weeks": "Between 1 and 12 weeks."}
    assert wrong(lambda: forms.whatif(values(customer="", product=""))) == {
        "customer_id": "Choose a customer.", "product_ids": "Choose at least one product.",
    }  # fmt: skip
    assert set(wrong(lambda: forms.whatif(values(start="soon", fixed="many")))) == {"fixed"}
    assert set(wrong(lambda: forms.whatif(values(start="soon")))) == {"start"}
    assert set(wrong(lambda: forms.whatif(values(feature="NaN")))) == {"feature"}


def test_a_plan_reads_its_kinds_budget_and_rules() -> None:
    asked = forms.plan(
        plan_values(most_spend_share="20", blackout="2026-07-15; 2026-08-01", most_events="5"), ["cus_a"], ["prd_a"]
    )
    assert asked.budget == Decimal("25000.50")
    assert [(one.discount, one.feature) for one in asked.mechanics] == [(Decimal("0.15"), 0), (Decimal("0.25"), 1)]
    assert (asked.rules.most_spend_share, asked.rules.most_events) == (Decimal("0.2"), 5)
    assert asked.rules.blackout == [date(2026, 7, 15), date(2026, 8, 1)]


def test_a_plan_without_budget_or_kinds_or_with_odd_limits_is_refused() -> None:
    nothing = {"discount_1": "", "discount_2": ""}
    assert set(wrong(lambda: forms.plan(plan_values(budget="", **nothing), ["cus_a"], ["prd_a"]))) == {"discount_1", "budget"}
    assert set(wrong(lambda: forms.plan(plan_values(most_events="1.5", blackout="Christmas"), ["c"], ["p"]))) == {
        "most_events", "blackout",
    }  # fmt: skip
    assert set(wrong(lambda: forms.plan(plan_values(discount_1="x", fixed_2="-5"), ["c"], ["p"]))) == {"discount_1", "fixed_2"}
    assert set(wrong(lambda: forms.plan(plan_values(), [], []))) == {"customer_ids", "product_ids"}
