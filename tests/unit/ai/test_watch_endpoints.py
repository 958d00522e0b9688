"""Drift, evaluation, accuracy as it was and summed forecasts over HTTP, on the invented market."""

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from ai import forecast_api
from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.main import create_app
from ai.models import trees
from ai.models.forecast import TooShort, fit_forecast
from ai.models.loglinear import LogLinearModel
from ai.registry.jobs import JobState
from ai.registry.manifest import Registry
from ai.registry.storage import pack
from ai.retrospect.kept import FOLDER, read, save
from ai.retrospect.look_back import HIDDEN_WEEKS, LEADS, Said, hidden_weeks
from ai.retrospect.run import report_of
from ai.settings import Settings

from .test_service import documents_of

pytestmark = pytest.mark.slow  # models are trained here


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 15)
        yield


@pytest.fixture(scope="module")
def said(panel: Panel, few_trees: None) -> Said:
    return hidden_weeks(panel)


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, panel: Panel, model: LogLinearModel, said: Said, few_trees: None
) -> Iterator[FlaskClient]:
    """A model that ended five weeks before the sales, and a look back."""
    folder = tmp_path_factory.mktemp("models")
    trained_to = monday_of(panel.last_week) - timedelta(weeks=5)
    Registry(folder).add(
        pack(model, panel, fit_forecast(panel, (1, 2, 4))), key="mdl_1", source="pos", fitted_at="2024-01-01T00:00:00+00:00",
        rows=panel.rows, window=(monday_of(panel.first_week).isoformat(), trained_to.isoformat()),
    )  # fmt: skip
    save(folder, report_of(panel, said, "mdl_1", "pos", model.metrics), said)
    with create_app(Settings(models_dir=folder), documents_of(panel)).test_client() as client:  # type: ignore[arg-type]
        yield client


def fields(response: Any) -> list[str]:
    assert response.status_code == 422, response.get_json()
    return [error["field"] for error in response.get_json()["errors"]]


def test_drift_names_every_feature_and_the_error_since_training(client: FlaskClient) -> None:
    body = client.get("/v1/drift").get_json()
    assert [one["feature"] for one in body["features"]] == ["price", "price_cut", "deal", "feature", "display", "units"]
    assert body["unseen_weeks"] == 5
    assert body["error"]["cells"] > 0
    assert body["error"]["ratio"] == pytest.approx(body["error"]["now"] / body["error"]["at_training"], rel=0.01)
    baseline = body["baseline_error"]
    assert baseline["cells"] > 0
    assert baseline["state"] == "stable"
    assert baseline["ratio"] == pytest.approx(baseline["now"] / baseline["at_training"], rel=0.01)
    metrics = client.get("/metrics").get_data(as_text=True)
    assert 'tradeai_ai_drift_baseline_error_ratio{source="pos"}' in metrics
    assert 'tradeai_ai_drift_psi{feature="price",source="pos"}' in metrics
    assert 'tradeai_ai_drift_shifted{source="pos"}' in metrics


def test_a_source_that_is_none_is_named(client: FlaskClient) -> None:
    for path in ("/v1/drift?source=tin", "/v1/evaluation?source="):
        assert fields(client.get(path)) == ["source"]


def test_the_report_says_how_it_was_measured(client: FlaskClient) -> None:
    body = client.get("/v1/evaluation").get_json()
    assert body["model"] == "mdl_1"
    assert "fitted on the sales before" in body["protocol"]
    assert set(body["leads"]) == {str(lead) for lead in LEADS}
    assert body["chain"]["objective"]["mean"]["wmape"] < body["all"]["objective"]["mean"]["wmape"]
    assert 0 <= body["all"]["coverage80"] <= 1


def test_accuracy_of_a_chain_is_that_of_its_sum(client: FlaskClient, panel: Panel) -> None:
    asked = {"customer_ids": ["cus_chain"], "product_ids": ["prd_a"], "lead": 2, "objective": "median"}
    body = client.post("/v1/accuracy", json=asked).get_json()
    rows = [number for number, (_, product) in enumerate(panel.series) if product == "prd_a"]
    weeks = body["weeks"]
    assert body["series"] == len(rows)
    assert len(weeks) == HIDDEN_WEEKS
    assert weeks[-1]["actual"] == pytest.approx(float(panel.units[rows, -1].sum()), rel=1e-4)
    error = sum(abs(week["actual"] - week["units"]) for week in weeks) / sum(week["actual"] for week in weeks)
    assert body["wmape"] == pytest.approx(error, abs=0.001)
    inside = sum(week["lo80"] <= week["actual"] <= week["hi80"] for week in weeks) / len(weeks)
    assert body["coverage80"] == pytest.approx(inside, abs=0.001)


@pytest.mark.parametrize(("asked", "field"), [
    ({"lead": 3}, "lead"), ({"objective": "best"}, "objective"), ({"customer_ids": ["nobody"]}, "customer_ids.0"),
    ({"product_ids": ["x" * 99]}, "product_ids.0"), ({"leed": 2}, "leed"), ({"lead": "NaN"}, "lead"),
])  # fmt: skip
def test_a_wrong_question_names_the_field(client: FlaskClient, asked: dict[str, Any], field: str) -> None:
    assert fields(client.post("/v1/accuracy", json=asked)) == [field]


def test_what_is_not_a_number_is_refused(client: FlaskClient) -> None:
    assert client.post("/v1/accuracy", data='{"lead": NaN}').status_code in {400, 422}
    assert client.post("/v1/accuracy", data=b" " * (9 * 1024 * 1024)).status_code == 413


