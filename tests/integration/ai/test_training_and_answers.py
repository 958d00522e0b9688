"""The AI service against a real server of MongoDB's protocol: reads, trains in its own process, answers, notices change."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from bson.decimal128 import Decimal128
from flask.testing import FlaskClient

from ai import serving
from ai.data.connection import connect
from ai.data.sales_reader import read_customers, read_products, read_sales, sales_stamp
from ai.main import create_app
from ai.settings import Settings, read_settings

STORES, WEEKS = 6, 60
FIRST_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
PROMOTION = {
    "id": "prm_1", "customer_ids": ["cus_chain"], "product_ids": ["prd_a"],
    "start": "2024-09-02", "end": "2024-09-15",
}  # fmt: skip


def facts(first: int, last: int, seed: int = 3) -> list[dict[str, Any]]:
    """Two products in six stores, each promoted in two of eight weeks; promotions double the units."""
    rng = np.random.default_rng(seed)
    rows = []
    for week in range(first, last):
        for store in range(STORES):
            for number, product in enumerate(("prd_a", "prd_b")):
                promoted = (week + 4 * number) % 8 in (3, 4)
                units = round(float(np.exp(4.6 + rng.normal(0, 0.15))) * (2 if promoted else 1))
                rows.append(
                    {
                        "_id": f"{week}-{store}-{product}",
                        "source": "pos", "grain": "week",
                        "customer_id": f"cus_{store}", "product_id": product,
                        "period": FIRST_MONDAY + timedelta(weeks=week),
                        "units": units,
                        "net_revenue": Decimal128("0"),
                        "price_paid": Decimal128("3.00" if promoted else "4.00"),
                        "price_regular": None,
                        "unit_acquisition_cost": Decimal128("2.40" if promoted else "3.00"),
                        "deal": promoted, "feature": 0, "display": None,
                        "import_id": "imp_1", "gross_revenue": Decimal128("0"), "currency": "USD",
                    }
                )  # fmt: skip
    return rows


@pytest.fixture
def sold(mongo: Any) -> Any:
    """The database with a tree of customers and products, and their sales."""
    now = datetime.now(UTC)
    chain = {"_id": "cus_chain", "code": "C", "name": "Chain", "level": "national", "path": ["cus_chain"], "updated_at": now}
    stores = [
        {
            "_id": f"cus_{n}",
            "code": f"C{n}",
            "name": f"Store {n}",
            "level": "store",
            "path": ["cus_chain", f"cus_{n}"],
            "updated_at": now,
        }
        for n in range(STORES)
    ]
    mongo["customers"].insert_many([chain, *stores])
    mongo["products"].insert_many(
        {
            "_id": key, "sku": key, "name": key, "level": "sku", "path": ["prd_all", key], "updated_at": now,
            "unit_cost": Decimal128("1.80"), "unit_cost_basis": "assumed",
        }
        for key in ("prd_a", "prd_b")
    )  # fmt: skip
    mongo["sales"].insert_many(facts(0, WEEKS))
    mongo["imports"].insert_one({"_id": "imp_1", "status": "landed", "updated_at": now})
    return mongo


@pytest.fixture
def service(sold: Any, mongo_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The app with its own connection, and the environment that the training process reads."""
    address = urlsplit(os.environ["TRADEAI_TEST_MONGO_URL"])
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "mongo_ai_password").write_text(unquote(address.password or ""))
    for name, value in {
        "TRADEAI_SECRETS_DIR": str(secrets),
        "TRADEAI_MONGO_HOST": address.hostname or "127.0.0.1",
        "TRADEAI_MONGO_PORT": str(address.port or 27017),
        "TRADEAI_MONGO_USER": unquote(address.username or ""),
        "TRADEAI_MONGO_DATABASE": sold.name,
        "TRADEAI_MODELS_DIR": str(tmp_path / "models"),
    }.items():
        monkeypatch.setenv(name, value)
    return create_app(read_settings()).test_client()


def train(service: FlaskClient, seconds: float = 90) -> dict[str, Any]:
    """Trains in the real process and waits for its end."""
    job = service.post("/v1/train", json={}).get_json()["job"]
    limit = time.monotonic() + seconds
    while job["status"] == "running" and time.monotonic() < limit:
        time.sleep(0.05)
        job = service.get(f"/v1/train/{job['id']}").get_json()["job"]
    return dict(job)


def uplift(service: FlaskClient) -> dict[str, Any]:
    response = service.post("/v1/uplift", json={"promotions": [PROMOTION]})
    assert response.status_code == 200, response.get_json()
    return dict(response.get_json())


def test_columns_hold_what_the_database_holds(sold: Any) -> None:
    sales = read_sales(sold, "pos")
    assert len(sales) == STORES * 2 * WEEKS
    assert sorted(set(sales.price.tolist())) == [3.0, 4.0]
    assert np.isnan(sales.price_regular).all()
    assert len(read_sales(sold, "shipment")) == 0
    assert read_products(sold)["prd_a"].unit_cost == "1.80"
    assert read_customers(sold)["cus_2"].chain_id == "cus_chain"


def test_the_stamp_changes_with_every_import(sold: Any) -> None:
    before = sales_stamp(sold)
    assert sales_stamp(sold) == before
    sold["imports"].update_one({"_id": "imp_1"}, {"$set": {"status": "reverted", "updated_at": datetime(2031, 1, 1, tzinfo=UTC)}})
    assert sales_stamp(sold) != before


def test_from_an_empty_volume_to_a_promotion_taken_apart(service: FlaskClient) -> None:
    assert service.post("/v1/uplift", json={"promotions": [PROMOTION]}).status_code == 409
    job = train(service)
    assert job["status"] == "done", job
    result = uplift(service)["results"][0]
    assert result["status"] == "ok"
    assert result["uplift_percent"] == pytest.approx(100, abs=25)
    assert result["manufacturer"]["basis"][-2] == "unit cost: assumed"
    assert float(result["retailer"]["spend"]) > 0


def test_new_sales_are_seen_without_a_restart(service: FlaskClient, sold: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STAMP_SECONDS", 0.0)
    assert train(service)["status"] == "done"
    before = uplift(service)["results"][0]["actual_units"]
    sold["sales"].update_many({"product_id": "prd_a", "period": datetime(2024, 9, 2, tzinfo=UTC)}, {"$set": {"units": 1000}})
    sold["imports"].insert_one({"_id": "imp_2", "status": "landed", "updated_at": datetime.now(UTC)})
    assert uplift(service)["results"][0]["actual_units"] > before


def test_the_old_model_serves_when_a_training_fails(service: FlaskClient, sold: Any) -> None:
    assert train(service)["status"] == "done"
    model = uplift(service)["model"]["id"]
    sold["sales"].delete_many({"period": {"$gte": FIRST_MONDAY + timedelta(weeks=5)}})
    job = train(service)
    assert job["status"] == "failed"
    assert "weeks" in job["error"]
    assert service.get("/health").get_json()["model"] == model


def test_without_sales_the_training_says_so(service: FlaskClient, sold: Any) -> None:
    sold["sales"].delete_many({})
    job = train(service)
    assert job["status"] == "failed"
    assert "import some first" in job["error"]


def test_a_database_that_does_not_answer_is_told_as_503(tmp_path: Path) -> None:
    nowhere = Settings(mongo_host="127.0.0.1", mongo_port=9, mongo_user="", mongo_timeout_seconds=0.2, models_dir=tmp_path)
    client = create_app(nowhere, connect(nowhere)).test_client()
    assert client.get("/health").status_code == 503
    assert client.get("/livez").status_code == 200
