"""Other products of the shelf: what a promotion takes from them is found, and nothing where nothing was taken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from ai.answers import sister_bands
from ai.data.panel import Panel, SalesColumns
from ai.economics import Return
from ai.models.loglinear import LogLinearModel
from ai.models.place import place_of
from ai.models.simulate import Draft, Simulation, simulate
from ai.models.sisters import SisterEffect, sister_effects
from ai.planning_schemas import DraftAsked
from ai.simulate_api import outcomes_of, returns

QUIET = 90.0
TAKEN = 0.8  # prd_b sells this share while prd_a is promoted
CUSTOMERS = {f"cus_{n}" for n in range(12)}


def taking(sales: SalesColumns) -> SalesColumns:
    week = np.rint((sales.period - sales.period.min()) / (7 * 86_400)).astype(int)
    promoted = week % 7 < 2
    return replace(sales, units=np.where((sales.product == 1) & promoted, np.rint(TAKEN * sales.units), sales.units))


@pytest.fixture(scope="module")
def found(make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]) -> tuple[Panel, list[SisterEffect]]:
    panel = make_panel(taking)
    return panel, sister_effects(panel, quick_model(panel), {"prd_a"}, CUSTOMERS, np.arange(42, 44))


def test_units_taken_from_a_sister_are_found(found: tuple[Panel, list[SisterEffect]]) -> None:
    panel, effects = found
    taken_from = next(effect for effect in effects if effect.product_id == "prd_b")
    rows = [panel.index[(customer, "prd_b")] for customer in CUSTOMERS]
    lost = panel.units[rows, 42:44].sum() * (1 - 1 / TAKEN)
    assert taken_from.units == pytest.approx(lost, rel=0.35)


def test_a_sister_is_valued_at_its_own_regular_prices(found: tuple[Panel, list[SisterEffect]]) -> None:
    taken_from = next(effect for effect in found[1] if effect.product_id == "prd_b")
    assert (taken_from.price_regular, taken_from.cost_regular) == (pytest.approx(4.0), pytest.approx(3.0))


def test_a_simulated_promotion_takes_from_its_sister_and_pays_for_it(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    panel = make_panel(taking)
    asked, found = tried(panel, quick_model(panel), ("prd_a",))
    lost = next(sister for sister in found.sisters if sister.key[0] == "prd_b")
    assert lost.units == pytest.approx((TAKEN - 1) * 12 * 2 * QUIET, rel=0.35)
    result, _retailer = returns(SimpleNamespace(panel=panel), asked, found)  # type: ignore[arg-type]
    assert isinstance(result, Return)
    expected = sum(sister.units for sister in found.sisters) * (3.0 - 1.8)
    assert float(result.other_products_margin) == pytest.approx(expected, abs=0.05)


def test_what_products_of_one_promotion_take_from_each_other_is_not_sold(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    panel = make_panel(taking)
    asked, found = tried(panel, quick_model(panel), ("prd_a", "prd_b"))
    lost = next(sister for sister in found.sisters if sister.key[0] == "prd_b")
    outcome = next(one for one in outcomes_of(SimpleNamespace(panel=panel), asked, found) if one.product_id == "prd_b")  # type: ignore[arg-type]
    promoted = next(one.promoted for one in found.products if one.block.block.product_id == "prd_b")
    assert lost.units < 0
    assert float(outcome.units_sold) == pytest.approx(promoted + lost.units, abs=0.01)


def tried(panel: Panel, model: LogLinearModel, product_ids: tuple[str, ...]) -> tuple[DraftAsked, Simulation]:
    """Two weeks at 25 % off in every store, where every product sells QUIET a week without promotion."""
    quiet = np.full((len(panel.series), 8), QUIET)
    found = simulate(place_of(panel, model, quiet, frozenset(CUSTOMERS), product_ids), Draft(cut=0.25, deal=1.0))
    asked = DraftAsked(
        customer_ids=sorted(CUSTOMERS), product_ids=list(product_ids), start=date(2024, 9, 2), end=date(2024, 9, 15)
    )
    return asked, found


def test_a_sister_that_lost_nothing_is_near_zero(found: tuple[Panel, list[SisterEffect]]) -> None:
    panel, effects = found
    other = next(effect for effect in effects if effect.product_id == "prd_c")
    rows = [panel.index[(customer, "prd_c")] for customer in CUSTOMERS]
    assert abs(other.units) < 0.08 * panel.units[rows, 42:44].sum()


def test_the_promoted_product_is_no_sister_of_itself(found: tuple[Panel, list[SisterEffect]]) -> None:
    assert {effect.product_id for effect in found[1]} == {"prd_b", "prd_c"}


def test_losses_and_gains_are_told_apart() -> None:
    cannibalised, halo = sister_bands([SisterEffect("a", -10.0, 4.0), SisterEffect("b", 3.0, 1.0)])
    assert (cannibalised.mean, halo.mean) == (-10.0, 3.0)
    assert cannibalised.lo80 < cannibalised.mean < cannibalised.hi80
