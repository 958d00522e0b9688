"""The form as a question, the question as the AI service takes it, and its answer in our words."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.recommend_schemas import RecommendRequest
from app.core.errors import Invalid
from app.trade.recommendations import forms, rules
from app.trade.recommendations.models import RecommendationAsked

PART = {"customer_ids": ["cus_a"], "product_ids": ["prd_a"], "source": "pos"}


def asked(**given_: str) -> RecommendationAsked:
    return forms.asked(forms.values_of(given_), ["cus_a"])


def wrong(**given_: str) -> set[str]:
    with pytest.raises(Invalid) as caught:
        asked(**given_)
    return {forms.shown_name(error.field) for error in caught.value.errors}


def test_an_empty_form_asks_what_one_would_ask_first() -> None:
    found = asked()
    assert (found.weeks, found.side, found.funding, found.product_ids) == (2, "manufacturer", None, [])
    assert (found.rules.most_discount, found.rules.weeks_between) == (Decimal("0.4"), 2)
    assert (found.start, found.rules.most_spend) == (None, None)


def test_a_full_form_is_the_question_as_typed() -> None:
    found = asked(
        product="prd_a", weeks="3", side="retailer", funding="35", fixed="1 500,50", feature_cost="100", most_discount="25",
        weeks_between="0", most_spend="9000", most_spend_share="20", blackout="2026-12-21; 2026-12-28", start="2026-08-10",
        end="2026-09-13",
    )  # fmt: skip
    assert (found.product_ids, found.funding, found.fixed) == (["prd_a"], Decimal("0.35"), Decimal("1500.50"))
    assert found.rules.blackout == [date(2026, 12, 21), date(2026, 12, 28)]
    assert (found.rules.weeks_between, found.rules.most_spend_share) == (0, Decimal("0.2"))
    assert (found.start, found.end) == (date(2026, 8, 10), date(2026, 9, 13))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("funding", "120"), ("fixed", "-1"), ("weeks", "many"), ("weeks", "13"), ("most_discount", "101"), ("blackout", "Xmas"),
        ("weeks_between", "99"), ("start", "soon"), ("side", "shopper"), ("most_spend", "NaN"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(field: str, text: str) -> None:
    assert wrong(**{field: text}) == {field}


def test_without_a_customer_there_is_no_question() -> None:
    with pytest.raises(Invalid) as caught:
        forms.asked(forms.values_of({}), [])
    assert [forms.shown_name(error.field) for error in caught.value.errors] == ["customer"]


shares = st.none() | st.integers(0, 100).map(lambda percent: str(percent))


@given(shares, st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 60), st.integers(0, 26))
def test_every_question_that_the_form_makes_is_one_that_the_ai_service_takes(
    funding: str | None, fixed: int, weeks: int, deepest: int, between: int
) -> None:
    values = {"fixed": str(fixed), "weeks": str(weeks), "most_discount": str(deepest), "weeks_between": str(between)}
    question = rules.question(asked(**values, **({"funding": funding} if funding else {})), PART, [])
    taken = RecommendRequest.model_validate(question)
    assert taken.funding_share == (int(funding) / 100 if funding else None)
    assert (taken.weeks, taken.weeks_between, taken.deepest) == (weeks, between, deepest / 100)
    assert taken.costs.fixed == fixed


def test_shares_come_back_as_people_write_them() -> None:
    side = {"net": "1.00", "net_lo80": "0.50", "net_hi80": "2.00"}
    band = {"mean": 1.0, "lo80": 0.0, "hi80": 2.0}
    one = {
        "product_id": "prd_a", "cut": 0.15000000000000002, "deal": 1.0, "feature": 0.0, "display": 1.0, "funding_share": 0.55,
        "fixed": "0", "start": "2026-08-10", "end": "2026-08-23", "stores": 4, "sure": True, "baseline_units": 1.0,
        "promoted_units": 2.0, **side, "manufacturer": side, "retailer": side, "last_promotion": None, "reasons": [],
        "incremental_units": band, "post_dip_band": band, "cannibalised_band": band, "net_band": band,
    }  # fmt: skip
    answer = {"model": {}, "side": "manufacturer", "considered": 1, "none_pays": None, "proposals": [one]}
    told = rules.told({**answer, "not_proposed": [], "refused": [{"product_id": "prd_b", "reason": "no"}]}, {"prd_a": "Juice"})
    assert told["proposals"][0]["mechanics"] == {
        "discount": "0.15", "deal": True, "feature": "0", "display": "1", "funding": "0.55", "fixed": "0",
    }  # fmt: skip
    assert told["proposals"][0]["product_name"] == "Juice"
    assert told["refused"][0]["product_name"] == "Gone"
