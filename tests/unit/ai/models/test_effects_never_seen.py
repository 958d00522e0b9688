"""An effect that the sales never held is answered with its stand-in named: the category's, or what the model started from."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ai.data.panel import Panel, SalesColumns
from ai.grounds import unseen, unseen_cut
from ai.models.effects import effects_of
from ai.models.elasticity import elasticities
from ai.models.loglinear import LogLinearModel
from ai.models.place import place_of
from ai.models.simulate import Draft, simulate

pytestmark = pytest.mark.slow  # models are fitted here

Make, Fit = Callable[..., Panel], Callable[[Panel], LogLinearModel]


def warnings(panel: Panel, model: LogLinearModel, **choices: float) -> list[str]:
    quiet = np.full((len(panel.series), 8), 50.0)
    found = simulate(place_of(panel, model, quiet, frozenset(f"cus_{n}" for n in range(12)), ("prd_a",)), Draft(**choices))
    return unseen(panel, model, found.draft, found.products)


def displayed(sales: SalesColumns, products: tuple[int, ...]) -> SalesColumns:
    """These products have a display in the last quarter of their deals."""
    shown = np.isin(sales.product, products) & (sales.deal > 0) & (sales.period > np.quantile(sales.period, 0.75))
    return replace(sales, display=shown.astype(float), units=np.rint(sales.units * np.where(shown, 1.5, 1.0)))


def never_cheaper(sales: SalesColumns) -> SalesColumns:
    """No product was ever promoted."""
    zeros = np.zeros(len(sales.units))
    return replace(sales, price=zeros + 4.0, deal=zeros, cost=zeros + 3.0)


def test_a_display_that_no_product_had_is_said_to_be_assumed_with_its_size(make_panel: Make, quick_model: Fit) -> None:
    panel = make_panel()
    model = quick_model(panel)
    [told] = warnings(panel, model, cut=0.25, deal=1.0, display=0.5)
    assert "PRD_A" in told
    assert "+35 %" in told
    assert "assumed, not measured" in told


def test_what_was_seen_is_not_warned_of(make_panel: Make, quick_model: Fit) -> None:
    panel = make_panel(lambda sales: displayed(sales, (0, 1, 2)))
    assert warnings(panel, quick_model(panel), cut=0.25, deal=1.0, display=1.0) == []


def test_without_support_nothing_is_warned_of(make_panel: Make, quick_model: Fit) -> None:
    panel = make_panel()
    assert warnings(panel, quick_model(panel), cut=0.25, deal=1.0) == []


def test_a_cut_that_nobody_ever_saw_stands_on_published_studies(make_panel: Make, quick_model: Fit) -> None:
    panel = make_panel(never_cheaper)
    model = quick_model(panel)
    assert any("published studies" in told for told in warnings(panel, model, cut=0.2))
    assert unseen_cut(panel, model, list(model.blocks.values()))
    assert {one.promotion.basis for one in elasticities(panel, model, set())} == {"prior"}


def test_what_the_category_taught_is_named(make_panel: Make, quick_model: Fit) -> None:
    panel = make_panel()
    model = quick_model(panel)
    key, block = next(iter(model.blocks.items()))
    taught = block.prior_sd.copy()
    taught[block.names.index("display")] = 0.1  # as `_category_priors` would leave it
    model.blocks[key] = replace(block, prior_sd=taught)
    assert effects_of(panel, model.blocks[key]).of(["display"]) == "category"
    [told] = warnings(panel, model, cut=0.25, display=1.0)
    assert "other products of the category" in told


@pytest.mark.parametrize(("traits", "basis"), [(["depth"], "own"), (["depth", "feature"], "prior"), ([], "own")])
def test_a_figure_stands_on_the_weakest_of_its_traits(make_panel: Make, quick_model: Fit, traits: list[str], basis: str) -> None:
    panel = make_panel()
    block = next(iter(quick_model(panel).blocks.values()))
    assert effects_of(panel, block).of(traits) == basis


def test_every_elasticity_says_where_it_comes_from(make_panel: Make, quick_model: Fit) -> None:
    panel = make_panel()
    one = elasticities(panel, quick_model(panel), {"prd_a"})[0]
    assert (one.promotion.basis, one.promotion_featured.basis, one.regular.basis) == ("own", "prior", "prior")
    assert {estimate.basis for _key, estimate in one.cross} == {"own"}
