from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ai.data.panel import Panel, SalesColumns
from ai.data.weeks import monday_of
from ai.models.loglinear import LogLinearModel
from ai.models.training import TooLittleData, train_model
from ai.models.uplift import Promotion, Refused, UpliftModel

pytestmark = pytest.mark.slow  # models are trained here

TRUE_LIFT = 1.9


def promoted_window(panel: Panel, product_id: str, number: int) -> tuple[date, date]:
    """The `number`-th promotion of the product in the invented market."""
    weeks = np.flatnonzero(panel.promoted[panel.index[("cus_0", product_id)]])
    starts = [week for week in weeks if week - 1 not in weeks and week > 0]
    start = monday_of(panel.first_week + int(starts[number]))
    return start, start + timedelta(days=13)


def asked(panel: Panel, product_id: str = "prd_a", number: int = 3, **changes: object) -> Promotion:
    start, end = promoted_window(panel, product_id, number)
    return replace(Promotion("p", ("cus_chain",), (product_id,), start, end), **changes)  # type: ignore[arg-type]


def test_the_known_uplift_is_found_within_its_uncertainty(panel: Panel, model: LogLinearModel) -> None:
    answers = UpliftModel(panel, model)
    ratios = []
    for product in ("prd_a", "prd_b", "prd_c"):
        for number in range(2, 9):
            found = answers.uplift(asked(panel, product, number))
            ratios.append(found.actual / found.baseline.expected)
    assert np.mean(ratios) == pytest.approx(TRUE_LIFT, rel=0.06)


def test_the_parts_of_several_products_add_up(panel: Panel, model: LogLinearModel) -> None:
    answers = UpliftModel(panel, model)
    start, end = promoted_window(panel, "prd_a", 3)
    both = answers.uplift(Promotion("p", ("cus_chain",), ("prd_a", "prd_b"), start, end))
    single = [answers.uplift(Promotion("p", ("cus_chain",), (key,), start, end)) for key in ("prd_a", "prd_b")]
    assert both.actual == pytest.approx(sum(one.actual for one in single))
    assert both.baseline.expected == pytest.approx(sum(one.baseline.expected for one in single))
    shown = [week for week in both.weeks if week.role == "promotion"]
    assert sum(week.actual for week in shown) == pytest.approx(both.actual)
    assert sum(week.baseline.expected for week in shown) == pytest.approx(both.baseline.expected)


