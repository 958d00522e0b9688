from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.economics import Costs, Missing, ProductOutcome, Return, UnitBand, manufacturer_return, money, retailer_return

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


def of_manufacturer(*products: ProductOutcome, costs: Costs = NO_COSTS) -> Return:
    result = manufacturer_return(products, costs)
    assert isinstance(result, Return)
    return result


def of_retailer(*products: ProductOutcome, costs: Costs = NO_COSTS) -> Return:
    result = retailer_return(products, costs)
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


@given(units, units, prices, prices, prices, prices, prices)
def test_net_is_the_true_change_of_profit(
    sold: Decimal, base: Decimal, paid: Decimal, regular: Decimal, promoted: Decimal, usual: Decimal, cost: Decimal
) -> None:
    promoted = min(promoted, usual)
    band = UnitBand(sold - base, sold - base, sold - base)
    one = outcome(
        units_sold=sold, incremental=band, price_paid=paid, price_regular=regular,
        acquisition_promoted=promoted, acquisition_regular=usual, unit_cost=cost,
    )  # fmt: skip
    maker = sold * (promoted - cost) - base * (usual - cost)
    shop = sold * (paid - promoted) - base * (regular - usual)
    assert of_manufacturer(one).net == money(maker)
    assert of_retailer(one).net == money(shop)


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
