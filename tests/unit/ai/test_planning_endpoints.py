"""Forecasts, elasticities and simulations over HTTP, on the invented market."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from ai import before_parsing, serving
from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.main import create_app
from ai.models import trees
from ai.models.forecast import fit_forecast
from ai.models.loglinear import LogLinearModel
from ai.registry.manifest import Registry
from ai.registry.storage import pack
from ai.settings import Settings

from .test_service import Documents, documents_of

pytestmark = pytest.mark.slow  # models are trained here


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, panel: Panel, model: LogLinearModel) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 20)
        forecast = fit_forecast(panel, (1, 2, 4))
    Registry(folder).add(
        pack(model, panel, forecast), key="mdl_1", source="pos", fitted_at="2024-01-01T00:00:00+00:00",
        rows=panel.rows, window=("2023-01-02", "2024-08-05"),
    )  # fmt: skip
    database = documents_of(panel)
    database["customers"] = Documents(
        [*database["customers"], {"_id": "cus_new", "name": "New store", "path": ["cus_chain", "cus_new"]}]
    )
    database["products"] = Documents([*database["products"], {"_id": "prd_new", "name": "New", "path": ["prd_all", "prd_new"]}])
    with create_app(Settings(models_dir=folder), database).test_client() as client:  # type: ignore[arg-type]
        yield client


def day(panel: Panel, weeks_ahead: int, extra_days: int = 0) -> str:
    return (monday_of(panel.last_week + weeks_ahead) + timedelta(days=extra_days)).isoformat()


def forecast_asked(panel: Panel, **changes: Any) -> dict[str, Any]:
    asked = {"customer_ids": ["cus_1"], "product_ids": ["prd_a"], "from": day(panel, 1), "to": day(panel, 4, 6)}
    return asked | changes


def draft(panel: Panel, **changes: Any) -> dict[str, Any]:
    asked = {
        "customer_ids": ["cus_chain"], "product_ids": ["prd_a"], "start": day(panel, 2), "end": day(panel, 3, 6),
        "cut": 0.25, "deal": 1.0,
    }  # fmt: skip
    return asked | changes


def fields(response: Any) -> list[str]:
    assert response.status_code == 422, response.get_json()
    return [error["field"] for error in response.get_json()["errors"]]


def test_a_forecast_has_ordered_bands_and_a_week_each(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/forecast", json=forecast_asked(panel)).get_json()
    weeks = body["series"][0]["weeks"]
    assert [week["horizon"] for week in weeks] == [1, 2, 3, 4]
    for week in weeks:
        ends = [week[name] for name in ("lo95", "lo80", "lo50", "median", "hi50", "hi80", "hi95")]
        assert ends == sorted(ends)
        assert ends[0] >= 0
    assert body["model"]["metrics"]["forecast"]["objective"]["mean"]["wmape"] > 0


def test_a_planned_promotion_shows_in_its_weeks_only(client: FlaskClient, panel: Panel) -> None:
    plan = {"product_ids": ["prd_a"], "start": day(panel, 2), "end": day(panel, 2, 6), "cut": 0.25, "deal": 1.0}
    quiet = client.post("/v1/forecast", json=forecast_asked(panel)).get_json()["series"][0]["weeks"]
    planned = client.post("/v1/forecast", json=forecast_asked(panel, plan=[plan])).get_json()["series"][0]["weeks"]
    assert planned[0]["units"] == quiet[0]["units"]
    assert planned[1]["units"] > 1.2 * quiet[1]["units"]
    assert planned[1]["price"] == pytest.approx(3.0)


def test_objectives_differ_and_bands_do_not(client: FlaskClient, panel: Panel) -> None:
    answers = {
        name: client.post("/v1/forecast", json=forecast_asked(panel, objective=name)).get_json()["series"][0]["weeks"][0]
        for name in ("mean", "median", "mape")
    }
    assert answers["median"]["units"] == answers["median"]["median"]
    assert len({answer["units"] for answer in answers.values()}) == 3
    assert len({answer["hi80"] for answer in answers.values()}) == 1


def test_a_new_store_is_forecast_from_the_others_and_says_so(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/forecast", json=forecast_asked(panel, customer_ids=["cus_new"])).get_json()
    assert [series["basis"] for series in body["series"]] == ["other_customers"]
    week = body["series"][0]["weeks"][0]
    assert 0 < week["lo80"] < week["units"] < week["hi80"]


def test_a_product_nobody_sold_is_refused_with_a_reason(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/forecast", json=forecast_asked(panel, product_ids=["prd_new"])).get_json()
    assert body["series"] == []
    assert "nothing" in body["refused"][0]["reason"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from": "2024-06-03"}, "from"),
        ({"to": "2025-09-30"}, "to"),
        ({"to": "2199-01-01"}, "to"),
        ({"product_ids": ["prd_none"]}, "product_ids.0"),
        ({"objective": "luck"}, "objective"),
        ({"plan": [{"product_ids": ["prd_none"], "start": "2024-08-12", "end": "2024-08-18"}]}, "plan.0.product_ids.0"),
        ({"plan": [{"product_ids": ["prd_a"], "start": "2024-08-12", "end": "2024-08-18", "cut": 1.5}]}, "plan.0.cut"),
        ({"plan": [{"product_ids": ["prd_a"], "start": "2024-08-12", "end": "2024-08-18", "price": "NaN"}]}, "plan.0.price"),
        ({"plan": [{"product_ids": ["prd_a"], "start": "2024-08-12", "end": "2024-08-18", "price": 1, "cut": 0.1}]}, "plan.0"),
    ],
)
def test_a_wrong_field_of_a_forecast_is_named(client: FlaskClient, panel: Panel, changes: dict[str, Any], field: str) -> None:
    assert field in fields(client.post("/v1/forecast", json=forecast_asked(panel, **changes)))


def test_elasticities_are_negative_with_errors_and_a_category(client: FlaskClient) -> None:
    body = client.post("/v1/elasticity", json={"product_ids": ["prd_a"]}).get_json()
    product = body["products"][0]
    assert product["promotion"]["value"] < 0 < product["promotion"]["standard_error"]
    assert {cross["product_id"] for cross in product["cross"]} == {"prd_b", "prd_c"}
    assert body["categories"][0]["products"] == 3


def test_a_product_without_a_model_has_no_elasticity(client: FlaskClient) -> None:
    body = client.post("/v1/elasticity", json={"product_ids": ["prd_new"]}).get_json()
    assert body["products"] == []
    assert body["refused"][0]["product_id"] == "prd_new"


def test_a_simulated_promotion_finds_the_lift_that_the_market_has(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/simulate", json=draft(panel)).get_json()
    assert body["promoted_units"] / body["baseline_units"] == pytest.approx(1.9, rel=0.1)
    assert body["incremental_units"]["lo80"] < body["incremental_units"]["mean"] < body["incremental_units"]["hi80"]
    assert float(body["retailer"]["spend"]) > 0


def test_its_parts_add_up_exactly(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/simulate", json=draft(panel, feature=0.5)).get_json()
    parts = body["incremental_units"]["mean"] + body["post_dip_units"] + body["cannibalised_units"]
    assert round(parts, 2) == body["net_units"]
    assert round(body["promoted_units"] - body["baseline_units"], 2) == body["incremental_units"]["mean"]


def test_its_weeks_hold_the_same_units_as_its_sums(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/simulate", json=draft(panel, feature=0.5)).get_json()
    roles = [week["role"] for week in body["weeks"]]
    assert roles == ["promotion"] * 2 + ["after"] * 6
    assert sum(week["incremental"] for week in body["weeks"]) == pytest.approx(body["incremental_units"]["mean"], abs=0.1)
    assert sum(week["after"] for week in body["weeks"]) == pytest.approx(body["post_dip_units"], abs=0.1)
    for week in body["weeks"]:
        assert week["expected"] == pytest.approx(week["baseline"] + week["incremental"] + week["after"], abs=0.03)
        assert 0 <= week["lo80"] <= week["expected"] <= week["hi80"]
    assert body["stores"] == 12
    net = body["net_band"]
    assert net["lo80"] < net["mean"] == body["net_units"] < net["hi80"]
    assert net["hi80"] - net["lo80"] >= body["incremental_units"]["hi80"] - body["incremental_units"]["lo80"]


def test_who_pays_the_price_cut_moves_money_between_the_sides_and_no_units(client: FlaskClient, panel: Panel) -> None:
    bodies = [
        client.post("/v1/simulate", json=draft(panel, funding_share=share, costs={"fixed": "100"})).get_json() for share in (0, 1)
    ]
    assert bodies[0]["net_units"] == bodies[1]["net_units"]
    none, whole = bodies
    assert float(none["manufacturer"]["spend"]) == 100
    assert float(whole["retailer"]["spend"]) == 0
    moved = float(none["manufacturer"]["net"]) - float(whole["manufacturer"]["net"])
    assert moved == pytest.approx(float(whole["retailer"]["net"]) - float(none["retailer"]["net"]), abs=0.05)
    assert moved == pytest.approx(whole["promoted_units"] * 1.0, rel=0.001)


def test_a_response_curve_rises_as_the_price_falls_through_the_quiet_weeks(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/response", json={"product_id": "prd_a", "customer_ids": ["cus_chain"]}).get_json()
    assert (body["stores"], len(body["weeks"])) == (12, panel.weeks)
    assert [curve["support"] for curve in body["curves"]] == ["none", "deal"]
    plain = body["curves"][0]["points"]
    assert plain[0]["units"] == pytest.approx(body["base_units"], rel=0.001)
    assert [point["units"] for point in plain] == sorted(point["units"] for point in plain)
    for point in plain:
        assert point["lo95"] <= point["lo80"] <= point["units"] <= point["hi80"] <= point["hi95"]
    quiet = [week["units"] for week in body["weeks"] if not week["promoted"]]
    assert min(quiet) < body["base_units"] < max(quiet)
    assert body["elasticities"][0]["product_id"] == "prd_a"
    assert body["deepest_seen"] == pytest.approx(0.25)


def test_support_that_was_never_seen_is_told_wherever_it_is_planned(client: FlaskClient, panel: Panel) -> None:
    shown = draft(panel, display=1.0)
    assert client.post("/v1/simulate", json=draft(panel)).get_json()["warnings"] == []
    assert "ever had a display" in client.post("/v1/simulate", json=shown).get_json()["warnings"][0]
    asked = {"candidates": [{**shown, "id": "e1"}, {**draft(panel), "id": "e2"}], "budget": "4000"}
    judged = {event["id"]: event["warnings"] for event in client.post("/v1/optimise", json=asked).get_json()["events"]}
    assert "ever had a display" in judged["e1"][0]
    assert judged["e2"] == []
    plan = {"product_ids": ["prd_a"], "start": day(panel, 2), "end": day(panel, 2, 6), "display": 1.0}
    warned = client.post("/v1/forecast", json=forecast_asked(panel, plan=[plan])).get_json()["warnings"]
    assert "no sale ever had a display" in warned[-1]


def test_elasticities_of_prices_that_never_moved_are_said_to_be_assumed(client: FlaskClient) -> None:
    product = client.post("/v1/elasticity", json={"product_ids": ["prd_a"]}).get_json()["products"][0]
    assert (product["promotion"]["basis"], product["regular"]["basis"]) == ("own", "prior")
    assert client.post("/v1/response", json={"product_id": "prd_a"}).get_json()["warnings"] == []


def test_a_response_of_one_store_stands_on_that_store_alone(client: FlaskClient) -> None:
    body = client.post("/v1/response", json={"product_id": "prd_a", "customer_ids": ["cus_3"]}).get_json()
    assert body["stores"] == 1
    assert {week["stores"] for week in body["weeks"]} == {1}


def test_a_response_that_nothing_stands_behind_is_refused_and_wrong_fields_are_named(client: FlaskClient) -> None:
    body = client.post("/v1/response", json={"product_id": "prd_new"}).get_json()
    assert "no modelled sales" in body["refused"]
    assert body["curves"] == []
    for asked, field in (
        ({"product_id": "prd_none"}, "product_id"),
        ({"product_id": "prd_a", "customer_ids": ["cus_nobody"]}, "customer_ids.0"),
        ({}, "product_id"),
        ({"product_id": ["prd_a"]}, "product_id"),
    ):
        assert fields(client.post("/v1/response", json=asked)) == [field]


@settings(max_examples=25, deadline=None)
@given(st.floats(1.2, 4.0), st.floats(1.2, 4.0), st.booleans())
def test_a_lower_price_never_sells_fewer(client: FlaskClient, panel: Panel, one: float, other: float, deal: bool) -> None:
    low, high = sorted((round(one, 2), round(other, 2)))
    units = [
        client.post("/v1/simulate", json=draft(panel, cut=None, price=str(price), deal=float(deal))).get_json()["promoted_units"]
        for price in (low, high)
    ]
    assert units[0] >= units[1] > 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer_ids": ["cus_nobody"]}, "customer_ids.0"),
        ({"product_ids": ["prd_new"]}, "product_ids"),
        ({"start": "2024-06-03"}, "start"),
        ({"end": "2199-01-01"}, "end"),
        ({"cut": -0.1}, "cut"),
        ({"cut": None, "price": 0}, "price"),
        ({"deal": "much"}, "deal"),
        ({"acquisition_price": "Infinity"}, "acquisition_price"),
        ({"funding_share": 1.2}, "funding_share"),
        ({"funding_share": "NaN"}, "funding_share"),
        ({"costs": {"fixed": "1e13"}}, "costs.fixed"),
        ({"customer_ids": []}, "customer_ids"),
        ({"customer_ids": ["cus_chain"] * 5_001}, "customer_ids"),
        ({"product_ids": ["\u0000"]}, "product_ids.0"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_field_of_a_simulation_is_named(client: FlaskClient, panel: Panel, changes: dict[str, Any], field: str) -> None:
    assert field in fields(client.post("/v1/simulate", json=draft(panel, **changes)))


def test_a_model_without_forecast_says_to_train(panel: Panel, model: LogLinearModel, tmp_path: Any) -> None:
    Registry(tmp_path).add(
        pack(model, panel), key="mdl_1", source="pos", fitted_at="2024-01-01T00:00:00+00:00",
        rows=panel.rows, window=("2023-01-02", "2024-08-05"),
    )  # fmt: skip
    service = create_app(Settings(models_dir=tmp_path), documents_of(panel)).test_client()  # type: ignore[arg-type]
    response = service.post("/v1/forecast", json=forecast_asked(panel))
    assert response.status_code == 409
    assert "/v1/train" in response.get_json()["detail"]


def candidates(panel: Panel) -> list[dict[str, Any]]:
    """Four two-week events of two products; the cuts are funded by the manufacturer."""
    return [
        draft(panel, id=f"e{week}{product[-1]}", product_ids=[product], start=day(panel, week), end=day(panel, week + 1, 6),
              costs={"per_unit": "0.10", "fixed": "50"})
        for week in (2, 4) for product in ("prd_a", "prd_b")
    ]  # fmt: skip


def test_a_calendar_keeps_its_budget_and_judges_every_event(client: FlaskClient, panel: Panel) -> None:
    asked = {"candidates": candidates(panel), "budget": "400", "weeks_between": 3}
    body = client.post("/v1/optimise", json=asked).get_json()
    assert float(body["spend"]) <= 400
    assert float(body["net"]) <= float(body["bound"])
    assert body["gap"] <= 0.01
    assert len(body["events"]) == 4
    assert all(event["reason"] for event in body["events"])
    assert sum(float(event["net"]) for event in body["events"] if event["chosen"]) == pytest.approx(float(body["net"]), abs=0.01)


def test_an_event_that_spends_too_much_of_its_sales_is_out(client: FlaskClient, panel: Panel) -> None:
    asked = {"candidates": candidates(panel), "budget": "4000", "most_spend_share": 0.0001}
    body = client.post("/v1/optimise", json=asked).get_json()
    assert {event["code"] for event in body["events"]} == {"guardrail"}
    assert "0 % of its promoted sales" in body["events"][0]["reason"]
    assert body["net"] == "0.00"


def test_a_calendar_of_a_year_is_near_its_bound_and_says_what_is_far_ahead(client: FlaskClient, panel: Panel) -> None:
    """200 candidates over 52 weeks, worked out and chosen in one call."""
    events = [
        draft(panel, id=f"e{number}", product_ids=[("prd_a", "prd_b", "prd_c")[number % 3]], cut=0.1 + 0.05 * (number % 4),
              start=day(panel, 1 + number % 51), end=day(panel, 2 + number % 51, 6), costs={"per_unit": "0.10", "fixed": "50"})
        for number in range(200)
    ]  # fmt: skip
    asked = {"candidates": events, "budget": "20000", "weeks_between": 2, "most_at_once": 2, "most_events": 40}
    body = client.post("/v1/optimise", json=asked).get_json()
    assert (len(body["events"]), body["refused"]) == (200, [])
    assert body["gap"] <= 0.01
    assert float(body["spend"]) <= 20_000
    judged = {event["id"]: event for event in body["events"]}
    assert judged["e0"]["warnings"] == []
    assert "4 weeks ahead" in judged["e50"]["warnings"][0]
    assert max(judged[key]["chosen"] for key in judged if int(key[1:]) % 51 > 26)


def test_events_near_promotions_that_exist_are_out_and_cannot_be_demanded(client: FlaskClient, panel: Panel) -> None:
    there = {"customer_ids": ["cus_3"], "product_ids": ["prd_a"], "start": day(panel, 4), "end": day(panel, 4, 6)}
    asked = {"candidates": candidates(panel), "budget": "4000", "taken": [there]}
    body = client.post("/v1/optimise", json=asked).get_json()
    judged = {event["id"]: (event["code"], event["chosen"]) for event in body["events"]}
    assert judged["e4a"] == ("taken", False)
    assert "taken" not in {code for key, (code, _chosen) in judged.items() if key != "e4a"}
    assert fields(client.post("/v1/optimise", json={**asked, "must": ["e4a"]})) == ["must.0"]
    unknown = {**there, "product_ids": ["prd_none"]}
    assert fields(client.post("/v1/optimise", json={**asked, "taken": [unknown]})) == ["taken.0.product_ids.0"]


def test_every_judged_event_says_what_it_earns_with_its_band(client: FlaskClient, panel: Panel) -> None:
    for event in client.post("/v1/optimise", json={"candidates": candidates(panel), "budget": "400"}).get_json()["events"]:
        assert float(event["net_lo80"]) < float(event["net"]) < float(event["net_hi80"])
        assert event["incremental_lo80"] < event["incremental_units"] < event["incremental_hi80"]
        assert event["baseline_units"] > 0
        assert float(event["other_side_net"])


def test_a_calendar_that_cannot_be_is_refused(client: FlaskClient, panel: Panel) -> None:
    asked = {"candidates": candidates(panel), "budget": "1", "must": ["e2a"]}
    assert fields(client.post("/v1/optimise", json=asked)) == ["budget"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"budget": "-1"}, "budget"),
        ({"budget": "NaN"}, "budget"),
        ({"must": ["nobody"]}, "must.0"),
        ({"candidates": []}, "candidates"),
    ],
)
def test_a_wrong_field_of_a_calendar_is_named(client: FlaskClient, panel: Panel, changes: dict[str, Any], field: str) -> None:
    asked = {"candidates": candidates(panel), "budget": "400"} | changes
    assert field in fields(client.post("/v1/optimise", json=asked))


def wire(asked: dict[str, Any]) -> bytes:
    body = json.dumps(asked).encode()
    return b"POST /v1/simulate HTTP/1.1\r\nHost: ai\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("changes", [{}, {"cut": None, "price": "3.10"}, {"product_ids": ["prd_a", "prd_new"], "feature": 0.5}])
def test_answered_before_parsing_it_is_the_same_answer(client: FlaskClient, panel: Panel, changes: dict[str, Any]) -> None:
    asked, lines = {name: value for name, value in draft(panel, **changes).items() if value is not None}, []
    told = before_parsing.answer(client.application.extensions["ai"], wire(asked), "192.0.2.1", lambda *line: lines.append(line))
    assert told is not None
    length, answer = told
    assert length == len(wire(asked))
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1]) == client.post("/v1/simulate", json=asked).get_json()
    assert [line[:4] for line in lines] == [("192.0.2.1", "POST", "/v1/simulate", 200)]


@pytest.mark.parametrize("changes", [{"cut": 7}, {"product_ids": ["prd_gone"]}, {"start": "2001-01-01", "end": "2001-01-07"}])
def test_what_is_refused_is_left_to_the_long_way(client: FlaskClient, panel: Panel, changes: dict[str, Any]) -> None:
    asked = draft(panel, **changes)
    assert client.post("/v1/simulate", json=asked).status_code == 422
    assert before_parsing.answer(client.application.extensions["ai"], wire(asked), "", lambda *_line: None) is None


def test_the_last_places_of_drafts_are_kept(client: FlaskClient, panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_PLACES", 2)
    ready = client.application.extensions["ai"].serving.ready("pos")
    ready._places.clear()
    first, second, third = (ready.place(["cus_chain"], ["prd_a"], panel.last_week + 1, weeks) for weeks in (1, 2, 3))
    assert ready.place(["cus_chain"], ["prd_a"], panel.last_week + 1, 3) is third
    assert ready.place(["cus_chain"], ["prd_a"], panel.last_week + 1, 2) is second
    assert ready.place(["cus_chain"], ["prd_a"], panel.last_week + 1, 1) is not first
    monkeypatch.setattr(serving, "LARGEST_PLACE", 0)
    large = ready.place(["cus_1"], ["prd_a"], panel.last_week + 1, 1)
    assert ready.place(["cus_1"], ["prd_a"], panel.last_week + 1, 1) is not large
