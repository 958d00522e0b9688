"""Forecasts: the trade's words become the AI service's question, its refusals come back with the page's field."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.trade.ai_service import FIRST_MONDAY, WEEKS, AiService
from tests.integration.trade.promotions.conftest import Market

AsRole = Callable[[str], Any]
API = "/api/v1/forecasts"
NEXT = FIRST_MONDAY + timedelta(weeks=WEEKS)


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.get_json()
    return {error["field"].rpartition(".")[2] for error in answer.get_json()["errors"]}


def test_weeks_after_the_newest_sales_are_asked_for(as_role: AsRole, ai: AiService, market: Market) -> None:
    found = as_role("viewer").get(f"{API}?customer=cus_acme&product=prd_brand&weeks=3").get_json()
    (asked,) = ai.questions("POST /v1/forecast")
    assert (asked["from"], asked["to"]) == (NEXT.isoformat(), (NEXT + timedelta(days=20)).isoformat())
    assert asked["customer_ids"] == ["cus_acme"]
    assert asked["product_ids"] == ["prd_sku1", "prd_sku2"]
    assert asked["plan"] == []
    assert [week["units"] for week in found["weeks"]] == [40.0, 40.0, 40.0]
    assert (found["total_units"], found["series"], found["model"]["id"]) == (120.0, 4, "mdl_2")


def test_a_plan_covers_its_weeks_only(as_role: AsRole, ai: AiService, market: Market) -> None:
    as_role("viewer").get(f"{API}?product=prd_sku1&weeks=6&cut=25&deal=1&plan_from=2&plan_to=3")
    (plan,) = ai.questions("POST /v1/forecast")[0]["plan"]
    assert (plan["cut"], plan["deal"], plan["feature"]) == (0.25, 1.0, 0.0)
    assert plan["start"] == (NEXT + timedelta(weeks=1)).isoformat()
    assert plan["end"] == (NEXT + timedelta(days=20)).isoformat()
    assert "price" not in plan


def test_a_display_alone_is_a_plan(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert as_role("viewer").get(f"{API}?customer=cus_acme&product=prd_sku1&weeks=3&display=true").status_code == 200
    (plan,) = ai.questions("POST /v1/forecast")[-1]["plan"]
    assert (plan["display"], plan["feature"], plan["deal"]) == (1.0, 0.0, 0.0)
    assert "displayed" in as_role("viewer").get("/ai/forecast?customer=cus_acme&weeks=3&display=1&now=1").get_data(as_text=True)


def test_more_skus_than_one_entry_holds_are_planned_in_several(
    as_role: AsRole, ai: AiService, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.trade.forecasts.service._MOST_SKUS", 1)
    assert as_role("viewer").get(f"{API}?customer=cus_acme&product=prd_brand&weeks=3&deal=true").status_code == 200
    plan = ai.questions("POST /v1/forecast")[-1]["plan"]
    assert [entry["product_ids"] for entry in plan] == [["prd_sku1"], ["prd_sku2"]]


def test_a_form_sent_with_empty_fields_asks_for_the_usual_price(as_role: AsRole, ai: AiService, market: Market) -> None:
    """As a browser sends it."""
    query = "customer=&weeks=4&objective=median&price=&cut=&plan_from=1&plan_to="
    assert as_role("viewer").get(f"{API}?{query}").status_code == 200
    assert as_role("viewer").get(f"/ai/forecast?{query}&now=1").status_code == 200
    assert [asked["plan"] for asked in ai.questions("POST /v1/forecast")] == [[], []]


@pytest.mark.parametrize(("query", "field"), [
    ("weeks=0", "weeks"), ("weeks=27", "weeks"), ("weeks=1e9", "weeks"), ("weeks=NaN", "weeks"), ("price=-1", "price"),
    ("price=NaN", "price"), ("price=Infinity", "price"), ("price=cheap", "price"), ("cut=96", "cut"), ("cut=nan", "cut"),
    ("price=1&cut=5", "cut"), ("plan_from=4&plan_to=2", "plan_to"), ("objective=best", "objective"), ("source=tin", "source"),
    ("customer=nobody", "customer"), ("product=nothing", "product"), ("customer=%00", "customer"), ("wekes=3", "wekes"),
    ("deal=perhaps", "deal"), ("product=prd_sku1&price=2000", "price"), (f"customer={'x' * 99}", "customer"),
    (f"price={'9' * 400}", "price"),
])  # fmt: skip
def test_a_wrong_question_names_the_field(as_role: AsRole, ai: AiService, market: Market, query: str, field: str) -> None:
    assert field in fields(as_role("viewer").get(f"{API}?{query}"))


@pytest.mark.parametrize("kind", ["no-model", "no-forecast", "no-sales"])
def test_without_a_model_it_says_what_to_do(as_role: AsRole, ai: AiService, market: Market, kind: str) -> None:
    ai.problem = (409, {"type": f"/problems/{kind}", "detail": "train first"})
    answer = as_role("viewer").get(API)
    assert (answer.status_code, answer.get_json()["type"]) == (409, f"/problems/{kind}")
    page = as_role("viewer").get("/ai/forecast?now=1")
    assert page.status_code == 200
    assert "train first" in page.get_data(as_text=True)


def test_the_ai_service_away_is_said_and_nothing_breaks(as_role: AsRole, ai: AiService, market: Market) -> None:
    ai.down = True
    assert as_role("viewer").get(API).status_code == 503
    page = as_role("viewer").get("/ai/forecast?now=1")
    assert page.status_code == 200
    assert "does not answer" in page.get_data(as_text=True)


def test_accuracy_as_it_was(as_role: AsRole, ai: AiService, market: Market) -> None:
    found = as_role("viewer").get(f"{API}/accuracy?customer=cus_acme&lead=8&objective=mean").get_json()
    assert (found["lead"], found["objective"], found["wmape"], len(found["weeks"])) == (8, "mean", 0.1, 12)
    assert fields(as_role("viewer").get(f"{API}/accuracy?lead=3")) == {"lead"}
    ai.evaluated = False
    assert as_role("viewer").get(f"{API}/accuracy").status_code == 409


def test_an_operator_sees_no_forecast(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert as_role("operator").get(API).status_code == 403
    assert as_role("operator").get("/ai/forecast").status_code == 403


def test_the_page_shows_chart_table_and_accuracy(as_role: AsRole, ai: AiService, market: Market) -> None:
    page = as_role("viewer").get("/ai/forecast?customer=cus_acme&product=prd_sku1&weeks=3&cut=20&feature=1&now=1")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    for part in ("chart-forecast", "chart-accuracy", "20 % off, advertised", "4 weeks before", "31.2", "train it again"):
        assert part in text


def test_the_page_says_what_is_wrong_beside_the_form(as_role: AsRole, ai: AiService, market: Market) -> None:
    page = as_role("viewer").get("/ai/forecast?weeks=99&now=1")
    assert page.status_code == 422
    assert "less than or equal to 26" in page.get_data(as_text=True)


def test_an_evaluation_that_is_missing_is_offered_to_those_who_may(as_role: AsRole, ai: AiService, market: Market) -> None:
    ai.evaluated = False
    assert "Measure now" in as_role("analyst").get("/ai/forecast?now=1").get_data(as_text=True)
    assert "Measure now" not in as_role("viewer").get("/ai/forecast?now=1").get_data(as_text=True)


def test_the_table_goes_out_as_csv(as_role: AsRole, ai: AiService, market: Market) -> None:
    answer = as_role("viewer").get("/ai/forecast?weeks=2&format=csv")
    lines = answer.get_data(as_text=True).strip().splitlines()
    assert answer.mimetype == "text/csv"
    assert len(lines) == 3
    assert NEXT.isoformat() in lines[1]


def test_an_appliance_without_sales_says_what_is_needed(as_role: AsRole, ai: AiService, redis_client: Any) -> None:
    assert as_role("viewer").get(API).status_code == 409
    assert "No sales to forecast from" in as_role("manager").get("/ai/forecast").get_data(as_text=True)
