"""Groups: with names, as a page and a file, and clearly refused."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.trade.ai_service import AiService
from tests.integration.trade.promotions.conftest import Market

AsRole = Callable[[str], Any]
API = "/api/v1/segments"


def test_members_carry_their_names_and_groups_what_sets_them_apart(as_role: AsRole, ai: AiService, market: Market) -> None:
    found = as_role("viewer").get(f"{API}?customer=cus_acme&product=prd_brand").get_json()
    assert [(group["name"], group["size"]) for group in found["groups"]] == [("Large", 2), ("Small", 2)]
    assert [(one["name"], one["group_name"]) for one in found["members"]] == [
        ("The A", "Large"), ("The B", "Large"), ("The C", "Small"), ("The D", "Small"),
    ]  # fmt: skip
    assert found["left_out"][0]["name"] == "The ACME"
    asked = ai.questions("POST /v1/segments")[-1]
    assert (asked["customer_ids"], asked["product_ids"]) == (["cus_acme"], ["prd_sku1", "prd_sku2"])


def test_they_are_kept_until_the_model_changes(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    for _time in range(3):
        assert viewer.get(API).status_code == 200
    assert len(ai.questions("POST /v1/segments")) == 1
    ai.models = [model.model_copy(update={"current": model.id == "mdl_1"}) for model in ai.models]
    viewer.get(API)
    assert len(ai.questions("POST /v1/segments")) == 2


@pytest.mark.parametrize(("query", "field"), [
    ("of=weeks", "of"), ("customer=nobody", "customer"), ("product=nothing", "product"), ("source=tin", "source"),
    ("groups=3", "groups"),
])  # fmt: skip
def test_a_wrong_question_names_the_field(as_role: AsRole, ai: AiService, market: Market, query: str, field: str) -> None:
    answer = as_role("viewer").get(f"{API}?{query}")
    assert answer.status_code == 422, answer.get_json()
    assert field in {error["field"].rpartition(".")[2] for error in answer.get_json()["errors"]}
    assert ai.questions("POST /v1/segments") == []


def test_the_page_says_what_the_groups_are_worth_and_leads_on(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    first = viewer.get("/segments").get_data(as_text=True)
    assert 'aria-busy="true"' in first
    assert "now=1" in first  # without scripts
    page = viewer.get("/segments?now=1").get_data(as_text=True)
    for text in ("Large", "The groups are weakly apart", "Silhouette 0.35", "/recommendations?customer=cus_a&amp;customer=cus_b",
                 "52 weeks of sales are needed", "26 are needed", 'data-module="chart"',
                 "of the units sold it missed"):  # fmt: skip
        assert text in page
    one = viewer.get("/segments?group=g2&now=1").get_data(as_text=True)
    assert ">The C<" in one
    assert ">The A<" not in one


def test_too_few_products_are_told(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert "Only 2 products have enough sales" in as_role("viewer").get("/segments?of=products&now=1").get_data(as_text=True)
    assert as_role("viewer").get(f"{API}?of=products").get_json()["groups"] == []


def test_members_go_out_as_csv(as_role: AsRole, ai: AiService, market: Market) -> None:
    lines = as_role("viewer").get("/segments?format=csv").get_data(as_text=True).strip().splitlines()
    assert len(lines) == 5
    assert "The A" in lines[1]


def test_without_a_model_a_service_or_a_customer_the_page_says_so(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    assert "There is no such customer" in viewer.get("/segments?customer=nobody&now=1").get_data(as_text=True)
    ai.models = []
    assert viewer.get(API).status_code == 409
    assert "no model yet" in viewer.get("/segments?now=1").get_data(as_text=True)
    ai.down = True
    assert viewer.get(API).status_code == 503
    assert viewer.get("/segments?of=aliens&now=1").status_code == 422


def test_an_operator_sees_none(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert as_role("operator").get(API).status_code == 403
    assert as_role("operator").get("/segments").status_code == 403
