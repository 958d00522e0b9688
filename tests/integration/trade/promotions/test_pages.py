"""The pages of promotions: what they show, what forms keep, what they refuse."""

from typing import Any

import pytest

from app.core.jobs import Progress
from app.trade.promotions import store, work

FORM = {
    "name": "Spring", "customer_id": "cus_acme", "product_ids": ["prd_sku1"], "start": "2026-03-16", "end": "2026-03-29",
    "discount": "25", "fixed": "1 500,50", "type": "display",
}  # fmt: skip


@pytest.fixture
def found(market: Any, ai: Any) -> str:
    market.sell(range(20), {**{name: {10, 11} for name in "abcd"}, "a": {10, 11, 15, 16}})
    work.find_and_analyse(Progress.unwatched())
    return str(next(iter(store.find({"level": "chain"})))["_id"])


def test_the_empty_list_says_what_to_do(market: Any, as_role: Any) -> None:
    page = as_role("account_manager").get("/promotions").text
    assert "No promotions yet" in page
    assert "Import sales" in page


def test_the_list_shows_whole_chains_first_and_counts_the_rest(found: str, as_role: Any) -> None:
    page = as_role("viewer").get("/promotions").text
    assert "The ACME" in page
    assert page.count('data-href="/promotions/') == 1
    assert "1.60×" in page
    assert "Enter a promotion" not in page
    everything = as_role("viewer").get("/promotions?level=all").text
    assert everything.count('data-href="/promotions/') == 2


def test_exports_hold_every_row_of_the_filter(found: str, as_role: Any) -> None:
    client = as_role("viewer")
    text = client.get("/promotions?level=all&format=csv").text
    assert len(text.strip().splitlines()) == 3
    assert "The SKU1" in text
    assert client.get("/promotions?format=xlsx").data[:2] == b"PK"


def test_one_promotion_reads_like_a_result(found: str, as_role: Any) -> None:
    page = as_role("viewer").get(f"/promotions/{found}").text
    assert "more than it would have without the promotion" in page
    assert "A promotion that did nothing would look like this about 3 times in 100." in page
    assert "The sales do not say what the retailer paid" in page
    assert "Margin on other products" in page
    assert "Their units that it took" in page
    assert "Analyse again" not in page
    assert "Found in imported sales" in page
    assert "The A" in page


def test_the_api_gives_the_p_value_that_the_page_tells(found: str, as_role: Any) -> None:
    client = as_role("viewer")
    assert client.get(f"/api/v1/promotions/{found}").json["analysis"]["placebo_p_value"] == 0.0312
    assert client.get("/api/v1/promotions?level=chain").json["items"][0]["analysis"]["placebo_p_value"] == 0.0312


def test_a_preview_and_a_gone_promotion(found: str, as_role: Any) -> None:
    client = as_role("viewer")
    assert "<html" not in client.get(f"/promotions/{found}", headers={"X-Panel": "1"}).text
    assert client.get("/promotions/prm_gone").status_code == 404
    assert client.get("/promotions?roi=nonsense").status_code == 422


def test_the_form_stores_what_people_type(market: Any, as_role: Any) -> None:
    client = as_role("account_manager")
    answer = client.post("/promotions/new", data=FORM)
    assert answer.status_code == 302, answer.text
    [row] = list(store.find({}))
    assert (str(row["discount"]), str(row["costs"]["fixed"]), row["type"]) == ("0.25", "1500.50", "display")
    page = client.get(f"/promotions/{row['_id']}/edit").text
    assert 'value="25"' in page
    assert 'value="1500.5"' in page


def test_the_form_keeps_what_was_typed_and_names_what_is_wrong(market: Any, as_role: Any) -> None:
    answer = as_role("account_manager").post("/promotions/new", data={**FORM, "discount": "75", "fixed": "many"})
    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    assert "Write a number" in answer.text
    assert store.count({}) == 0


def test_an_overlap_is_shown_once_before_it_is_stored(found: str, as_role: Any) -> None:
    client = as_role("account_manager")
    asked = client.post("/promotions/new", data=FORM)
    assert asked.status_code == 200
    assert "It overlaps with another promotion" in asked.text
    assert store.count({"origin": "entered"}) == 0
    assert client.post("/promotions/new", data={**FORM, "confirmed": "1"}).status_code == 302
    assert store.count({"origin": "entered"}) == 1


def test_costs_of_an_observed_deal_are_written_in_its_form(found: str, as_role: Any) -> None:
    client = as_role("account_manager")
    page = client.get(f"/promotions/{found}/edit").text
    assert 'name="customer_id"' not in page
    saved = client.post(f"/promotions/{found}/edit", data={"name": "The SKU1", "note": "", "per_unit": "0.10", "version": "1"})
    assert saved.status_code == 302, saved.text
    assert str(store.get(found)["costs"]["per_unit"]) == "0.10"
    stale = client.post(f"/promotions/{found}/edit", data={"name": "X", "note": "", "version": "1"})
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text


def test_steps_are_offered_to_those_who_may(market: Any, as_role: Any) -> None:
    client = as_role("account_manager")
    client.post("/promotions/new", data=FORM)
    [row] = list(store.find({}))
    assert "Activate" in client.get(f"/promotions/{row['_id']}").text
    assert "Activate" not in as_role("viewer").get(f"/promotions/{row['_id']}").text
    client.post(f"/promotions/{row['_id']}/status", data={"status": "active", "version": "1"})
    assert store.get(row["_id"])["status"] == "active"
    again = client.post(f"/promotions/{row['_id']}/status", data={"status": "draft", "version": "2"}, follow_redirects=True)
    assert "can only become" in again.text
