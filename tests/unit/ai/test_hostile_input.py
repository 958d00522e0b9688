"""Whatever is sent to the planning endpoints is answered with a 4xx that names the field, quickly and in little memory."""

import json
import tracemalloc
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai.data.panel import Panel

from .test_planning_endpoints import candidates, client, day, draft, fields, forecast_asked

__all__ = ["client"]  # the fixture with a model and a forecast

PATHS = ("/v1/simulate", "/v1/response", "/v1/elasticity", "/v1/optimise", "/v1/forecast", "/v1/anomalies", "/v1/baseline",
         "/v1/uplift", "/v1/train", "/v1/recommend", "/v1/segments")  # fmt: skip
MEGABYTE = 1024 * 1024
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"{", b"\xff\xfe{}", b"NaN", b'{"a":NaN}', b"[" * 20_000])
def test_what_is_no_json_object_is_refused(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(path, data=body)
    assert answer.status_code in {400, 422}, answer.get_json()
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", PATHS)
def test_ten_megabytes_are_refused_unread(client: FlaskClient, path: str) -> None:
    body = json.dumps({"product_ids": ["x" * 60] * 170_000}).encode()
    assert len(body) > 10 * MEGABYTE
    tracemalloc.start()
    answer = client.post(path, data=body)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert "8 MB" in answer.get_json()["detail"]
    assert peak < 2 * MEGABYTE


@pytest.mark.parametrize("path", PATHS)
def test_seven_megabytes_of_ids_are_refused_in_bounded_memory(client: FlaskClient, path: str) -> None:
    body = json.dumps({"customer_ids": ["c" * 60] * 100_000, "product_ids": ["p"]}).encode()
    tracemalloc.start()
    answer = client.post(path, data=body)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 422
    assert answer.get_json()["errors"]
    assert peak < 64 * MEGABYTE


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PATHS[:5]), st.sampled_from(("product_ids", "customer_ids", "start", "end", "from", "cut", "price", "deal",
       "product_id", "candidates", "budget", "costs", "funding_share", "source", "must")), anything)  # fmt: skip
def test_anything_in_any_field_is_a_4xx_or_an_answer(
    client: FlaskClient, panel: Panel, path: str, field: str, value: Any
) -> None:
    asked = {**draft(panel), field: value} if path != "/v1/forecast" else {**forecast_asked(panel), field: value}
    if path == "/v1/optimise":
        asked = {"candidates": candidates(panel), "budget": "400", field: value}
    answer = client.post(path, data=json.dumps(asked))
    assert answer.status_code < 500, answer.get_json()
    if answer.status_code == 422:
        assert all(error["field"] for error in answer.get_json()["errors"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start": "0001-01-01"}, "start"),
        ({"end": "9999-12-31"}, "end"),
        ({"start": 1e300}, "start"),
        ({"price": "1e400", "cut": None}, "price"),
        ({"price": -1, "cut": None}, "price"),
        ({"cut": "NaN"}, "cut"),
        ({"cut": 1e308}, "cut"),
        ({"feature": -0.0001}, "feature"),
        ({"display": "Infinity"}, "display"),
        ({"customer_ids": [None]}, "customer_ids.0"),
        ({"customer_ids": ["x" * 65]}, "customer_ids.0"),
        ({"product_ids": ["prd_a"] * 201}, "product_ids"),
        ({"product_ids": [{"$ne": 1}]}, "product_ids.0"),
        ({"costs": {"per_unit": "NaN"}}, "costs.per_unit"),
        ({"costs": []}, "costs"),
        ({"source": "everything"}, "source"),
    ],
)
def test_a_range_too_large_or_a_value_of_the_wrong_kind_is_named(
    client: FlaskClient, panel: Panel, changes: dict[str, Any], field: str
) -> None:
    asked = {key: value for key, value in draft(panel, **changes).items() if value is not None}
    assert field in fields(client.post("/v1/simulate", json=asked))


def test_a_calendar_of_two_hundred_and_one_candidates_and_of_twin_ids_is_refused(client: FlaskClient, panel: Panel) -> None:
    one = candidates(panel)[0]
    many = [{**one, "id": f"e{number}"} for number in range(201)]
    assert fields(client.post("/v1/optimise", json={"candidates": many, "budget": "1"})) == ["candidates"]
    assert fields(client.post("/v1/optimise", json={"candidates": [one, one], "budget": "1"})) == ["candidates"]
    wrong = {**one, "start": day(panel, 40), "end": day(panel, 41, 6)}
    assert fields(client.post("/v1/optimise", json={"candidates": [wrong], "budget": "1"}))[0].startswith("candidates.0.")
