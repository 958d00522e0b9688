"""Thin, broken and strange sales through a whole training and every endpoint: a sound answer, or a refusal that says why."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from ai.data.panel import Panel, SalesColumns, build_panel
from ai.data.weeks import monday_of
from ai.main import create_app
from ai.models import trees
from ai.models.forecast import TooShort, fit_forecast
from ai.models.training import TooLittleData, train_model
from ai.registry.manifest import Registry
from ai.registry.storage import pack
from ai.settings import Settings

from .conftest import FIRST_MONDAY, WEEKS, market, places
from .test_service import Database, Documents

pytestmark = pytest.mark.slow  # a model is trained for each of them
DAY = 86_400.0
Change = Callable[[SalesColumns], SalesColumns]
_ENDS = ("lo95", "lo80", "lo50", "mean", "median", "hi50", "hi80", "hi95")
_NUMBERED = ("units", "baseline", "actual_units", "baseline_units", "promoted_units", "net_units", "total_units", "base_units",
             "value", "standard_error", "expected")  # fmt: skip


def week_of(sales: SalesColumns) -> np.ndarray:
    return ((sales.period - FIRST_MONDAY.timestamp()) // (7 * DAY)).astype(int)


def rows(sales: SalesColumns, chosen: np.ndarray) -> SalesColumns:
    names = ("customer", "product", "period", "units", "price", "price_regular", "cost", "deal", "feature", "display")
    return replace(sales, **{name: getattr(sales, name)[chosen] for name in names})


def quiet(sales: SalesColumns, chosen: np.ndarray) -> SalesColumns:
    """The chosen rows without promotion."""
    return replace(
        sales, price=np.where(chosen, 4.0, sales.price), deal=np.where(chosen, 0.0, sales.deal),
        cost=np.where(chosen, 3.0, sales.cost),
    )  # fmt: skip


def a_store_of_five_weeks(sales: SalesColumns) -> SalesColumns:
    return rows(sales, (sales.customer != 0) | (week_of(sales) >= WEEKS - 5))


def a_product_of_five_weeks(sales: SalesColumns) -> SalesColumns:
    return rows(sales, (sales.product != 0) | (week_of(sales) >= WEEKS - 5))


def a_series_of_zeros(sales: SalesColumns) -> SalesColumns:
    return replace(sales, units=np.where((sales.customer == 0) & (sales.product == 0), 0.0, sales.units))


def a_product_of_zeros(sales: SalesColumns) -> SalesColumns:
    return replace(sales, units=np.where(sales.product == 0, 0.0, sales.units))


def a_market_of_zeros(sales: SalesColumns) -> SalesColumns:
    return replace(sales, units=np.zeros(len(sales.units)))


def gaps(sales: SalesColumns) -> SalesColumns:
    return rows(sales, np.random.default_rng(3).random(len(sales.units)) > 0.3)


def returns(sales: SalesColumns) -> SalesColumns:
    return replace(sales, units=np.where(week_of(sales) % 9 == 4, -20.0, sales.units))


def a_product_without_prices(sales: SalesColumns) -> SalesColumns:
    return replace(sales, price=np.where(sales.product == 0, np.nan, sales.price))


def one_promotion(sales: SalesColumns) -> SalesColumns:
    return quiet(sales, ~((week_of(sales) >= 42) & (week_of(sales) < 44) & (sales.product == 0)))


def no_promotion(sales: SalesColumns) -> SalesColumns:
    return quiet(sales, np.ones(len(sales.units), dtype=bool))


def a_product_always_promoted(sales: SalesColumns) -> SalesColumns:
    always = sales.product == 0
    return replace(sales, price=np.where(always, 3.0, sales.price), deal=np.where(always, 1.0, sales.deal))


def every_row_twice(sales: SalesColumns) -> SalesColumns:
    return rows(sales, np.repeat(np.arange(len(sales.units)), 2))


def days(sales: SalesColumns) -> SalesColumns:
    whole = rows(sales, np.repeat(np.arange(len(sales.units)), 7))
    shift = np.tile(np.arange(7), len(sales.units)) * DAY
    return replace(whole, period=whole.period + shift, units=whole.units / 7)


CASES: tuple[Change, ...] = (
    a_store_of_five_weeks, a_product_of_five_weeks, a_series_of_zeros, a_product_of_zeros, gaps, returns,
    a_product_without_prices, one_promotion, no_promotion, a_product_always_promoted, every_row_twice, days,
)  # fmt: skip


def documents(sales: SalesColumns) -> Database:
    """The rows as they would lie in MongoDB, with a store and a product that never sold."""

    def known(value: float) -> float | None:
        return None if math.isnan(value) else float(value)

    found = Documents(
        {
            "customer_id": sales.customer_ids[sales.customer[n]], "product_id": sales.product_ids[sales.product[n]],
            "period": datetime.fromtimestamp(float(sales.period[n]), UTC), "units": known(sales.units[n]),
            "price_paid": known(sales.price[n]), "unit_acquisition_cost": known(sales.cost[n]), "deal": bool(sales.deal[n] > 0),
            "feature": 0,
        }
        for n in range(len(sales.units))
    )  # fmt: skip
    customers, products = places()
    nodes = [{"_id": one.id, "name": one.name, "path": list(one.path)} for one in customers.values()]
    goods = [
        {"_id": one.id, "name": one.name, "path": [one.category_id, one.id], "unit_cost": "1.80"} for one in products.values()
    ]
    return Database(
        sales=found,
        customers=Documents([*nodes, {"_id": "cus_new", "name": "New", "path": ["cus_chain", "cus_new"]}]),
        products=Documents([*goods, {"_id": "prd_new", "name": "New", "path": ["prd_all", "prd_new"]}]),
    )


@pytest.fixture(scope="module", params=CASES, ids=lambda change: change.__name__)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, Panel]]:
    """A client on one of the cases, with whatever model could be trained."""
    sales = request.param(market())
    panel = build_panel(sales, *places())
    assert panel is not None
    registry = Registry(tmp_path_factory.mktemp("models"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 8)
        try:
            model = train_model(panel)
        except TooLittleData as error:
            pytest.skip(f"no model, and it says so: {error}")
        try:
            forecast = fit_forecast(panel, (1, 4))
        except TooShort:
            forecast = None
    registry.add(
        pack(model, panel, forecast), key="mdl_1", source="pos", fitted_at="2024-01-01T00:00:00+00:00", rows=panel.rows,
        window=(monday_of(panel.first_week).isoformat(), monday_of(panel.last_week).isoformat()),
    )  # fmt: skip
    app = create_app(Settings(models_dir=Path(registry.folder)), documents(sales))  # type: ignore[arg-type]
    with app.test_client() as client:
        yield client, panel


def questions(panel: Panel) -> list[tuple[str, dict[str, Any]]]:
    """Every endpoint, for all and for the product and store that the case is about, and for those that never sold."""

    def day(weeks: int, extra: int = 0) -> str:
        return (monday_of(panel.last_week + weeks) + timedelta(days=extra)).isoformat()

    past = monday_of(panel.first_week + 42)
    window = {"start": past.isoformat(), "end": (past + timedelta(days=13)).isoformat()}
    asked: list[tuple[str, dict[str, Any]]] = [("/v1/elasticity", {}), ("/v1/segments", {"of": "customers"}),
                                               ("/v1/segments", {"of": "products"})]  # fmt: skip
    for customer in ("cus_chain", "cus_0", "cus_new"):
        asked += [
            ("/v1/recommend", {"customer_ids": [customer]}),
            ("/v1/anomalies", {"customer_ids": [customer], "from": day(-52), "to": day(0)}),
            ("/v1/baseline", {"customer_ids": [customer], "from": day(-8), "to": day(0)}),
        ]
        for product in ("prd_a", "prd_new"):
            part = {"customer_ids": [customer], "product_ids": [product]}
            ahead = {"start": day(2), "end": day(3, 6), "cut": 0.25, "deal": 1.0}
            asked += [
                ("/v1/forecast", {**part, "from": day(1), "to": day(4, 6)}),
                ("/v1/simulate", {**part, **ahead}),
                ("/v1/optimise", {"candidates": [{**part, **ahead, "id": "e1"}], "budget": "1000"}),
                ("/v1/uplift", {"promotions": [{**part, **window, "id": "p1"}]}),
                ("/v1/response", {"customer_ids": [customer], "product_id": product}),
            ]
    return asked


def unsound(answer: Any, where: str = "") -> list[str]:
    """Places in the answer where bands cross or a figure that is always known is missing."""
    found: list[str] = []
    if isinstance(answer, dict):
        ends = [answer[name] for name in _ENDS if name in answer]
        if len(ends) > 2 and (None in ends or any(low > high + 0.011 for low, high in itertools.pairwise(ends))):
            found.append(f"{where}: {ends}")
        found += [f"{where}.{name}" for name in _NUMBERED if name in answer and answer[name] is None]
        for name, value in answer.items():
            if name != "metrics" and not (name in _NUMBERED and answer.get("status") == "refused"):
                found += unsound(value, f"{where}.{name}")
    elif isinstance(answer, list):
        for number, value in enumerate(answer):
            found += unsound(value, f"{where}.{number}")
    return found


def test_every_endpoint_answers_soundly_or_says_why_not(case: tuple[FlaskClient, Panel]) -> None:
    client, panel = case
    for path, asked in questions(panel):
        answer = client.post(path, json=asked)
        body = answer.get_json()
        assert answer.status_code in {200, 409, 422}, (path, asked, body)
        if answer.status_code != 200:
            assert body["detail"], (path, asked)
            continue
        results = body.get("results") or []
        refused = [one for one in results if one["status"] == "refused"]
        assert all(one["reason"] for one in refused), (path, asked)
        told = {**body, "results": [one for one in results if one not in refused]}
        if told.get("refused") and path in {"/v1/response", "/v1/segments"}:
            continue
        assert unsound(told, path) == [], asked
    for path in ("/v1/drift", "/v1/models", "/health", "/metrics"):
        assert client.get(path).status_code in {200, 409}, path


def test_what_was_never_seen_is_not_answered_as_if_it_had_been(case: tuple[FlaskClient, Panel]) -> None:
    client, panel = case
    if panel.promoted.any():
        return
    body = client.post("/v1/elasticity", json={}).get_json()
    assert {one["promotion"]["basis"] for one in body["products"]} <= {"prior"}


def test_a_market_that_is_always_on_promotion_has_no_model_and_says_why() -> None:
    sales = market()
    panel = build_panel(replace(sales, price=np.full(len(sales.units), 3.0), deal=np.ones(len(sales.units))), *places())
    assert panel is not None
    with pytest.raises(TooLittleData, match="weeks without promotion"):
        train_model(panel)


def test_a_market_of_zeros_has_no_model_and_says_why() -> None:
    panel = build_panel(a_market_of_zeros(market()), *places())
    assert panel is not None
    with pytest.raises(TooLittleData, match="never sold a unit"):
        train_model(panel)
