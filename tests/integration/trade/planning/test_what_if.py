"""What-if and price response: what is asked, what is shown, what is refused, and drafts that keep what was expected."""

from typing import Any

import pytest

from app.trade.promotions import store as promotions

from .conftest import RecordedAi, recorded

TRIED = {
    "customer_id": "cus_acme", "product_ids": ["prd_brand"], "start": "2026-06-03", "weeks": 2, "discount": "0.25",
    "feature": "0.5", "funding": "0.4", "fixed": "100",
}  # fmt: skip
ADDRESS = (
    "customer=cus_acme&product=prd_sku1&start=2026-06-01&weeks=2&discount=25&deal=1&feature=50&display=0&funding=40&fixed=100"
)


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {error["field"] for error in answer.json["errors"]}


def test_a_promotion_is_tried_out_with_the_skus_below_and_whole_weeks(market: Any, ai: RecordedAi, as_role: Any) -> None:
    answer = as_role("viewer").post("/api/v1/planning/simulate", json=TRIED)
    assert answer.status_code == 200, answer.text
    [question] = ai.questions("/v1/simulate")
    assert sorted(question["product_ids"]) == ["prd_sku1", "prd_sku2"]
    assert (question["start"], question["end"], question["cut"]) == ("2026-06-01", "2026-06-14", 0.25)
    assert (question["funding_share"], question["costs"]) == (0.4, {"fixed": "100"})
    told, given = answer.json, recorded("simulate")
    assert told["net_units"] == given["net_band"]
    assert told["other_products_units"] == given["cannibalised_band"]
    assert told["manufacturer"]["net"] == given["manufacturer"]["net"]


