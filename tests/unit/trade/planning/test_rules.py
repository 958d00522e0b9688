"""Which weeks and events may be planned, and what the AI service is asked about them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.trade.planning.models import MOST_CANDIDATES, Mechanics, PlanInput, WhatIf
from app.trade.planning.rules import (
    candidates,
    first_weeks,
    funding_per_unit,
    last_day,
    monday_of,
    net_band,
    plan_errors,
    plan_question,
    promotion_type,
    whatif_question,
    window_errors,
)
from app.trade.promotions.models import PromotionType

NEWEST = date(2026, 6, 29)  # a Monday; sales are known up to that week
FIRST = date(2026, 7, 6)


def plan(**changes: Any) -> PlanInput:
    fields = {
        "name": "Quarter", "customer_ids": ["cus_a"], "product_ids": ["prd_a"], "start": FIRST, "end": date(2026, 9, 27),
        "mechanics": [Mechanics()], "budget": Decimal(1000), **changes,
    }  # fmt: skip
    return PlanInput(**fields)


def test_only_weeks_after_the_sales_within_the_forecast_can_be_planned() -> None:
    weeks = first_weeks(NEWEST, 2)
    assert (weeks[0], len(weeks), last_day(weeks[-1], 2)) == (FIRST, 53, date(2027, 7, 18))
    assert window_errors(FIRST, date(2027, 7, 18), NEWEST) == []
    assert [error.field for error in window_errors(date(2026, 7, 1), FIRST, NEWEST)] == ["start"]
    assert [error.field for error in window_errors(FIRST, date(2027, 7, 19), NEWEST)] == ["end"]
    assert [error.field for error in window_errors(date(2026, 8, 1), FIRST, NEWEST)] == ["end"]


def test_a_promotion_runs_whole_weeks_and_names_its_mechanics() -> None:
    wanted = WhatIf(customer_id="cus_a", product_ids=["prd_brand"], start=date(2026, 7, 8), weeks=3, discount=Decimal("0.25"),
                    feature=Decimal("0.5"), funding=Decimal("0.4"), fixed=Decimal("1500.50"))  # fmt: skip
    asked = whatif_question(wanted, ["prd_1", "prd_2"])
    assert (asked["start"], asked["end"]) == ("2026-07-06", "2026-07-26")
    assert (asked["cut"], asked["deal"], asked["feature"], asked["funding_share"]) == (0.25, 1.0, 0.5, 0.4)
    assert asked["costs"] == {"fixed": "1500.50"}
    assert asked["product_ids"] == ["prd_1", "prd_2"]


def test_the_type_is_what_the_shopper_sees_first() -> None:
    nothing = Mechanics(discount=Decimal(0))
    assert promotion_type(Mechanics()) is PromotionType.PRICE_DISCOUNT
    assert promotion_type(nothing) is PromotionType.PRICE_DISCOUNT
    assert promotion_type(nothing.model_copy(update={"feature": Decimal(1)})) is PromotionType.FEATURE
    assert promotion_type(nothing.model_copy(update={"display": Decimal(1)})) is PromotionType.DISPLAY


def test_funding_per_unit_is_the_share_of_the_mean_cut() -> None:
    products = [
        {"promoted_units": 300.0, "price_regular": 4.0, "price": 3.0},
        {"promoted_units": 100.0, "price_regular": 2.0, "price": 1.6},
    ]
    assert funding_per_unit(products, Decimal("0.5")) == Decimal("0.4250")
    assert funding_per_unit([], Decimal(1)) == 0


def test_guardrails_and_blackout_leave_candidates_out_and_say_so() -> None:
    deep = Mechanics(discount=Decimal("0.5"))
    found = candidates(plan(mechanics=[Mechanics(), deep], rules={"blackout": ["2026-07-15"]}), ["prd_1"])
    assert {event.mechanics for event in found.events} == {0}
    assert [event.start for event in found.events][:2] == [date(2026, 7, 20), date(2026, 7, 27)]
    assert found.left_out == ["50 % off: the guardrail is 40 %", "2 start weeks: they reach into a blackout week"]
    assert [error.field for error in plan_errors(plan(mechanics=[deep]), NEWEST)] == ["most_discount"]
    assert [error.field for error in plan_errors(plan(end=date(2026, 7, 12)), NEWEST)] == ["end"]


def test_too_many_lines_leave_nothing_to_choose() -> None:
    assert candidates(plan(), [f"prd_{n}" for n in range(MOST_CANDIDATES + 1)]).events == []


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(1, 5), st.integers(1, 6), st.integers(2, 25))
def test_candidates_are_few_enough_lie_in_the_period_and_try_every_line(
    customers: int, skus: int, kinds: int, weeks: int, length: int
) -> None:
    asked = plan(
        customer_ids=[f"cus_{n}" for n in range(customers)], weeks=weeks, end=FIRST + timedelta(weeks=length + weeks, days=-1),
        mechanics=[Mechanics(discount=Decimal(n) / 20) for n in range(1, kinds + 1)],
    )  # fmt: skip
    found = candidates(asked, [f"prd_{n}" for n in range(skus)])
    if customers * skus * kinds > MOST_CANDIDATES:
        assert found.events == []
        return
    assert 0 < len(found.events) <= MOST_CANDIDATES
    assert len({event.id for event in found.events}) == len(found.events)
    for event in found.events:
        assert asked.start <= event.start == monday_of(event.start)
        assert event.end == last_day(event.start, weeks) <= asked.end
    if found.every <= length:
        lines = {(event.customer_id, event.product_id, event.mechanics) for event in found.events}
        assert len(lines) == customers * skus * kinds


def test_the_band_of_a_plan_is_narrower_than_its_events_bands_together() -> None:
    one = {"net": Decimal(100), "net_lo80": Decimal(70), "net_hi80": Decimal(140)}
    other = {"net": Decimal(50), "net_lo80": Decimal(10), "net_hi80": Decimal(80)}
    assert net_band([one, other]) == (Decimal("100.00"), Decimal("200.00"))
    assert net_band([one, {"net": None, "net_lo80": None, "net_hi80": None}]) == (Decimal("70.00"), Decimal("140.00"))
    assert net_band([]) is None


def test_the_question_names_every_candidate_and_rule() -> None:
    asked = plan(rules={"weeks_between": 3, "most_at_once": 2, "most_spend_share": "0.2", "fewest_units": 500})
    found = candidates(asked, ["prd_1"])
    question = plan_question(asked, found.events)
    assert (question["budget"], question["weeks_between"], question["most_at_once"]) == ("1000", 3, 2)
    assert (question["most_spend_share"], question["fewest_incremental_units"]) == (0.2, 500)
    assert [one["id"] for one in question["candidates"]] == [event.id for event in found.events]
    there = {"customer_ids": ["cus_a"], "product_ids": ["prd_1"], "start": "2026-07-06", "end": "2026-07-19"}
    assert (question["taken"], plan_question(asked, found.events, [there])["taken"]) == ([], [there])