def test_without_an_evaluation_it_says_what_to_do(tmp_path: Path, panel: Panel) -> None:
    empty = create_app(Settings(models_dir=tmp_path), documents_of(panel)).test_client()  # type: ignore[arg-type]
    for answer in (empty.get("/v1/evaluation"), empty.post("/v1/accuracy", json={})):
        assert answer.status_code == 409
        assert "no-evaluation" in answer.get_json()["type"]
    assert empty.get("/v1/drift").get_json()["type"].endswith("no-model")


def test_a_damaged_look_back_is_none(tmp_path: Path, panel: Panel, said: Said) -> None:
    save(tmp_path, report_of(panel, said, "mdl_1", "pos", {}), said)
    assert read(tmp_path, "pos") is not None
    for path in (tmp_path / FOLDER).glob("*.npz"):
        path.write_bytes(b"half")
    assert read(tmp_path, "pos") is None
    (tmp_path / FOLDER / "pos.json").write_text(json.dumps({"report": {"format": 99}}))
    assert read(tmp_path, "pos") is None


def test_hidden_weeks_are_hidden(make_panel: Any, said: Said) -> None:
    """What sold in the hidden weeks changes no forecast made before them."""
    other = make_panel()
    other.units[:, -1] *= 7
    again = hidden_weeks(other)
    assert (again.mean == said.mean).all()
    assert (again.quantiles == said.quantiles).all()


def test_all_hidden_weeks_together_are_hidden_from_origins_before_them(make_panel: Any, said: Said) -> None:
    """Whatever is sold in any of them; origins among them do see what sold up to then."""
    other = make_panel()
    weeks = said.actual.shape[1]
    other.units[:, -weeks:] *= 7
    again = hidden_weeks(other)
    before = np.array([[place < lead for place in range(weeks)] for lead in said.leads])
    equal = (again.median == said.median).all(axis=1)
    assert equal[before].all()
    assert not equal[~before].any()


def test_too_short_a_history_says_how_much_is_needed(make_panel: Any, keep: Any) -> None:
    short = make_panel(lambda sales: keep(sales, sales.period < sales.period.min() + 20 * 7 * 86_400))
    with pytest.raises(TooShort, match="28 weeks"):
        hidden_weeks(short)


def test_an_evaluation_waits_for_a_training(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = client.application.extensions["ai"].jobs
    monkeypatch.setattr(jobs, "running", lambda: True)
    assert client.post("/v1/evaluate", json={}).status_code == 409


def test_a_training_that_ended_cannot_be_stopped(client: FlaskClient) -> None:
    jobs = client.application.extensions["ai"].jobs
    jobs.files.save(JobState("job_1", "pos", "done", "2024-01-01T00:00:00+00:00", model="mdl_1"))
    assert client.post("/v1/train/job_1/stop").get_json()["job"]["status"] == "done"
    assert client.post("/v1/train/nobody/stop").status_code == 404


def test_a_total_is_the_sum_of_its_series_with_a_band_of_its_own(client: FlaskClient, panel: Panel) -> None:
    first = monday_of(panel.last_week + 1)
    asked = {
        "customer_ids": ["cus_chain"], "product_ids": ["prd_a"], "from": first.isoformat(),
        "to": (first + timedelta(days=13)).isoformat(), "objective": "mean",
    }  # fmt: skip
    apart = client.post("/v1/forecast", json=asked).get_json()
    total = client.post("/v1/forecast", json=asked | {"detail": "total"}).get_json()
    assert apart["total"] is None
    assert total["series"] == []
    assert total["total"]["series"] == len(apart["series"])
    for number, week in enumerate(total["total"]["weeks"]):
        rows = [one["weeks"][number] for one in apart["series"]]
        assert week["units"] == pytest.approx(sum(row["units"] for row in rows), abs=0.07)  # of rounded series
        whole = sum(row["hi80"] - row["lo80"] for row in rows)
        independent = math.sqrt(sum((row["hi80"] - row["lo80"]) ** 2 for row in rows))
        assert independent * 0.9 < week["hi80"] - week["lo80"] < whole
        assert week["lo95"] <= week["lo80"] <= week["median"] <= week["hi80"] <= week["hi95"]


def test_a_sum_is_told_where_its_series_would_be_too_many(
    client: FlaskClient, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = monday_of(panel.last_week + 1)
    asked = {"from": first.isoformat(), "to": (first + timedelta(days=13)).isoformat()}
    apart = client.post("/v1/forecast", json=asked).get_json()
    monkeypatch.setattr(forecast_api, "MOST_FORECAST_CELLS", 10)
    assert client.post("/v1/forecast", json=asked).status_code == 422
    body = client.post("/v1/forecast", json={**asked, "detail": "total"}).get_json()
    assert (body["series"], body["total"]["series"]) == ([], len(apart["series"]))
    for number, week in enumerate(body["total"]["weeks"]):
        assert week["units"] == pytest.approx(sum(one["weeks"][number]["units"] for one in apart["series"]), abs=0.3)
    monkeypatch.setattr(forecast_api, "MOST_SUMMED_CELLS", 10)
    assert client.post("/v1/forecast", json={**asked, "detail": "total"}).status_code == 422


@pytest.mark.parametrize("objective", ["median", "mape"])
def test_a_total_of_several_series_by_another_aim_is_the_median_of_the_sum(
    client: FlaskClient, panel: Panel, objective: str
) -> None:
    first = monday_of(panel.last_week + 1)
    asked = {
        "customer_ids": ["cus_chain"], "product_ids": ["prd_a"], "from": first.isoformat(),
        "to": (first + timedelta(days=13)).isoformat(), "objective": objective, "detail": "total",
    }  # fmt: skip
    for week in client.post("/v1/forecast", json=asked).get_json()["total"]["weeks"]:
        assert week["lo80"] <= week["units"] == week["median"] <= week["hi80"]
