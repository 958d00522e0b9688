"""The HTTP face, with a model on the volume and a database double that only knows the four reads."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from pymongo.errors import ServerSelectionTimeoutError

from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.main import create_app
from ai.models.loglinear import LogLinearModel
from ai.registry.manifest import Registry
from ai.registry.storage import pack
from ai.schemas import UpliftAnswer
from ai.settings import Settings


class Documents(list):
    def find(self, *_arguments: Any, **_options: Any) -> "Documents":
        return self

    def batch_size(self, _size: int) -> "Documents":
        return self

    def find_one(self, *_arguments: Any, **_options: Any) -> Any:
        return self[0] if self else None

    def count_documents(self, _where: Any) -> int:
        return len(self)


class Database(dict):
    down = False

    def command(self, _name: str) -> None:
        if self.down:
            raise ServerSelectionTimeoutError("nobody there")

    def __missing__(self, _name: str) -> Documents:
        if self.down:
            raise ServerSelectionTimeoutError("nobody there")
        return Documents()


def documents_of(panel: Panel) -> Database:
    """The panel's sales as they would lie in MongoDB."""
    sales = Documents()
    for row, (customer_id, product_id) in enumerate(panel.series):
        for week in range(panel.weeks):
            monday = monday_of(panel.first_week + week)
            sales.append(
                {
                    "customer_id": customer_id,
                    "product_id": product_id,
                    "period": datetime(monday.year, monday.month, monday.day, tzinfo=UTC),
                    "units": float(panel.units[row, week]),
                    "price_paid": float(panel.price[row, week]),
                    "unit_acquisition_cost": float(panel.cost[row, week]),
                    "deal": bool(panel.deal[row, week] > 0),
                    "feature": 0,
                }
            )
    customers = Documents({"_id": c.id, "name": c.name, "path": list(c.path)} for c in panel.customers.values())
    products = Documents(
        {"_id": p.id, "name": p.name, "path": [p.category_id, p.id], "unit_cost": "1.80", "unit_cost_basis": "measured"}
        for p in panel.products.values()
    )
    return Database(sales=sales, customers=customers, products=products)


@pytest.fixture(scope="module")
def database(panel: Panel) -> Database:
    return documents_of(panel)


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, database: Database, panel: Panel, model: LogLinearModel
) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("models")
    registry = Registry(folder)
    registry.add(
        pack(model, panel), key="mdl_1", source="pos", fitted_at="2024-01-01T00:00:00+00:00",
        rows=panel.rows, window=("2023-01-02", "2024-08-05"),
    )  # fmt: skip
    app = create_app(Settings(models_dir=folder), database)  # type: ignore[arg-type]
    with app.test_client() as client:
        yield client


@pytest.fixture
def empty(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(models_dir=tmp_path), Database()).test_client()  # type: ignore[arg-type]


def promotion(panel: Panel, **changes: Any) -> dict[str, Any]:
    weeks = np.flatnonzero(panel.promoted[panel.index[("cus_0", "prd_a")]])
    start = monday_of(panel.first_week + int(weeks[weeks > 20][0]))
    asked = {
        "id": "prm_1", "customer_ids": ["cus_chain"], "product_ids": ["prd_a"],
        "start": start.isoformat(), "end": (start + timedelta(days=13)).isoformat(),
    }  # fmt: skip
    return asked | changes


def fields(response: Any) -> list[str]:
    assert response.mimetype == "application/problem+json"
    return [error["field"] for error in response.get_json()["errors"]]


