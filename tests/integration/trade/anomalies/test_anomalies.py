"""Anomalies: sorted, filtered and paged like every list, with the way to the sales."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.trade.ai_service import AiService
from tests.integration.trade.promotions.conftest import Market

AsRole = Callable[[str], Any]
API = "/api/v1/anomalies"


def test_the_oddest_first_with_names(as_role: AsRole, ai: AiService, market: Market) -> None:
    found = as_role("viewer").get(f"{API}?limit=2").get_json()
    assert [row["size"] for row in found["items"]] == [10.0, 9.0]
    assert (found["items"][0]["customer"], found["items"][0]["product"]) == ("The B", "The SKU1")
    assert (found["total"], found["found"], found["next_cursor"]) == (6, 9, "2")
    last = as_role("viewer").get(f"{API}?limit=4&cursor=2").get_json()
    assert len(last["items"]) == 4
    assert last["next_cursor"] is None


def test_sorted_and_filtered(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    weeks = [row["week"] for row in viewer.get(f"{API}?sort=week").get_json()["items"]]
    assert weeks == sorted(weeks)
    causes = {row["cause"] for row in viewer.get(f"{API}?cause=chain_wide").get_json()["items"]}
    assert causes == {"chain_wide"}
    viewer.get(f"{API}?customer=cus_acme&product=prd_brand&start=2026-02-01&end=2026-03-01")
    asked = ai.questions("POST /v1/anomalies")[-1]
    assert (asked["customer_ids"], asked["product_ids"]) == (["cus_acme"], ["prd_sku1", "prd_sku2"])
    assert (asked["from"], asked["to"]) == ("2026-02-01", "2026-03-01")


def test_what_was_found_is_kept_until_model_or_sales_change(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    for _time in range(3):
        assert viewer.get(API).status_code == 200
    assert len(ai.questions("POST /v1/anomalies")) == 1
    ai.models = [model.model_copy(update={"current": model.id == "mdl_1"}) for model in ai.models]
    viewer.get(API)
    assert len(ai.questions("POST /v1/anomalies")) == 2


@pytest.mark.parametrize(("query", "field"), [
    ("sort=price", "sort"), ("cause=aliens", "cause"), ("limit=0", "limit"), ("limit=501", "limit"), ("cursor=-1", "cursor"),
    ("start=yesterday", "start"), ("start=0001-01-01", "start"), ("start=2026-02-01&end=2026-01-01", "end"),
    ("start=1980-01-01&end=2026-01-01", "end"), ("customer=nobody", "customer"), ("product=nothing", "product"),
    ("source=tin", "source"), ("colour=red", "colour"), ("limit=NaN", "limit"),
])  # fmt: skip
def test_a_wrong_question_names_the_field(as_role: AsRole, ai: AiService, market: Market, query: str, field: str) -> None:
    answer = as_role("viewer").get(f"{API}?{query}")
    assert answer.status_code == 422, answer.get_json()
    assert field in {error["field"].rpartition(".")[2] for error in answer.get_json()["errors"]}


def test_weeks_without_sales_have_no_anomalies(as_role: AsRole, ai: AiService, market: Market) -> None:
    viewer = as_role("viewer")
    assert viewer.get(API).status_code == 200
    ai.problem = None
    real = ai._anomalies

    def nothing(asked: Any) -> Any:
        from ai.problems import Invalid

        raise Invalid("There are no sales in these weeks", [{"field": "from", "message": "no sales"}])

    ai._anomalies = nothing  # type: ignore[method-assign]
    assert viewer.get(f"{API}?start=2020-01-01&end=2020-02-01").get_json()["items"] == []
    ai._anomalies = real  # type: ignore[method-assign]


def test_the_page_lists_them_with_cause_and_the_way_to_the_sales(as_role: AsRole, ai: AiService, market: Market) -> None:
    page = as_role("viewer").get("/ai/anomalies?now=1").get_data(as_text=True)
    for text in ("Out of stock", "The whole chain", "/sales?customer=cus_b", "Far too few", "9 weeks stand out",
                 "of the units sold it missed"):  # fmt: skip
        assert text in page
    only = as_role("viewer").get("/ai/anomalies?cause=out_of_stock&now=1").get_data(as_text=True)
    assert "2 rows" in only


def test_the_page_narrows_to_a_customer_and_a_product_by_filters_of_its_own(
    as_role: AsRole, ai: AiService, market: Market
) -> None:
    viewer = as_role("viewer")
    page = viewer.get("/ai/anomalies?customer=cus_b&product=prd_brand&now=1").get_data(as_text=True)
    asked = ai.questions("POST /v1/anomalies")[-1]
    assert (asked["customer_ids"], asked["product_ids"]) == (["cus_b"], ["prd_sku1", "prd_sku2"])
    assert 'id="filter-customer"' in page
    assert '<option value="cus_b" selected>' in page
    assert '<option value="prd_brand" selected>' in page
    viewer.get("/ai/anomalies?scope=1&customer=cus_a&now=1")
    assert ai.questions("POST /v1/anomalies")[-1]["customer_ids"] == ["cus_a"]
    viewer.get("/ai/anomalies?customer=&now=1")  # chosen here: all, whatever stands in the top bar
    assert ai.questions("POST /v1/anomalies")[-1]["customer_ids"] == []


def test_without_a_model_it_says_what_to_do(as_role: AsRole, ai: AiService, market: Market) -> None:
    ai.models = []
    assert as_role("viewer").get(API).status_code == 409
    assert "no model yet" in as_role("viewer").get("/ai/anomalies?now=1").get_data(as_text=True)


def test_a_filter_that_makes_no_sense_is_a_page_that_says_so(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert as_role("viewer").get("/ai/anomalies?cause=aliens&now=1").status_code == 422


def test_the_list_goes_out_as_csv(as_role: AsRole, ai: AiService, market: Market) -> None:
    lines = as_role("viewer").get("/ai/anomalies?format=csv").get_data(as_text=True).strip().splitlines()
    assert len(lines) == 7


def test_an_operator_sees_none(as_role: AsRole, ai: AiService, market: Market) -> None:
    assert as_role("operator").get(API).status_code == 403
