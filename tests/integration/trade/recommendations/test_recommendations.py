"""Recommendations: what is asked, what is shown, and drafts that keep what was expected, once each."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from app.access.audit import store as audit
from app.trade.planning import client as planning_client
from app.trade.promotions import store as promotions
from tests.integration.trade.ai_service import AiService
from tests.integration.trade.planning.conftest import RecordedAi, recorded
from tests.integration.trade.promotions.conftest import Market

AsRole = Callable[[str], Any]
API = "/api/v1/recommendations"
ASKED = {"customer_ids": ["cus_acme"]}
WISH = {
    "customer_id": "cus_acme", "product_ids": ["prd_sku1"], "start": "2026-08-10", "weeks": 2, "discount": "0.25",
    "feature": "0.5", "funding": "0.35", "name": "August", "once": "wish-0001",
}  # fmt: skip


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> RecordedAi:
    """What drafts are worked out with."""
    fake = RecordedAi()
    monkeypatch.setattr(planning_client, "shared", fake.client)
    return fake


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {error["field"].rpartition(".")[2] or error["field"] for error in answer.json["errors"]}


def accepted() -> int:
    return sum(entry["action"] == "recommendations.accepted" for entry in audit.walk())


def test_proposals_come_with_names_mechanics_and_both_sides(as_role: AsRole, ai: AiService, market: Market) -> None:
    rules = {"most_discount": "0.3", "weeks_between": 3, "blackout": ["2026-08-05"], "most_spend": "900"}
    wanted = {**ASKED, "product_ids": ["prd_brand"], "weeks": 3, "feature_cost": "150", "rules": rules}
    answer = as_role("viewer").post(API, json=wanted)
    assert answer.status_code == 200, answer.text
    [one] = answer.json["proposals"]
    assert one["product_name"] == "The SKU1"
    assert one["mechanics"] == {
        "discount": "0.25", "deal": True, "feature": "0.5", "display": "0", "funding": "0.35", "fixed": "0",
    }  # fmt: skip
    assert (one["net"], one["manufacturer"]["net"], one["sure"]) == ("50.00", "50.00", False)
    assert one["reasons"] == ["It sells more.", "It may lose money."]
    assert [(other["product_name"], other["code"]) for other in answer.json["not_proposed"]] == [("The SKU2", "loses")]
    [asked] = ai.questions("POST /v1/recommend")
    assert asked["product_ids"] == ["prd_sku1", "prd_sku2"]
    assert (asked["weeks"], asked["deepest"], asked["weeks_between"]) == (3, 0.3, 3)
    assert (asked["costs"]["feature"], asked["most_spend"], asked["blackout"]) == ("150", "900", ["2026-08-05"])
    assert asked["funding_share"] is None


def test_what_is_planned_already_keeps_its_weeks(as_role: AsRole, ai: AiService, market: Market, simulated: RecordedAi) -> None:
    client = as_role("account_manager")
    assert client.post(f"{API}/drafts", json=WISH).status_code == 201
    client.post(API, json=ASKED)
    assert ai.questions("POST /v1/recommend")[-1]["taken"] == [
        {"customer_ids": ["cus_acme"], "product_ids": ["prd_sku1"], "start": "2026-08-10", "end": "2026-08-23"}
    ]
    row = next(iter(promotions.find({})))
    client.post(f"/api/v1/promotions/{row['_id']}/status", json={"status": "cancelled", "version": row["version"]})
    client.post(API, json=ASKED)
    assert ai.questions("POST /v1/recommend")[-1]["taken"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer_ids": []}, "customer_ids"),
        ({"customer_ids": ["cus_nobody"]}, "customer"),
        ({"customer_ids": ["cus_acme"] * 101}, "customer_ids"),
        ({"product_ids": ["prd_gone"]}, "product"),
        ({"weeks": 13}, "weeks"),
        ({"funding": "1.2"}, "funding"),
        ({"fixed": "-1"}, "fixed"),
        ({"rules": {"most_discount": "2"}}, "most_discount"),
        ({"rules": {"luck": 1}}, "luck"),
        ({"side": "shopper"}, "side"),
    ],
)
def test_a_wrong_question_names_the_field(
    as_role: AsRole, ai: AiService, market: Market, changes: dict[str, Any], field: str
) -> None:
    assert field in fields(as_role("viewer").post(API, json={**ASKED, **changes}))
    assert ai.questions("POST /v1/recommend") == []


def test_fields_that_the_ai_service_refuses_carry_our_names(as_role: AsRole, ai: AiService, market: Market) -> None:
    ai._recommend = lambda _asked: _refuse()  # type: ignore[method-assign]
    assert fields(as_role("viewer").post(API, json=ASKED)) == {"feature_cost", "product"}


def _refuse() -> Any:
    from ai.problems import Invalid

    errors = [{"field": "costs.feature", "message": "too dear"}, {"field": "product_ids.0", "message": "never sold"}]
    raise Invalid("Nothing can be recommended", errors)


def test_a_draft_keeps_what_was_expected_once_with_an_audit_entry(
    as_role: AsRole, ai: AiService, market: Market, simulated: RecordedAi
) -> None:
    client = as_role("account_manager")
    first, again = (client.post(f"{API}/drafts", json=WISH) for _turn in range(2))
    assert first.status_code == again.status_code == 201, first.text
    assert first.json["promotion_id"] == again.json["promotion_id"]
    assert (promotions.count({}), accepted()) == (1, 1)
    promotion = client.get(f"/api/v1/promotions/{first.json['promotion_id']}").json
    assert (promotion["status"], promotion["start"], promotion["end"]) == ("draft", "2026-08-10", "2026-08-23")
    assert promotion["planned"]["origin"] == "recommendation"
    assert promotion["planned"]["manufacturer"]["net"] == recorded("simulate")["manufacturer"]["net"]
    assert promotion["planned"]["terms"]["funding"] == "0.35"
    # the same words as a what-if are another wish
    other = client.post("/api/v1/planning/drafts", json=WISH)
    assert other.json["promotion_id"] != first.json["promotion_id"]


def test_a_viewer_sees_proposals_but_makes_no_drafts(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    assert viewer.post(f"{API}/drafts", json=WISH).status_code == 403
    assert viewer.post("/recommendations/draft", data={"customer": "cus_acme"}).status_code == 403
    page = viewer.get("/recommendations?now=1").text
    assert "What" in page
    assert "Make a draft" not in page


def test_the_page_shows_the_reasons_and_its_button_makes_the_draft(
    as_role: AsRole, ai: AiService, market: Market, simulated: RecordedAi
) -> None:
    client = as_role("account_manager")
    assert 'aria-busy="true"' in client.get("/recommendations").text
    page = client.get("/recommendations?customer=cus_acme&weeks=3&now=1").text
    for text in ("1. The SKU1", "25 % off, advertised 50 %", "It sells more.", "May lose money", "No promotion of it pays",
                 "/what-if?customer=cus_acme", "35 %", "of the units sold it missed"):  # fmt: skip
        assert text in re.sub(r"\s", " ", page)  # whatever space stands before the sign
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split("draft-form")[1]))
    assert (form["discount"], form["weeks"], form["product"]) == ("0.25", "3", "prd_sku1")
    for _turn in range(2):
        made = client.post("/recommendations/draft", data={**form, "name": "Autumn"})
        assert "/promotions/prm_" in made.headers["Location"]
    assert (promotions.count({}), accepted()) == (1, 1)
    nameless = client.post("/recommendations/draft", data={**form, "name": " "})
    assert nameless.headers["Location"].startswith("/recommendations?customer=cus_acme")
    away = client.post("/recommendations/draft", data={**form, "name": "", "back": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/recommendations"


def test_a_group_of_customers_is_asked_together_and_each_gets_its_draft(
    as_role: AsRole, ai: AiService, market: Market, simulated: RecordedAi
) -> None:
    client = as_role("account_manager")
    page = client.get("/recommendations?customer=cus_a&customer=cus_b&now=1").text
    assert ai.questions("POST /v1/recommend")[-1]["customer_ids"] == ["cus_a", "cus_b"]
    assert "Make 2 drafts" in page
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split("draft-form")[1]))
    client.post("/recommendations/draft", data={**form, "customer": ["cus_a", "cus_b"], "name": "Both"})
    assert {row["customer_id"] for row in promotions.find({})} == {"cus_a", "cus_b"}


def test_when_none_pays_or_something_is_wrong_the_page_says_so(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    assert "No promotion pays" in viewer.get("/recommendations?fixed=5000&now=1").text
    wrong = viewer.get("/recommendations?weeks=many&now=1")
    assert wrong.status_code == 422
    assert "Between 1 and 12 weeks" in wrong.text
    ai.models = []
    assert viewer.post(API, json=ASKED).status_code == 409
    assert "There is no model to plan with yet" in viewer.get("/recommendations?now=1").text
    ai.down = True
    assert viewer.post(API, json=ASKED).status_code == 503
    assert viewer.get("/recommendations?now=1").status_code == 503
    part = viewer.get("/recommendations", headers={"HX-Request": "true"})  # with an error's status it would not be shown
    assert part.status_code == 200
    assert "aria-busy" not in part.text
    assert "The AI service does not answer" in part.text


def test_proposals_go_out_as_csv(as_role: AsRole, ai: AiService, market: Market) -> None:
    lines = as_role("viewer").get("/recommendations?customer=cus_acme&format=csv").text.strip().splitlines()
    assert len(lines) == 2
    assert "The SKU1" in lines[1]
    assert "50.00" in lines[1]


def test_an_operator_sees_none(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert as_role("operator").post(API, json=ASKED).status_code == 403
    assert as_role("operator").get("/recommendations").status_code == 403
