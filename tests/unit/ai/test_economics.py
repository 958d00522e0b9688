from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.economics import (
    Costs,
    Missing,
    OtherProduct,
    ProductOutcome,
    Return,
    UnitBand,
    manufacturer_return,
    money,
    retailer_return,
)

prices = st.decimals(Decimal("0.50"), Decimal("50"), places=4)
NO_COSTS = Costs()
units = st.decimals(0, 1_000_000, places=2)


def outcome(**changes: object) -> ProductOutcome:
    values: dict[str, object] = {
        "product_id": "p",
        "units_sold": Decimal(300),
        "incremental": UnitBand(Decimal(200), Decimal(150), Decimal(260)),
        "price_paid": Decimal("3.00"),
        "price_regular": Decimal("4.00"),
        "acquisition_promoted": Decimal("2.40"),
        "acquisition_regular": Decimal("3.00"),
        "unit_cost": Decimal("1.80"),
        "unit_cost_basis": "assumed",
    }
    return ProductOutcome(**(values | changes))  # type: ignore[arg-type]


def other(gained: Decimal, **changes: object) -> OtherProduct:
    """A product that gained so many units, or lost them (below zero)."""
    values: dict[str, object] = {
        "product_id": "o", "units": UnitBand(gained, gained - 10, gained + 10), "price_regular": Decimal("5.00"),
        "acquisition_regular": Decimal("4.00"), "unit_cost": Decimal("2.50"),
    }  # fmt: skip
    return OtherProduct(**(values | changes))  # type: ignore[arg-type]


def of_manufacturer(*products: ProductOutcome, costs: Costs = NO_COSTS, others: Sequence[OtherProduct] = ()) -> Return:
    result = manufacturer_return(products, costs, others)
    assert isinstance(result, Return)
    return result


def of_retailer(*products: ProductOutcome, costs: Costs = NO_COSTS, others: Sequence[OtherProduct] = ()) -> Return:
    result = retailer_return(products, costs, others)
    assert isinstance(result, Return)
    return result


def test_the_manufacturer_by_hand() -> None:
    found = of_manufacturer(outcome())
    assert found.incremental_margin == Decimal("240.00")  # 200 x (3.00 - 1.80)
    assert found.spend == Decimal("180.00")  # 300 x (3.00 - 2.40)
    assert found.net == Decimal("60.00")
    assert found.roi == Decimal("1.3333")
    assert found.roi_lo80 == Decimal("1.0000")
    assert "unit cost: assumed" in found.basis


def test_the_retailer_by_hand() -> None:
    found = of_retailer(outcome())
    assert found.incremental_margin == Decimal("200.00")  # 200 x (4.00 - 3.00)
    assert found.spend == Decimal("120.00")  # 300 x (4.00 - 3.00 - 0.60)
    assert found.roi == Decimal("1.6667")


changes = st.decimals(-1_000_000, 1_000_000, places=2)


@given(units, units, prices, prices, prices, prices, prices, st.lists(st.tuples(changes, prices, prices, prices), max_size=3))
def test_net_is_the_true_change_of_profit_over_all_products(
    sold: Decimal, base: Decimal, paid: Decimal, regular: Decimal, promoted: Decimal, usual: Decimal, cost: Decimal,
    beside: list[tuple[Decimal, Decimal, Decimal, Decimal]],
) -> None:  # fmt: skip
    promoted = min(promoted, usual)
    band = UnitBand(sold - base, sold - base, sold - base)
    one = outcome(
        units_sold=sold, incremental=band, price_paid=paid, price_regular=regular,
        acquisition_promoted=promoted, acquisition_regular=usual, unit_cost=cost,
    )  # fmt: skip
    maker = sold * (promoted - cost) - base * (usual - cost)
    shop = sold * (paid - promoted) - base * (regular - usual)
    others = [
        other(change, price_regular=shelf, acquisition_regular=bought, unit_cost=made) for change, shelf, bought, made in beside
    ]
    maker += sum((change * (bought - made) for change, _shelf, bought, made in beside), Decimal(0))
    shop += sum((change * (shelf - bought) for change, shelf, bought, _made in beside), Decimal(0))
    assert of_manufacturer(one, others=others).net == money(maker)
    assert of_retailer(one, others=others).net == money(shop)