def test_a_sku_that_was_just_added_is_in_the_next_question(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("administrator")
    client.post("/api/v1/planning/simulate", json=TRIED)
    added = client.post("/api/v1/products", json={"sku": "NEW", "name": "New", "level": "sku", "parent_id": "prd_brand"})
    assert added.status_code == 201, added.text
    client.post("/api/v1/planning/simulate", json=TRIED)
    first, second = (set(question["product_ids"]) for question in ai.questions("/v1/simulate"))
    assert second - first == {added.json["id"]}


def test_what_makes_no_sense_is_named_before_anybody_is_asked(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    assert fields(client.post("/api/v1/planning/simulate", json={**TRIED, "start": "2026-05-18"})) == {"start"}
    assert fields(client.post("/api/v1/planning/simulate", json={**TRIED, "start": "2027-07-01"})) == {"end"}
    assert fields(client.post("/api/v1/planning/simulate", json={**TRIED, "discount": "0.7"})) == {"discount"}
    assert fields(client.post("/api/v1/planning/simulate", json={**TRIED, "product_ids": ["prd_gone"]})) == {"product_ids"}
    assert ai.asked == []


def test_more_skus_than_one_simulation_holds_are_refused_instead_of_cut(
    market: Any, ai: RecordedAi, as_role: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.trade.planning.service.MOST_SKUS", 1)
    assert fields(as_role("viewer").post("/api/v1/planning/simulate", json=TRIED)) == {"product_ids"}
    assert ai.asked == []


def test_fields_that_the_ai_service_refuses_carry_our_names(market: Any, ai: RecordedAi, as_role: Any) -> None:
    errors = [{"field": "customer_ids.0", "message": "there is no customer cus_x"}, {"field": "cut", "message": "too deep"}]
    ai.instead["/v1/simulate"] = (422, {"type": "/problems/invalid", "detail": "no", "errors": errors})
    assert fields(as_role("viewer").post("/api/v1/planning/simulate", json=TRIED)) == {"customer_id", "discount"}


def test_without_a_model_or_a_service_it_is_said(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    ai.instead["/v1/simulate"] = (409, recorded("no-model"))
    assert client.post("/api/v1/planning/simulate", json=TRIED).status_code == 409
    assert "There is no model to plan with yet" in client.get(f"/what-if?{ADDRESS}").text
    ai.down = True
    assert client.post("/api/v1/planning/simulate", json=TRIED).status_code == 503
    assert "The AI service does not answer" in client.get(f"/what-if/answer?{ADDRESS}").text


def test_a_draft_keeps_what_was_expected_and_the_same_wish_makes_one(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("account_manager")
    wish = {**TRIED, "name": "June", "once": "wish-0001"}
    first = client.post("/api/v1/planning/drafts", json=wish)
    again = client.post("/api/v1/planning/drafts", json=wish)
    other = client.post("/api/v1/planning/drafts", json={**wish, "once": "wish-0002"})
    assert first.status_code == again.status_code == other.status_code == 201, first.text
    assert first.json["promotion_id"] == again.json["promotion_id"] != other.json["promotion_id"]
    assert promotions.count({}) == 2
    promotion = client.get(f"/api/v1/promotions/{first.json['promotion_id']}").json
    assert (promotion["status"], promotion["start"], promotion["end"]) == ("draft", "2026-06-01", "2026-06-14")
    planned, given = promotion["planned"], recorded("simulate")
    assert planned["baseline_units"] == given["baseline_units"]
    assert planned["incremental_units"] == given["incremental_units"]
    assert planned["manufacturer"]["net"] == given["manufacturer"]["net"]
    assert planned["terms"] == {
        "discount": "0.25", "deal": True, "feature": "0.5", "display": "0", "funding": "0.4", "fixed": "100", "weeks": 2,
    }  # fmt: skip
    cut = given["products"][0]["price_regular"] - given["products"][0]["price"]
    assert float(promotion["costs"]["per_unit"]) == pytest.approx(0.4 * cut, abs=0.0001)
    page = client.get(f"/promotions/{promotion['id']}").text
    assert "Plan against actual" in page
    assert "not yet" in page


def test_a_deep_cut_needs_its_reason_and_a_viewer_makes_no_drafts(market: Any, ai: RecordedAi, as_role: Any) -> None:
    wish = {**TRIED, "discount": "0.45", "name": "Deep", "once": "wish-0003"}
    assert fields(as_role("account_manager").post("/api/v1/planning/drafts", json=wish)) == {"note"}
    reasoned = as_role("account_manager").post("/api/v1/planning/drafts", json={**wish, "note": "Clearing the old label"})
    assert reasoned.status_code == 201
    assert as_role("viewer").post("/api/v1/planning/drafts", json=wish).status_code == 403
    assert as_role("viewer").post("/what-if/draft", data={"name": "x"}).status_code == 403


def test_the_page_shows_sliders_sentences_charts_and_both_sides(market: Any, ai: RecordedAi, as_role: Any) -> None:
    page = as_role("account_manager").get(f"/what-if?{ADDRESS}")
    assert page.status_code == 200
    assert 'type="range"' in page.text
    assert "It would sell" in page.text
    assert "Make a draft promotion of this" in page.text
    assert page.text.count('data-module="chart"') == 2
    assert "Make a draft promotion" not in as_role("viewer").get(f"/what-if?{ADDRESS}").text
    alone = as_role("viewer").get(f"/what-if/answer?{ADDRESS}").text
    assert "<html" not in alone
    assert 'id="answer-figures"' in alone


def test_the_page_opens_with_a_first_guess_and_says_what_is_wrong(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    assert client.get("/what-if").status_code == 200
    assert ai.questions("/v1/simulate")[-1]["cut"] == 0.2
    wrong = client.get("/what-if/answer?" + ADDRESS.replace("discount=25", "discount=many"))
    assert wrong.status_code == 422
    assert "Write a number" in wrong.text


def test_the_first_guess_is_a_customer_and_a_product_that_sold_lately(
    market: Any, ai: RecordedAi, as_role: Any, mongo: Any
) -> None:
    for collection, code in (("customers", "code"), ("products", "sku")):
        like = mongo[collection].find_one({"parent_id": None})
        mongo[collection].insert_one(
            {**like, "_id": f"new_{collection}", "name": "0 New", code: "NEW-0", "path": [f"new_{collection}"]}
        )
    mongo["products"].update_one({"_id": "new_products"}, {"$set": {"level": "sku"}})
    assert as_role("viewer").get("/what-if").status_code == 200
    question = ai.questions("/v1/simulate")[-1]
    assert "new_customers" not in question["customer_ids"]
    assert "new_products" not in question["product_ids"]


def test_the_form_makes_the_draft_without_scripts(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("account_manager")
    data = dict(part.split("=") for part in ADDRESS.split("&")) | {"name": "June", "once": "wish-page"}
    for _turn in range(2):
        made = client.post("/what-if/draft", data=data)
        assert made.status_code == 302
        assert "/promotions/prm_" in made.headers["Location"]
    assert promotions.count({}) == 1
    nameless = client.post("/what-if/draft", data={**data, "name": " ", "once": "wish-other"}, follow_redirects=True)
    assert "Give the draft a name" in nameless.text


def test_the_sliders_start_where_a_promotion_was(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("account_manager")
    terms = {"name": "Spring", "customer_id": "cus_acme", "product_ids": ["prd_sku2"], "start": "2026-03-16", "end": "2026-04-05",
             "discount": "0.3"}  # fmt: skip
    made = client.post("/api/v1/promotions", json=terms).json["promotion"]["id"]
    client.get(f"/what-if?promotion={made}")
    question = ai.questions("/v1/simulate")[-1]
    assert (question["product_ids"], question["cut"]) == (["prd_sku2"], 0.3)
    assert (question["start"], question["end"]) == ("2026-05-25", "2026-06-14")


def test_price_response_shows_the_curve_the_weeks_and_every_product(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    page = client.get("/price-response?product=prd_sku1&customer=cus_acme")
    assert page.status_code == 200
    assert "Price elasticity" in page.text
    assert "10 % off sells about" in page.text
    assert ai.questions("/v1/response")[-1] == {"product_id": "prd_sku1", "customer_ids": ["cus_acme"], "source": "pos"}
    weeks = client.get("/price-response?product=prd_sku1&of=weeks&format=csv").text.strip().splitlines()
    assert len(weeks) == len(recorded("response")["weeks"]) + 1
    products = client.get("/price-response?format=csv").text.strip().splitlines()
    assert len(products) == len(recorded("elasticity")["products"]) + 1
    assert "promotion standard error" in products[0]
    assert client.get("/api/v1/planning/elasticities").json["products"][0]["promotion"]["standard_error"] > 0
    assert client.get("/api/v1/planning/response?product=prd_sku1").json["stores"] == 12


MEASURED = {"forecast": {"objective": {"median": {"wmape": 0.312}}}, "chain": {"wmape": 0.218}}


def test_the_measured_error_of_the_model_stands_under_its_figures(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    for name in ("simulate", "elasticity", "optimise"):
        answer = recorded(name)
        ai.instead[f"/v1/{name}"] = (200, {**answer, "model": {**answer["model"], "metrics": MEASURED}})
    for address in (f"/what-if/answer?{ADDRESS}", "/price-response?product=prd_sku1"):
        page = client.get(address).text
        assert "a forecast of one store and week 31" in page
        assert "a baseline of a chain and week 22" in page
    ai.instead.clear()
    assert "was not measured" in client.get(f"/what-if/answer?{ADDRESS}").text


def test_what_the_sales_never_held_is_said_on_the_pages(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    ai.instead["/v1/simulate"] = (200, {**recorded("simulate"), "warnings": ["no sale of A ever had a display"]})
    ai.instead["/v1/response"] = (200, {**recorded("response"), "warnings": ["no sale of A ever had a price cut"]})
    assert "No sale of A ever had a display." in client.get(f"/what-if/answer?{ADDRESS}").text
    page = client.get("/price-response?product=prd_sku1").text
    assert "No sale of A ever had a price cut." in page
    assert "−1.50 ± 1.00, assumed" in page
    lines = client.get("/price-response?format=csv").text.splitlines()
    assert "regular basis" in lines[0]
    assert "prior" in lines[1]


def test_a_curve_that_cannot_be_drawn_says_why(market: Any, ai: RecordedAi, as_role: Any) -> None:
    refused = {**recorded("response"), "curves": [], "weeks": [], "elasticities": [], "refused": "too few weeks", "stores": 0}
    ai.instead["/v1/response"] = (200, refused)
    assert "Too few weeks." in as_role("viewer").get("/price-response?product=prd_sku1").text
    ai.down = True
    assert "does not answer" in as_role("viewer").get("/price-response").text
