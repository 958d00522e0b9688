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
         "/v1/uplift", "/v1/train", "/v1/recommend", "/v1/segments", "/v1/accuracy", "/v1/evaluate",
         "/v1/models/mdl_1/promote")  # fmt: skip
# Not asked for what it could start or switch, when a body happens to make sense.
HARMLESS = tuple(path for path in PATHS if not path.endswith(("train", "evaluate", "promote")))
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


@pytest.mark.parametrize("path", [PATHS[0], *(pytest.param(path, marks=pytest.mark.slow) for path in PATHS[1:])])
def test_seven_megabytes_of_ids_are_refused_in_bounded_memory(client: FlaskClient, path: str) -> None:
    body = json.dumps({"customer_ids": ["c" * 60] * 100_000, "product_ids": ["p"]}).encode()
    tracemalloc.start()
    answer = client.post(path, data=body)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 422
    assert answer.get_json()["errors"]
    assert peak < 64 * MEGABYTE


FIELDS = (
    "product_ids", "customer_ids", "start", "end", "from", "to", "cut", "price", "deal", "product_id", "candidates", "budget",
    "costs", "funding_share", "source", "must", "taken", "promotions", "lead", "of", "objective", "detail", "weeks", "rules",
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(HARMLESS), st.sampled_from(FIELDS), anything)
def test_anything_in_any_field_is_a_4xx_or_an_answer(
    client: FlaskClient, panel: Panel, path: str, field: str, value: Any
) -> None:
    answer = client.post(path, data=json.dumps({**sensible(panel, path), field: value}))
    assert answer.status_code < 500, answer.get_json()
    if answer.status_code == 422:
        assert all(error["field"] for error in answer.get_json()["errors"])


def promotion(panel: Panel, **changes: Any) -> dict[str, Any]:
    asked = {
        "id": "p1",
        "customer_ids": ["cus_chain"],
        "product_ids": ["prd_a"],
        "start": day(panel, -20),
        "end": day(panel, -19, 6),
    }
    return asked | changes


def sensible(panel: Panel, path: str) -> dict[str, Any]:
    """A body that the endpoint answers."""
    past = {"from": day(panel, -8), "to": day(panel, 0)}
    bodies: dict[str, dict[str, Any]] = {
        "/v1/simulate": draft(panel),
        "/v1/response": {"product_id": "prd_a"},
        "/v1/optimise": {"candidates": candidates(panel), "budget": "400"},
        "/v1/forecast": forecast_asked(panel),
        "/v1/anomalies": past,
        "/v1/baseline": {"product_ids": ["prd_a"], **past},
        "/v1/uplift": {"promotions": [promotion(panel)]},
        "/v1/recommend": {"customer_ids": ["cus_chain"], "product_ids": ["prd_a"]},
        "/v1/segments": {"of": "customers"},
    }
    return bodies.get(path, {})


@pytest.mark.parametrize("path", [path for path in HARMLESS if path != "/v1/accuracy"])
def test_the_bodies_that_are_spoiled_here_make_sense_unspoiled(client: FlaskClient, panel: Panel, path: str) -> None:
    assert client.post(path, json=sensible(panel, path)).status_code == 200


def test_more_weeks_than_an_answer_may_hold_are_refused_unless_totals_are_asked_for(client: FlaskClient, panel: Panel) -> None:
    year = promotion(panel, start=day(panel, -60), end=day(panel, -8, 6), pre_weeks=26, post_weeks=26)
    many = {"promotions": [{**year, "id": f"p{number}"} for number in range(600)]}
    tracemalloc.start()
    answer = client.post("/v1/uplift", json=many)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fields(answer) == ["promotions"]
    assert "totals" in answer.get_json()["detail"]
    assert peak < 64 * MEGABYTE
    few = {"promotions": many["promotions"][:3], "detail": "totals"}
    assert client.post("/v1/uplift", json=few).status_code == 200


@pytest.mark.slow
def test_the_largest_calendar_that_is_accepted_is_worked_out_in_bounded_memory(client: FlaskClient, panel: Panel) -> None:
    one = candidates(panel)[0]
    many = [{**one, "id": f"e{number}", "product_ids": ["prd_a", "prd_b", "prd_c"]} for number in range(200)]
    tracemalloc.start()
    answer = client.post("/v1/optimise", json={"candidates": many, "budget": "10000"})
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 200
    assert peak < 128 * MEGABYTE


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
    wrong = {**one, "start": day(panel, 60), "end": day(panel, 61, 6)}
    assert fields(client.post("/v1/optimise", json={"candidates": [wrong], "budget": "1"}))[0].startswith("candidates.0.")