def test_a_dip_that_follows_every_promotion_is_found_with_its_band(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    """The week after each promotion sells a fifth less; what one promotion does is read off all of them."""

    def dipping(sales: SalesColumns) -> SalesColumns:
        week = np.rint((sales.period - sales.period.min()) / (7 * 86_400)).astype(int)
        after = (week + 3 * sales.product) % 7 == 2
        return replace(sales, units=np.where(after, np.rint(0.8 * sales.units), sales.units))

    panel = make_panel(dipping)
    question = asked(panel)
    found = UpliftModel(panel, quick_model(panel)).uplift(question)
    column = (question.end - monday_of(panel.first_week)).days // 7 + 1
    rows = [panel.index[(f"cus_{n}", "prd_a")] for n in range(12)]
    lost = panel.units[rows, column].sum() * (1 - 1 / 0.8)
    assert lost * 1.5 < found.dip.mean < lost * 0.5 < 0
    first, *later = [week.dip for week in found.weeks if week.role == "post"]
    assert first < min(later)
    assert abs(found.dip.mean - lost) < 3 * np.sqrt(found.dip.variance)


def test_what_sold_in_the_promotion_does_not_inform_its_baseline(panel: Panel, model: LogLinearModel) -> None:
    question = asked(panel)
    first = (question.start - monday_of(panel.first_week)).days // 7
    spoiled = replace(panel, units=panel.units.copy())
    spoiled.units[[panel.index[(f"cus_{n}", "prd_a")] for n in range(12)], first : first + 2] *= 7
    one, other = (UpliftModel(p, model).uplift(question) for p in (panel, spoiled))
    assert other.baseline.expected == pytest.approx(one.baseline.expected)
    assert other.actual == pytest.approx(7 * one.actual)


def test_weeks_before_and_after_are_shown_as_such(panel: Panel, model: LogLinearModel) -> None:
    roles = [week.role for week in UpliftModel(panel, model).uplift(asked(panel, pre_weeks=2, post_weeks=3)).weeks]
    assert roles == ["pre"] * 2 + ["promotion"] * 2 + ["post"] * 3


def test_some_stores_only(panel: Panel, model: LogLinearModel) -> None:
    found = UpliftModel(panel, model).uplift(asked(panel, customer_ids=("cus_1", "cus_2")))
    assert found.weeks[0].cells == 2


def test_a_promotion_in_every_week_is_refused_because_no_baseline_is_identified(
    make_panel: Callable[..., Panel], keep: Callable
) -> None:
    panel = make_panel(lambda sales: keep(sales, sales.customer < 2), promoted_every=1)
    with pytest.raises(TooLittleData, match="weeks without promotion"):
        train_model(panel)


def test_a_promotion_without_quiet_weeks_near_is_refused(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    def always_on_from_week_30(sales: SalesColumns) -> SalesColumns:
        late = sales.period >= np.unique(sales.period)[30]
        return replace(sales, deal=np.where(late & (sales.product == 0), 1.0, sales.deal))

    panel = make_panel(always_on_from_week_30)
    answers = UpliftModel(panel, quick_model(panel))
    start = monday_of(panel.first_week + 70)
    with pytest.raises(Refused, match="no baseline can be identified"):
        answers.uplift(Promotion("p", ("cus_chain",), ("prd_a",), start, start + timedelta(days=6)))


def test_weeks_without_sales_are_refused(panel: Panel, model: LogLinearModel) -> None:
    question = Promotion("p", ("cus_chain",), ("prd_a",), date(2031, 1, 6), date(2031, 1, 12))
    with pytest.raises(Refused, match="no sales in the promotion's weeks"):
        UpliftModel(panel, model).uplift(question)


def test_a_product_without_sales_at_these_customers_is_refused(panel: Panel, model: LogLinearModel) -> None:
    with pytest.raises(Refused, match="prd_new has no modelled sales"):
        UpliftModel(panel, model).uplift(asked(panel, product_ids=("prd_new",)))


def test_a_promotion_at_the_end_of_the_data_says_what_is_missing(panel: Panel, model: LogLinearModel) -> None:
    end = monday_of(panel.last_week) + timedelta(days=6)
    found = UpliftModel(panel, model).uplift(asked(panel, start=end - timedelta(days=13), end=end + timedelta(days=7)))
    assert any("do not cover all weeks" in text for text in found.warnings)
    assert any("have no sales yet" in text for text in found.warnings)


@pytest.mark.parametrize("weeks", [5, 20])
def test_a_short_history_gives_a_clear_refusal_or_an_answer(make_panel: Callable[..., Panel], keep: Callable, weeks: int) -> None:
    panel = make_panel(lambda sales: keep(sales, sales.period < np.unique(sales.period)[weeks]))
    if weeks == 5:
        with pytest.raises(TooLittleData, match="8 weeks of sales"):
            train_model(panel)
    else:
        assert train_model(panel).blocks


def test_a_product_that_never_sold_a_unit_is_refused_and_does_not_break_the_fit(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    panel = make_panel(lambda sales: replace(sales, units=np.where(sales.product == 0, 0.0, sales.units)))
    model = quick_model(panel)
    with pytest.raises(Refused, match="never sold a unit"):
        UpliftModel(panel, model).uplift(asked(panel))
    assert not model.blocks[("prd_b", "cus_chain")].refusal


def test_a_product_without_prices_is_refused_and_the_others_are_not(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    panel = make_panel(lambda sales: replace(sales, price=np.where(sales.product == 0, np.nan, sales.price)))
    model = quick_model(panel)
    assert model.blocks[("prd_a", "cus_chain")].refusal
    assert not model.blocks[("prd_b", "cus_chain")].refusal
