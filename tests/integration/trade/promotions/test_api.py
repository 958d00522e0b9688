"""Promotions over HTTP: lists that are never stale, versions, problems that name the field."""

from typing import Any

import pytest

from app.core.jobs import Progress
from app.trade.promotions import work

NEW = {
    "name": "Spring", "customer_id": "cus_acme", "product_ids": ["prd_brand"], "start": "2026-03-16", "end": "2026-03-29",
    "discount": "0.25", "costs": {"per_unit": "0.10"},
}  # fmt: skip


@pytest.fixture
def found(market: Any, ai: Any) -> None:
    market.sell(range(20), {**{name: {10, 11} for name in "abcd"}, "a": {10, 11, 15, 16}})
    market.sell(range(20), {name: {4} for name in "abcd"}, sku="sku2")
    work.find_and_analyse(Progress.unwatched())


def listed(client: Any, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/promotions", query_string={"count": "true", **query})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_filters_narrow_and_totals_add_up(found: None, as_role: Any) -> None:
    client = as_role("viewer")
    everything = listed(client)
    assert (everything["total"], everything["totals"]["analysed"]) == (3, 3)
    assert everything["totals"]["roi_manufacturer"] == "1.6000"
    assert listed(client, level="chain")["total"] == 2
    assert [one["product_name"] for one in listed(client, product="prd_sku2")["items"]] == ["The SKU2"]
    assert listed(client, customer="cus_a")["total"] == 3
    assert listed(client, customer="cus_b")["total"] == 2
    assert listed(client, q="sku2-2026")["total"] == 1
    assert listed(client, roi="loss")["total"] == 0
    assert listed(client, start="2026-03-20", end="2026-03-25")["total"] == 1
    assert listed(client, q="(.*")["total"] == 0


@pytest.mark.parametrize("sort", ["-start", "start", "-roi_retailer", "discount", "-incremental_units", "name"])
def test_pages_hold_every_promotion_once_in_any_order(found: None, as_role: Any, sort: str) -> None:
    client, seen, cursor = as_role("viewer"), [], None
    while True:
        page = listed(client, sort=sort, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 3


def test_a_list_shows_new_names_though_its_rows_are_kept(found: None, as_role: Any) -> None:
    client = as_role("manager")
    names = {one["id"]: (one["customer_name"], one["product_name"]) for one in listed(client)["items"]}
    assert ("The ACME", "The SKU1") in names.values()
    for number in range(1, 4):
        for path, old, place in (("customers/cus_acme", "The ACME", 0), ("products/prd_sku1", "The SKU1", 1)):
            version = client.get(f"/api/v1/{path}").json["version"]
            new = f"Renamed {number} {path}"
            assert client.patch(f"/api/v1/{path}", json={"version": version, "name": new}).status_code == 200
            for one in listed(client)["items"]:
                was = names[one["id"]][place]
                assert one[("customer_name", "product_name")[place]] == (new if was == old else was)


def test_a_list_is_not_stale_after_a_write_was_acknowledged(found: None, as_role: Any) -> None:
    client = as_role("account_manager")
    before = listed(client)["total"]
    for number in range(1, 4):
        assert client.post("/api/v1/promotions", json={**NEW, "name": f"Spring {number}"}).status_code == 201
        assert listed(client)["total"] == before + number


def test_what_is_not_analysed_does_not_count(found: None, as_role: Any) -> None:
    client = as_role("account_manager")
    client.post("/api/v1/promotions", json=NEW)
    totals = listed(client)["totals"]
    assert (totals["promotions"], totals["analysed"]) == (4, 3)


def test_entering_changing_and_moving_on(market: Any, as_role: Any) -> None:
    client = as_role("account_manager")
    created = client.post("/api/v1/promotions", json=NEW)
    assert created.status_code == 201
    promotion = created.json["promotion"]
    path = created.headers["Location"]
    assert (promotion["status"], promotion["costs"], promotion["currency"]) == (
        "draft",
        {"fixed": None, "per_unit": "0.10"},
        "EUR",
    )
    changed = client.patch(path, json={"version": 1, "discount": "0.30"})
    assert (changed.json["promotion"]["discount"], changed.json["promotion"]["version"]) == ("0.30", 2)
    assert client.patch(path, json={"version": 1, "discount": "0.35"}).status_code == 409
    assert client.post(f"{path}/status", json={"status": "active", "version": 2}).json["status"] == "active"
    assert client.get(path).json["version"] == 3


@pytest.mark.parametrize(("change", "field"), [
    ({"discount": 0.25}, "discount"), ({"discount": "0.75", "note": "x"}, "discount"), ({"end": "2026-01-01"}, "end"),
    ({"product_ids": []}, "product_ids"), ({"colour": "red"}, "colour"), ({"customer_id": "cus_none"}, "customer_id"),
])  # fmt: skip
def test_what_is_wrong_is_named(market: Any, as_role: Any, change: dict[str, Any], field: str) -> None:
    answer = as_role("account_manager").post("/api/v1/promotions", json={**NEW, **change})
    assert answer.status_code == 422
    assert field in {error["field"].removeprefix("json.") for error in answer.json["errors"]}


def test_roles(found: None, client: Any, as_role: Any) -> None:
    assert client.get("/api/v1/promotions").status_code == 401
    assert as_role("operator").get("/api/v1/promotions").status_code == 403
    viewer = as_role("viewer")
    some = listed(viewer)["items"][0]["id"]
    assert viewer.post("/api/v1/promotions", json=NEW).status_code == 403
    assert viewer.post(f"/api/v1/promotions/{some}/analyse").status_code == 403


def test_analysing_again_is_a_job(found: None, as_role: Any) -> None:
    client = as_role("account_manager")
    some = listed(client)["items"][0]["id"]
    answer = client.post(f"/api/v1/promotions/{some}/analyse")
    assert (answer.status_code, answer.json["job"][:4]) == (202, "job_")
    assert client.get(f"/api/v1/promotions/{some}").json["analysis"]["state"] == "waiting"
    assert listed(client)["totals"]["analysed"] == 3  # the old result counts until the new one is there


def test_the_detail_has_weeks_and_both_sides(found: None, as_role: Any) -> None:
    client = as_role("viewer")
    some = listed(client, product="prd_sku2")["items"][0]
    assert some["analysis"]["weeks"] == []
    analysis = client.get(f"/api/v1/promotions/{some['id']}").json["analysis"]
    assert analysis["weeks"][0]["price"] == "1.5"
    assert analysis["manufacturer"]["net"] == "6.00"
    assert analysis["retailer"]["missing"] == "unit_acquisition_cost"


def test_unknown_is_not_found(market: Any, as_role: Any) -> None:
    assert as_role("viewer").get("/api/v1/promotions/prm_none").status_code == 404
