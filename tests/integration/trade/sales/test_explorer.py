"""The sales explorer on a real database: any part, any split, and never an old answer after a change."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

_SPEC = importlib.util.spec_from_file_location("promotions_market", Path(__file__).parent.parent / "promotions" / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_MARKET = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MARKET)


@pytest.fixture
def market(mongo: Any, redis_client: Any) -> Any:
    """The chain of the promotions' tests."""
    return _MARKET.Market(mongo)


def ask(client: Any, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/sales", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_parts_and_splits_add_up(market: Any, as_role: Any) -> None:
    market.sell(range(10), {"a": {3}})
    market.sell(range(10), sku="sku2", price="4.00")
    client = as_role("viewer")
    everything = ask(client)["sums"]
    assert (everything["units"], everything["revenue"]) == ("820", "2425.00")
    assert ask(client, customer="cus_a")["sums"]["units"] == "220"
    assert ask(client, customer="cus_a,cus_b", product="prd_sku2")["sums"]["units"] == "200"
    assert ask(client, product="prd_juice")["sums"]["units"] == "820"
    assert ask(client, start="2026-01-13", end="2026-01-19")["sums"]["units"] == "160"
    by_product = ask(client, by="product", sort="-units")
    first = by_product["items"][0]
    assert (by_product["total"], first["name"], first["deal_share"]) == (20, "The SKU1", "0.5")
    assert {one["name"] for one in ask(client, by="brand")["items"]} == {"The BRAND"}
    assert {one["name"] for one in ask(client, by="chain")["items"]} == {"The ACME"}
    assert len({one["name"] for one in ask(client, by="store")["items"]}) == 4


def test_months(market: Any, as_role: Any) -> None:
    market.sell(range(10))
    items = ask(as_role("viewer"), grain="month", sort="period")["items"]
    assert [(one["period"], one["units"]) for one in items] == [
        ("2026-01-01", "160"),
        ("2026-02-01", "160"),
        ("2026-03-01", "80"),
    ]


def test_pages_hold_every_row_once(market: Any, as_role: Any) -> None:
    market.sell(range(7))
    client, seen, cursor = as_role("viewer"), [], None
    while True:
        page = ask(client, by="store", limit=5, **({"cursor": cursor} if cursor else {}))
        seen += [(one["period"], one["key"]) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 28


def test_no_old_answer_after_a_change(market: Any, as_role: Any) -> None:
    client = as_role("viewer")
    for number in range(1, 4):
        market.sell(range(number - 1, number), import_id=f"imp_{number}")
        assert ask(client)["sums"]["units"] == str(40 * number)
    market.take_back("imp_2")
    assert ask(client)["sums"]["units"] == "80"


def test_nothing_is_kept_while_an_import_is_at_work(market: Any, mongo: Any, as_role: Any, redis_client: Any) -> None:
    market.sell(range(2))
    mongo["imports"].insert_one({"_id": "imp_1", "kind": "sales", "status": "landing", "version": 1})
    ask(as_role("viewer"))
    assert redis_client.keys("sums:*") == []
    mongo["imports"].update_one({"_id": "imp_1"}, {"$set": {"status": "landed", "version": 2}})
    ask(as_role("viewer"), by="product")
    assert len(redis_client.keys("sums:*")) == 1


def test_wrong_questions_are_named(market: Any, as_role: Any) -> None:
    client = as_role("viewer")
    assert client.get("/api/v1/sales?sort=colour").status_code == 422
    assert client.get("/api/v1/sales?by=colour").status_code == 422
    assert ask(client, customer="cus_none")["items"] == []


@pytest.mark.parametrize("address", ["/customers/cus_a", "/products/prd_sku1", "/products/prd_juice"])
def test_a_page_says_at_once_that_nothing_was_sold_and_asks_later_for_what_was(market: Any, as_role: Any, address: str) -> None:
    client = as_role("viewer")
    empty = client.get(address).text
    assert "They appear here once a sales file" in empty
    assert f'hx-get="{address}/sales"' not in empty
    market.sell(range(2))
    page = client.get(address).text
    assert "They appear here once" not in page
    assert f'hx-get="{address}/sales"' in page


def test_the_page_shows_its_frame_then_the_figures(market: Any, as_role: Any) -> None:
    client = as_role("viewer")
    assert "No sales yet" in client.get("/sales").text
    market.sell(range(10))
    frame = client.get("/sales?by=product")
    assert "aria-busy" in frame.text
    figures = client.get("/sales?by=product", headers={"HX-Request": "true"}).text
    assert "The SKU1" in figures
    assert "aria-busy" not in figures
    lines = client.get("/sales?by=store&all=1&format=csv").text.strip().splitlines()
    assert len(lines) == 41


def test_roles(market: Any, client: Any, as_role: Any) -> None:
    assert client.get("/api/v1/sales").status_code == 401
    assert as_role("operator").get("/sales").status_code == 403
