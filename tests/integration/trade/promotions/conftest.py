"""A small chain with sales, and an AI service that answers by arithmetic."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from bson.decimal128 import Decimal128

from app.core.cache import changing
from app.core.mongo import Db, stamped
from app.trade.promotions import work
from app.trade.promotions.ai_client import AiClient
from app.trade.sales import store as sales
from app.trade.sales.rules import fact_id

FIRST_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
STORES = ("a", "b", "c", "d")


class Market:
    """Customers ACME (banner) with stores a to d, products JUICE > BRAND > SKU1, SKU2, and sales week by week."""

    def __init__(self, mongo: Db) -> None:
        self.mongo = mongo
        chain = self._customer("cus_acme", "ACME", "banner", None)
        for store in STORES:
            self._customer(f"cus_{store}", store.upper(), "store", chain)
        category = self._product("prd_juice", "JUICE", "category", None)
        brand = self._product("prd_brand", "BRAND", "brand", category)
        for sku in ("SKU1", "SKU2"):
            self._product(f"prd_{sku.lower()}", sku, "sku", brand)

    def _customer(self, node_id: str, code: str, level: str, parent: dict[str, Any] | None) -> dict[str, Any]:
        return self._node("customers", node_id, {"code": code, "channel": "", "payment_terms": ""}, level, parent)

    def _product(self, node_id: str, sku: str, level: str, parent: dict[str, Any] | None) -> dict[str, Any]:
        cost = Decimal128("0.80") if level == "sku" else None
        return self._node("products", node_id, {"sku": sku, "unit_cost": cost, "unit_cost_basis": "measured"}, level, parent)

    def _node(self, collection: str, node_id: str, own: dict[str, Any], level: str, parent: Any) -> dict[str, Any]:
        path = [*(parent["path"] if parent else ()), node_id]
        name = own.get("code") or own.get("sku")
        node = {"_id": node_id, **own, "name": f"The {name}", "level": level, "parent_id": parent and parent["_id"], "path": path}
        document = stamped({**node, "status": "active", "currency": "EUR", "attributes": {}}, "tests")
        self.mongo[collection].insert_one(document)
        return document

    def sell(
        self,
        weeks: range,
        deals: dict[str, set[int]] | None = None,
        sku: str = "sku1",
        import_id: str = "imp_1",
        price: str = "2.00",
        deal_price: str = "1.50",
        stores: tuple[str, ...] = STORES,
    ) -> None:
        """Each store sells 10 a week, 30 in the weeks of its deals."""
        facts = []
        for store in stores:
            for week in weeks:
                on_deal = week in (deals or {}).get(store, set())
                facts.append(self._fact(f"cus_{store}", f"prd_{sku}", week, on_deal, import_id, deal_price if on_deal else price))
        with changing("sales"):
            sales.collection().insert_many(facts)

    def _fact(self, customer: str, product: str, week: int, on_deal: bool, import_id: str, price: str) -> dict[str, Any]:
        period = FIRST_MONDAY + timedelta(weeks=week)
        units = 30 if on_deal else 10
        revenue = Decimal128(Decimal(price) * units)
        return {
            "_id": fact_id(customer, product, period, "pos"), "source": "pos", "grain": "week", "customer_id": customer,
            "product_id": product, "period": period, "units": units, "net_revenue": revenue, "gross_revenue": revenue,
            "price_paid": Decimal128(price), "price_regular": None, "unit_acquisition_cost": Decimal128("1.20"),
            "deal": on_deal, "feature": 0.0, "display": False, "currency": "EUR", "import_id": import_id, "version": 1,
        }  # fmt: skip

    def take_back(self, import_id: str) -> None:
        """Remove what an import brought."""
        with changing("sales"):
            sales.collection().delete_many({"import_id": import_id})


@pytest.fixture
def market(mongo: Db, redis_client: Any) -> Market:
    """The chain, without sales yet."""
    return Market(mongo)


class FakeAi:
    """Answers as the AI service does: 20 extra units a store and week, 2 of them borrowed; `refuse` and `down` as set."""

    def __init__(self) -> None:
        self.refuse: set[str] = set()
        self.invalid: set[str] = set()
        self.down = False
        self.trained = 0
        self.asked: list[list[str]] = []
        self.before_answer: Callable[[], None] = lambda: None

    def client(self) -> AiClient:
        return AiClient(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("nobody there")
        path = request.url.path
        if path == "/v1/models":
            return httpx.Response(200, json={"models": [self._model()] if self.trained else []})
        if path == "/v1/train" and request.method == "POST":
            return httpx.Response(202, json={"job": self._job("running")})
        if path.startswith("/v1/train/"):
            self.trained += 1
            return httpx.Response(200, json={"job": self._job("done")})
        return self._uplift(json.loads(request.content))

    def _uplift(self, body: dict[str, Any]) -> httpx.Response:
        ids = [one["id"] for one in body["promotions"]]
        self.asked.append(ids)
        if self.invalid & set(ids):
            return httpx.Response(422, json={"detail": "unknown customer", "type": "/problems/invalid"})
        self.before_answer()
        return httpx.Response(200, json={"model": self._model(), "results": [self._result(one) for one in body["promotions"]]})

    def _result(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["id"] in self.refuse:
            return {"id": asked["id"], "status": "refused", "reason": "too few quiet weeks"}
        extra = 20.0 * len(asked["customer_ids"])
        band = {"mean": extra, "lo80": extra - 5, "hi80": extra + 5, "lo95": extra - 9, "hi95": extra + 9}
        dip = dict.fromkeys(band, -2.0)
        side = {
            "incremental_margin": "18.00", "other_products_margin": "-2.00", "spend": "10.00", "funding_kept": "0.00",
            "net": "6.00", "net_lo80": "2.00", "net_hi80": "10.00",
            "roi": "1.6000", "roi_lo80": "1.2000", "roi_hi80": "2.0000", "basis": ["unit cost: measured"],
        }  # fmt: skip
        week = {"week": asked["start"], "role": "promotion", "actual": 30.0, "baseline": 10.0, "price": 1.5, "price_regular": 2.0}
        return {
            "id": asked["id"], "status": "ok", "actual_units": 30.0, "baseline_units": 10.0, "incremental_units": band,
            "post_dip_units": dip, "net_incremental_units": {name: value - 2 for name, value in band.items()},
            "weeks": [week], "manufacturer": side, "retailer": {"missing": "unit_acquisition_cost", "detail": "not given"},
            "warnings": [], "placebo_p_value": 0.0312,
        }  # fmt: skip

    def _model(self) -> dict[str, Any]:
        fitted = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        return {"id": f"mdl_{self.trained}", "source": "pos", "fitted_at": fitted, "current": True, "metrics": {}}

    def _job(self, status: str) -> dict[str, Any]:
        started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"id": "trn_1", "status": status, "progress": 1.0, "step": "", "started_at": started}


@pytest.fixture
def ai(monkeypatch: pytest.MonkeyPatch) -> FakeAi:
    """The AI service that every job of the test talks to."""
    fake = FakeAi()
    monkeypatch.setattr(work, "AiClient", fake.client)
    return fake