def test_uplift_answers_with_bands_money_and_the_error_of_the_model(client: FlaskClient, panel: Panel) -> None:
    response = client.post("/v1/uplift", json={"promotions": [promotion(panel)]})
    assert response.status_code == 200
    body = response.get_json()
    UpliftAnswer.model_validate(
        body
        | {"model": body["model"] | {"window": {"start": body["model"]["window"]["from"], "end": body["model"]["window"]["to"]}}}
    )
    result = body["results"][0]
    band = result["incremental_units"]
    assert band["lo95"] < band["lo80"] < band["mean"] < band["hi80"] < band["hi95"]
    assert result["actual_units"] - result["baseline_units"] == pytest.approx(band["mean"], abs=0.02)
    assert 0 < result["placebo_p_value"] < 0.05
    assert body["model"]["metrics"]["single"]["wmape"] > 0
    assert isinstance(result["manufacturer"]["roi"], str)
    assert [week["role"] for week in result["weeks"]] == ["pre"] * 6 + ["promotion"] * 2 + ["post"] * 6


def test_the_parts_of_an_uplift_add_up_exactly(client: FlaskClient, panel: Panel) -> None:
    result = client.post("/v1/uplift", json={"promotions": [promotion(panel)]}).get_json()["results"][0]
    names = ("incremental_units", "post_dip_units", "cannibalised_units", "halo_units")
    assert round(sum(result[name]["mean"] for name in names), 2) == result["total_units"]
    assert result["cannibalised_units"]["mean"] <= 0 <= result["halo_units"]["mean"]


def test_totals_leave_the_weeks_out(client: FlaskClient, panel: Panel) -> None:
    response = client.post("/v1/uplift", json={"promotions": [promotion(panel)], "detail": "totals"})
    assert response.get_json()["results"][0]["weeks"] is None


def test_one_refused_promotion_does_not_spoil_the_others(client: FlaskClient, panel: Panel) -> None:
    late = promotion(panel, id="late", start="2031-01-06", end="2031-01-12")
    results = client.post("/v1/uplift", json={"promotions": [promotion(panel), late]}).get_json()["results"]
    assert [result["status"] for result in results] == ["ok", "refused"]
    assert "no sales" in results[1]["reason"]


def test_baseline_has_a_band_for_every_week(client: FlaskClient) -> None:
    asked = {"customer_ids": ["cus_1"], "product_ids": ["prd_b"], "from": "2023-06-05", "to": "2023-07-02"}
    series = client.post("/v1/baseline", json=asked).get_json()["series"]
    assert len(series) == 1
    assert len(series[0]["weeks"]) == 4
    for week in series[0]["weeks"]:
        assert 0 < week["lo95"] <= week["lo80"] <= week["lo50"] <= week["hi50"] <= week["hi80"] <= week["hi95"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer_ids": ["cus_nobody"]}, "promotions.0.customer_ids.0"),
        ({"product_ids": ["prd_a", "prd_none"]}, "promotions.0.product_ids.1"),
        ({"customer_ids": []}, "promotions.0.customer_ids"),
        ({"start": "soon"}, "promotions.0.start"),
        ({"end": "1999-01-01"}, "promotions.0.end"),
        ({"end": "2199-01-01"}, "promotions.0.end"),
        ({"pre_weeks": 1_000_000}, "promotions.0.pre_weeks"),
        ({"pre_weeks": "many"}, "promotions.0.pre_weeks"),
        ({"costs": {"fixed": "NaN"}}, "promotions.0.costs.fixed"),
        ({"costs": {"fixed": float("inf")}}, "promotions.0.costs.fixed"),
        ({"costs": {"per_unit": "-1"}}, "promotions.0.costs.per_unit"),
        ({"id": "x" * 65}, "promotions.0.id"),
        ({"colour": "red"}, "promotions.0.colour"),
    ],
)
def test_a_wrong_field_is_named(client: FlaskClient, panel: Panel, change: dict[str, Any], field: str) -> None:
    response = client.post("/v1/uplift", data=json.dumps({"promotions": [promotion(panel, **change)]}))
    assert response.status_code == 422
    assert field in fields(response)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(client: FlaskClient, body: bytes) -> None:
    assert client.post("/v1/uplift", data=body).status_code in (400, 422)


def test_a_body_of_ten_megabytes_is_refused_unread(client: FlaskClient) -> None:
    response = client.post("/v1/uplift", data=b" " * 10_000_000)
    assert response.status_code == 413
    assert "8 MB" in response.get_json()["detail"]


