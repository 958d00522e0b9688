"""Other products of the shelf: what a promotion takes from them is found, and nothing where nothing was taken."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ai.answers import sister_bands
from ai.data.panel import Panel, SalesColumns
from ai.models.loglinear import LogLinearModel
from ai.models.sisters import SisterEffect, sister_effects

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
