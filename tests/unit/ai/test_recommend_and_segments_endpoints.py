"""The next best promotion and groups that sell alike over HTTP, on the invented market."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai.data.panel import Panel
from ai.economics import Missing

from .test_hostile_input import anything
from .test_planning_endpoints import client, day, fields

__all__ = ["client"]  # the fixture with a model and a forecast
pytestmark = pytest.mark.slow  # models are trained here


def recommended(client: FlaskClient, **asked: Any) -> dict[str, Any]:
    response = client.post("/v1/recommend", json={"customer_ids": ["cus_chain"], **asked})
    assert response.status_code == 200, response.get_json()
    return dict(response.get_json())


def as_draft(asked: dict[str, Any], proposal: dict[str, Any]) -> dict[str, Any]:
    """The proposal as it is asked of the simulation."""
    names = ("start", "end", "cut", "deal", "feature", "display", "funding_share")
    return {
        "customer_ids": asked["customer_ids"], "product_ids": [proposal["product_id"]],
        **{name: proposal[name] for name in names}, "costs": {"fixed": proposal["fixed"]},
    }  # fmt: skip


def test_what_is_proposed_pays_both_sides_and_is_what_the_simulation_says(client: FlaskClient, panel: Panel) -> None:
    body = recommended(client)
    assert len(body["proposals"]) + len(body["not_proposed"]) == 3
    assert body["proposals"], body
    assert body["considered"] >= 3
    nets = [Decimal(one["net"]) for one in body["proposals"]]
    assert nets == sorted(nets, reverse=True)
    for one in body["proposals"]:
        assert Decimal(one["net"]) > 0
        assert Decimal(one["retailer"]["net"]) >= 0
        assert one["net"] == one["manufacturer"]["net"]
        assert one["sure"] == (Decimal(one["net_lo80"]) > 0)
        again = client.post("/v1/simulate", json=as_draft({"customer_ids": ["cus_chain"]}, one)).get_json()
        for name in ("baseline_units", "promoted_units", "incremental_units", "net_band", "manufacturer", "retailer", "stores"):
            assert again[name] == one[name], name
        parts = one["incremental_units"]["mean"] + one["post_dip_band"]["mean"] + one["cannibalised_band"]["mean"]
        assert one["net_band"]["mean"] == pytest.approx(parts, abs=0.01)
        assert one["cut"] == 0.25
        assert "25 % off" in " ".join(one["reasons"])


def test_the_same_question_has_the_same_answer(client: FlaskClient) -> None:
    assert recommended(client) == recommended(client)


def test_the_sharing_is_the_least_that_leaves_the_retailer_without_a_loss(client: FlaskClient) -> None:
    for one in recommended(client)["proposals"]:
        lighter = {**as_draft({"customer_ids": ["cus_chain"]}, one), "funding_share": round(one["funding_share"] - 0.05, 2)}
        if lighter["funding_share"] >= 0:
            assert Decimal(client.post("/v1/simulate", json=lighter).get_json()["retailer"]["net"]) < 0


def test_when_none_pays_it_says_so_and_what_is_nearest(client: FlaskClient) -> None:
    body = recommended(client, costs={"fixed": "100000"})
    assert body["proposals"] == []
    assert body["none_pays"].startswith("No promotion pays")
    assert "The nearest is PRD_" in body["none_pays"]
    assert {one["code"] for one in body["not_proposed"]} == {"loses"}
    assert all(Decimal(one["net"]) < 0 for one in body["not_proposed"])


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.none() | st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 4), st.sampled_from(["manufacturer", "retailer"]),
       st.integers(0, 3_000))  # fmt: skip
def test_no_question_is_answered_with_a_promotion_that_loses_money(
    client: FlaskClient, share: float | None, weeks: int, side: str, fixed: int
) -> None:
    asked = {"weeks": weeks, "side": side, "costs": {"fixed": str(fixed)}, "end": None}
    body = recommended(client, **asked, **({} if share is None else {"funding_share": share}))
    for one in body["proposals"]:
        other = "retailer" if side == "manufacturer" else "manufacturer"
        assert Decimal(one["net"]) > 0
        assert Decimal(one[other]["net"]) >= 0
        if share is not None:
            assert one["funding_share"] == share
    assert (body["none_pays"] is None) == bool(body["proposals"])


def test_calendar_rules_are_kept(client: FlaskClient, panel: Panel) -> None:
    blackout = [day(panel, ahead) for ahead in range(1, 8)]
    taken: dict[str, Any] = {"customer_ids": ["cus_2"], "product_ids": ["prd_a", "prd_b", "prd_c"]}
    taken |= {"start": day(panel, 8), "end": day(panel, 8, 6)}
    body = recommended(client, blackout=blackout, taken=[taken], weeks_between=2, funding_share=0.0)
    for one in body["proposals"]:
        assert one["start"] >= day(panel, 11)
    none = recommended(client, blackout=[day(panel, ahead) for ahead in range(1, 14)])
    assert {one["code"] for one in none["not_proposed"]} == {"no_weeks"}
    assert "no week is free" in none["none_pays"]
    elsewhere = recommended(client, taken=[{**taken, "product_ids": ["prd_new"]}])
    assert elsewhere["proposals"] == recommended(client)["proposals"]


def test_spend_beyond_the_limit_is_not_proposed(client: FlaskClient) -> None:
    free = recommended(client)["proposals"][0]
    least = Decimal(free["manufacturer"]["spend"]) - 1
    for one in recommended(client, most_spend=str(least))["proposals"]:
        assert Decimal(one["manufacturer"]["spend"]) <= least
    none = recommended(client, most_spend_share=0.0)
    assert {one["code"] for one in none["not_proposed"]} <= {"guardrail", "loses", "other_side_loses"}
    assert none["proposals"] == []


def test_a_side_without_figures_is_not_guessed(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = Missing("unit_cost", "product prd_a has no unit cost; enter it on the product")
    monkeypatch.setattr("ai.simulate_api.economics.manufacturer_return", lambda *_given: unknown)
    body = recommended(client, product_ids=["prd_a"])
    assert body["proposals"] == []
    assert [one["code"] for one in body["not_proposed"]] == ["missing"]
    assert "no unit cost" in body["none_pays"] or "no unit cost" in body["not_proposed"][0]["reason"]
    mine = recommended(client, product_ids=["prd_a"], side="retailer")
    for one in mine["proposals"]:
        assert one["funding_share"] == 0.0
        assert any("cannot be told" in reason for reason in one["reasons"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer_ids": []}, "customer_ids"),
        ({"customer_ids": ["cus_nobody"]}, "customer_ids.0"),
        ({"customer_ids": ["cus_1"] * 5_001}, "customer_ids"),
        ({"product_ids": ["prd_none"]}, "product_ids.0"),
        ({"product_ids": ["prd_a"] * 51}, "product_ids"),
        ({"product_ids": ["prd_new"]}, "product_ids"),
        ({"customer_ids": ["cus_new"]}, "customer_ids"),
        ({"customer_ids": ["cus_new"], "product_ids": ["prd_a"]}, "product_ids"),
        ({"deepest": 0.05}, "product_ids"),
        ({"deepest": "NaN"}, "deepest"),
        ({"weeks": 0}, "weeks"),
        ({"start": "2023-01-02"}, "start"),
        ({"end": "2199-01-01"}, "end"),
        ({"start": "2026-08-03"}, "start"),
        ({"end": "2024-08-12", "weeks": 3}, "end"),
        ({"funding_share": 1.5}, "funding_share"),
        ({"costs": {"fixed": "-1"}}, "costs.fixed"),
        ({"costs": {"luck": "1"}}, "costs.luck"),
        ({"taken": [{"customer_ids": ["cus_1"], "product_ids": ["prd_none"], "start": "2024-08-12", "end": "2024-08-18"}]},
         "taken.0.product_ids.0"),
        ({"side": "shopper"}, "side"),
        ({"most_spend": "Infinity"}, "most_spend"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_recommendation_is_named(client: FlaskClient, changes: dict[str, Any], field: str) -> None:
    assert field in fields(client.post("/v1/recommend", json={"customer_ids": ["cus_chain"], **changes}))


def test_a_product_that_never_sold_here_is_refused_beside_the_others(client: FlaskClient) -> None:
    body = recommended(client, product_ids=["prd_a", "prd_new"])
    assert [one["product_id"] for one in body["refused"]] == ["prd_new"]
    assert "never sold" in body["refused"][0]["reason"]


def test_stores_are_grouped_with_names_and_every_one_is_somewhere(client: FlaskClient, panel: Panel) -> None:
    body = client.post("/v1/segments", json={}).get_json()
    assert body["refused"] is None
    assert {one["id"] for one in body["members"]} == {f"cus_{n}" for n in range(12)}
    assert sum(group["size"] for group in body["groups"]) == 12
    for group in body["groups"]:
        members = [one for one in body["members"] if one["group"] == group["id"]]
        assert len(members) == group["size"]
        for trait in group["traits"]:
            logs = [one["traits"][trait["trait"]] for one in members]
            if trait["trait"] in {"promoted", "depth"}:
                assert trait["mean"] == pytest.approx(sum(logs) / len(logs), abs=0.001)
            elif trait["trait"] == "level":
                assert math.log(trait["mean"]) == pytest.approx(sum(map(math.log, logs)) / len(logs), abs=0.001)
    assert len({group["name"] for group in body["groups"]}) == len(body["groups"])
    assert body["silhouette"] == pytest.approx(sum(one["fit"] for one in body["members"]) / 12, abs=0.002)
    assert body["silhouette"] == max(body["tried"].values())
    unused = {one["trait"]: one["reason"] for one in body["traits"] if not one["used"]}
    assert all(unused.values())
    assert client.post("/v1/segments", json={}).get_json() == body


def test_three_products_are_too_few_to_group_and_it_says_so(client: FlaskClient) -> None:
    body = client.post("/v1/segments", json={"of": "products"}).get_json()
    assert body["groups"] == []
    assert body["members"] == []
    assert body["refused"] == "only 3 products have enough sales; groups need 8"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"of": "weeks"}, "of"),
        ({"customer_ids": ["cus_nobody"]}, "customer_ids.0"),
        ({"product_ids": ["prd_none"]}, "product_ids.0"),
        ({"product_ids": ["prd_new"]}, "customer_ids"),
        ({"customer_ids": ["cus_new"], "of": "products"}, "product_ids"),
        ({"customer_ids": [{"$ne": 1}]}, "customer_ids.0"),
        ({"groups": 3}, "groups"),
        ({"source": "tin"}, "source"),
    ],
)
def test_a_wrong_field_of_a_grouping_is_named(client: FlaskClient, asked: dict[str, Any], field: str) -> None:
    assert field in fields(client.post("/v1/segments", json=asked))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(("/v1/recommend", "/v1/segments")), st.sampled_from(("customer_ids", "product_ids", "start", "end",
       "weeks", "side", "funding_share", "costs", "deepest", "blackout", "most_spend", "taken", "most", "of", "source")),
       anything)  # fmt: skip
def test_anything_in_any_field_is_a_4xx_or_an_answer(client: FlaskClient, path: str, field: str, value: Any) -> None:
    asked = {"customer_ids": ["cus_1"], "product_ids": ["prd_a"], field: value}
    answer = client.post(path, data=json.dumps(asked))
    assert answer.status_code < 500, answer.get_json()
    if answer.status_code == 422:
        assert all(error["field"] for error in answer.get_json()["errors"])