def test_a_huge_range_is_refused(client: FlaskClient) -> None:
    response = client.post("/v1/baseline", json={"from": "1970-01-05", "to": "2199-12-31"})
    assert fields(response) == ["to"]


def test_without_a_model_it_says_what_to_do(empty: FlaskClient, panel: Panel) -> None:
    response = empty.post("/v1/uplift", json={"promotions": [promotion(panel)]})
    assert response.status_code == 409
    assert "/v1/train" in response.get_json()["detail"]


def test_a_database_that_is_down_gives_503_and_recovers(client: FlaskClient, database: Database) -> None:
    database.down = True
    assert client.get("/health").status_code == 503
    assert client.get("/livez").status_code == 200
    database.down = False
    assert client.get("/health").get_json()["status"] == "ok"


def test_the_request_id_goes_through(client: FlaskClient) -> None:
    assert client.get("/v1/models", headers={"X-Request-ID": "req-7"}).headers["X-Request-ID"] == "req-7"
    odd = client.get("/v1/models", headers={"X-Request-ID": "a b{}"}).headers["X-Request-ID"]
    assert odd != "a b{}"
    assert client.get("/nowhere", headers={"X-Request-ID": "req-8"}).get_json()["request_id"] == "req-8"


def test_models_are_listed_with_their_errors(client: FlaskClient) -> None:
    models = client.get("/v1/models").get_json()["models"]
    assert models[0]["id"] == "mdl_1"
    assert models[0]["current"]
    assert models[0]["window"] == {"from": "2023-01-02", "to": "2024-08-05"}


def test_anomalies_are_listed_within_the_weeks_asked_for(client: FlaskClient) -> None:
    body = client.post("/v1/anomalies", json={"from": "2023-01-02", "to": "2024-08-11", "most": 3}).get_json()
    assert len(body["anomalies"]) <= 3 <= body["found"] + 3
    assert all(one["reading"] for one in body["anomalies"])
    assert fields(client.post("/v1/anomalies", json={"from": "2031-01-06", "to": "2031-02-02"})) == ["from"]
    assert fields(client.post("/v1/anomalies", json={"from": "2023-01-02", "to": "2023-02-02", "most": 0})) == ["most"]


def test_a_model_can_be_promoted_and_an_unknown_one_cannot(client: FlaskClient) -> None:
    assert client.post("/v1/models/mdl_1/promote").get_json()["id"] == "mdl_1"
    assert client.get("/v1/models").get_json()["models"][0]["current"]
    assert client.post("/v1/models/mdl_none/promote").status_code == 404


def test_an_unknown_training_job_is_not_found(client: FlaskClient) -> None:
    assert client.get("/v1/train/job_none").status_code == 404


def test_metrics_tell_the_error_of_the_model_in_use(client: FlaskClient) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    assert 'tradeai_ai_model_wmape{level="single"}' in text
    assert "tradeai_ai_training 0.0" in text


@pytest.mark.parametrize("path", ["/v1/drift", "/v1/evaluation"])
def test_the_source_that_a_question_is_about_is_a_parameter_and_checked(client: FlaskClient, path: str) -> None:
    [parameter] = client.get("/openapi.json").get_json()["paths"][path]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["schema"]["enum"]) == ("source", "query", ["pos", "shipment"])
    assert client.get(f"{path}?source=tin").status_code == 422


def test_every_endpoint_is_in_the_openapi_document(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    rules = {str(rule.rule).replace("<", "{").replace(">", "}") for rule in client.application.url_map.iter_rules()}
    assert {path for path in rules if path.startswith(("/v1/", "/health", "/livez", "/metrics"))} <= set(document["paths"])
    assert set(document["paths"]) <= rules
    names = set(document["components"]["schemas"])
    used = {part.split('"')[0] for part in json.dumps(document["paths"]).split("#/components/schemas/")[1:]}
    assert used <= names