def test_what_other_products_lose_is_taken_off_by_hand() -> None:
    found = of_manufacturer(outcome(), others=[other(Decimal(-40))])
    assert found.incremental_margin == Decimal("240.00")
    assert found.other_products_margin == Decimal("-60.00")  # 40 x (4.00 - 2.50)
    assert found.net == Decimal("0.00")
    assert found.roi == Decimal("1.0000")
    assert of_retailer(outcome(), others=[other(Decimal(-40))]).other_products_margin == Decimal("-40.00")


def test_a_promotion_that_wins_its_units_from_a_sister_of_the_same_margin_earns_nothing() -> None:
    own = outcome(units_sold=Decimal(200), acquisition_promoted=Decimal("3.00"))
    sister = other(Decimal(-200), acquisition_regular=Decimal("3.00"), unit_cost=Decimal("1.80"))
    assert of_manufacturer(own).net == Decimal("240.00")
    assert of_manufacturer(own, others=[sister]).net == Decimal("0.00")


def test_other_products_without_a_cost_are_named_and_left_out() -> None:
    found = of_manufacturer(outcome(), others=[other(Decimal(-40), unit_cost=None)])
    assert (found.other_products_margin, found.net) == (Decimal("0.00"), Decimal("60.00"))
    assert any("not counted" in text and "other products o" in text for text in found.basis)
    assert of_retailer(outcome(), others=[other(Decimal(-40), unit_cost=None)]).other_products_margin == Decimal("-40.00")


def test_the_doubt_about_other_products_widens_the_band() -> None:
    alone, beside = of_manufacturer(outcome()), of_manufacturer(outcome(), others=[other(Decimal(0))])
    assert beside.net_hi80 - beside.net_lo80 > alone.net_hi80 - alone.net_lo80


def test_entered_costs_replace_the_measured_ones() -> None:
    found = of_manufacturer(outcome(), costs=Costs(Decimal("50"), Decimal("0.10")))
    assert found.spend == Decimal("80.00")
    assert of_retailer(outcome(), costs=Costs(None, Decimal("0.10"))).spend == Decimal("270.00")


def test_funding_beyond_the_price_cut_is_kept_by_the_retailer() -> None:
    found = of_retailer(outcome(price_paid=Decimal("3.80")))
    assert found.spend == 0
    assert found.funding_kept == Decimal("120.00")
    assert found.net == found.incremental_margin + found.funding_kept
    assert found.roi is None


def test_spend_too_small_to_measure_gives_no_return_but_stays_visible() -> None:
    found = of_manufacturer(outcome(acquisition_promoted=Decimal("2.97")))
    assert found.spend == Decimal("9.00")
    assert found.roi is None
    assert any("too little to tell" in text for text in found.basis)


def test_small_spend_that_was_entered_is_believed() -> None:
    assert of_manufacturer(outcome(), costs=Costs(Decimal("1"), None)).roi == Decimal("240.0000")


@pytest.mark.parametrize(
    ("change", "missing"), [({"unit_cost": None}, "unit_cost"), ({"acquisition_regular": None}, "unit_acquisition_cost")]
)
def test_what_is_missing_is_named(change: dict[str, None], missing: str) -> None:
    result = manufacturer_return([outcome(**change)], Costs())
    assert isinstance(result, Missing)
    assert result.missing == missing


def test_bands_of_independent_products_do_not_simply_add() -> None:
    one, two = of_manufacturer(outcome()), of_manufacturer(outcome(), outcome())
    assert two.net - two.net_lo80 < 2 * (one.net - one.net_lo80)


@given(st.lists(st.tuples(units, units, units), min_size=1, max_size=4))
def test_bands_contain_the_mean(bands: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    products = [outcome(incremental=UnitBand(*sorted(three)[1:2], min(three), max(three))) for three in bands]
    found = of_retailer(*products)
    assert found.net_lo80 <= found.net <= found.net_hi80
