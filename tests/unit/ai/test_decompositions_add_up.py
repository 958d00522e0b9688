"""Whatever promotion is taken apart or simulated: its parts are its total, and its weeks are its parts."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ai.answers import uplift_result
from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.economics import Costs
from ai.models.loglinear import LogLinearModel
from ai.models.place import place_of
from ai.models.simulate import Draft, simulate
from ai.models.uplift import Promotion, Refused, UpliftModel
from ai.planning_schemas import DraftAsked
from ai.schemas import Band, Side, UpliftResult
from ai.simulate_api import _weeks, units_of

from .conftest import PRODUCTS, STORES, WEEKS

products = st.sets(st.sampled_from(PRODUCTS), min_size=1).map(sorted)
stores = st.sets(st.sampled_from([f"cus_{n}" for n in range(STORES)]), min_size=1, max_size=STORES).map(sorted)
CENT = 0.011  # a rounding of hundredths


@pytest.fixture(scope="module")
def fitted(panel: Panel, quick_model: Callable[[Panel], LogLinearModel]) -> UpliftModel:
    return UpliftModel(panel, quick_model(panel))


def ordered(band: Band) -> bool:
    return band.lo95 <= band.lo80 <= band.mean <= band.hi80 <= band.hi95


def told(fitted: UpliftModel, promotion: Promotion) -> UpliftResult:
    try:
        found = fitted.uplift(promotion)
    except Refused:
        assume(False)
    return uplift_result("p", found, Costs(), fitted.panel, fitted.model, weeks=True)


@settings(max_examples=40, deadline=None)
@given(products, stores, st.integers(0, WEEKS - 1), st.integers(1, 6), st.integers(0, 6), st.integers(0, 8))
def test_an_uplift_is_the_sum_of_its_parts_and_of_its_weeks(
    fitted: UpliftModel, chosen: list[str], where: list[str], first: int, length: int, before: int, after: int
) -> None:
    start = monday_of(fitted.panel.first_week + first)
    end = start + timedelta(weeks=length, days=-1)
    found = told(fitted, Promotion("p", tuple(where), tuple(chosen), start, end, before, after))
    parts = [found.incremental_units, found.post_dip_units, found.cannibalised_units, found.halo_units]
    assert all(part is not None and ordered(part) for part in parts)
    incremental, dip, lost, drawn = (part.mean for part in parts if part is not None)
    assert found.total_units == round(incremental + dip + lost + drawn, 2)
    assert lost <= 0 <= drawn
    assert found.actual_units is not None
    assert found.baseline_units is not None
    assert incremental == pytest.approx(found.actual_units - found.baseline_units, abs=CENT)
    weeks = found.weeks or []
    during, later = ([week for week in weeks if week.role == role] for role in ("promotion", "post"))
    few = CENT * (len(weeks) + 1)
    assert sum(week.actual or 0.0 for week in during) == pytest.approx(found.actual_units, abs=few)
    assert sum(week.baseline for week in during) == pytest.approx(found.baseline_units, abs=few)
    assert sum(week.expected_dip for week in later) == pytest.approx(dip, abs=few)
    assert sum(week.cannibalised for week in during) == pytest.approx(lost, abs=few)
    assert sum(week.halo for week in during) == pytest.approx(drawn, abs=few)
    for side in (found.manufacturer, found.retailer):
        assert isinstance(side, Side)
        margin = float(side.incremental_margin) + float(side.other_products_margin) + float(side.funding_kept)
        assert float(side.net) == pytest.approx(margin - float(side.spend), abs=0.03)


@settings(max_examples=40, deadline=None)
@given(products, stores, st.integers(1, 8), st.floats(0, 0.6), st.floats(0, 1), st.floats(0, 1))
def test_a_simulation_is_the_sum_of_its_parts_and_of_its_weeks(
    fitted: UpliftModel, chosen: list[str], where: list[str], weeks: int, cut: float, deal: float, feature: float
) -> None:
    panel = fitted.panel
    quiet = np.random.default_rng(weeks).uniform(5, 200, (len(panel.series), weeks + 6))
    found = simulate(place_of(panel, fitted.model, quiet, frozenset(where), tuple(chosen)), Draft(None, cut, deal, feature))
    start = monday_of(panel.last_week + 1)
    asked = DraftAsked(customer_ids=where, product_ids=chosen, start=start, end=start + timedelta(weeks=weeks, days=-1))
    units, shown = units_of(found), _weeks(asked, found)
    incremental, net = units["incremental_units"], units["net_band"]
    assert isinstance(incremental, Band)
    assert isinstance(net, Band)
    assert ordered(incremental)
    assert ordered(net)
    assert units["net_units"] == round(incremental.mean + units["post_dip_units"] + units["cannibalised_units"], 2)  # type: ignore[operator]
    assert incremental.mean == round(units["promoted_units"] - units["baseline_units"], 2)  # type: ignore[operator]
    assert units["net_units"] == pytest.approx(found.net, abs=0.04)
    few = CENT * (len(shown) + 1)
    assert sum(week.incremental for week in shown) == pytest.approx(incremental.mean, abs=few)
    assert sum(week.after for week in shown) == pytest.approx(units["post_dip_units"], abs=few)
    assert sum(week.baseline for week in shown if week.role == "promotion") == pytest.approx(units["baseline_units"], abs=few)
