"""What the AI service answers is kept exactly; what it refuses keeps its reason; when it is away nothing is lost."""

from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import Unavailable
from app.core.jobs import JobPutOff, Progress
from app.trade.hierarchy.store import Lease
from app.trade.promotions import store, work


@pytest.fixture
def two_promotions(market: Any) -> list[str]:
    market.sell(range(20), {name: {10, 11} for name in "abcd"})
    market.sell(range(20), {name: {4} for name in "abcd"}, sku="sku2")
    return ["prd_sku1", "prd_sku2"]


def run() -> dict[str, Any]:
    return work.find_and_analyse(Progress.unwatched())


def of(product: str) -> dict[str, Any]:
    return store.get(next(iter(store.find({"product_ids": product})))["_id"])


def test_found_analysed_and_kept_exactly(two_promotions: list[str], ai: Any) -> None:
    result = run()
    assert (result["new"], result["analysed"]) == (2, {"done": 2, "refused": 0, "overtaken": 0})
    row = of("prd_sku1")
    assert row["analysis"]["state"] == "done"
    assert row["incremental_units"] == 80.0
    assert row["analysis"]["manufacturer"]["net"].to_decimal() == Decimal("6.00")
    assert row["roi_manufacturer"].to_decimal() == Decimal("1.6000")
    assert row["roi_retailer"] is None
    assert row["analysis"]["retailer"]["missing"] == "unit_acquisition_cost"
    assert row["version"] == 1
    assert ai.trained == 1


def test_the_return_counts_what_other_products_lost(two_promotions: list[str], ai: Any) -> None:
    run()
    row = of("prd_sku1")
    assert row["analysis"]["manufacturer"]["other_products_margin"].to_decimal() == Decimal("-2.00")
    assert row["margin"].to_decimal() == Decimal("16.00")


def test_results_of_an_older_account_are_worked_out_again_with_the_next_look(two_promotions: list[str], ai: Any) -> None:
    run()
    store.collection().update_one({"product_ids": "prd_sku1"}, {"$unset": {"analysis.account": ""}})
    assert run()["analysed"]["done"] == 1
    assert run()["analysed"]["done"] == 0


def test_a_second_search_is_put_off_and_changes_nothing(two_promotions: list[str], ai: Any) -> None:
    with Lease("promotions:find"), pytest.raises(JobPutOff):
        run()
    assert not list(store.find({}))
    assert run()["new"] == 2


def test_running_again_asks_nothing(two_promotions: list[str], ai: Any) -> None:
    run()
    asked = len(ai.asked)
    assert run()["analysed"] == {"done": 0, "refused": 0, "overtaken": 0}
    assert (len(ai.asked), ai.trained) == (asked, 1)


def test_a_refusal_keeps_its_reason(two_promotions: list[str], ai: Any) -> None:
    ai.down = True
    with pytest.raises(Unavailable):
        run()
    ai.down, ai.refuse = False, {of("prd_sku2")["_id"]}
    run()
    assert of("prd_sku2")["analysis"]["state"] == "refused"
    assert of("prd_sku2")["analysis"]["reason"] == "too few quiet weeks"
    assert of("prd_sku1")["analysis"]["state"] == "done"


def test_while_the_service_is_away_promotions_wait_and_the_next_run_analyses_them(two_promotions: list[str], ai: Any) -> None:
    ai.down = True
    with pytest.raises(Unavailable, match="AI service does not answer"):
        run()
    assert {row["analysis"]["state"] for row in store.find({})} == {"waiting"}
    ai.down = False
    assert run()["analysed"]["done"] == 2
    assert ai.trained == 1


def test_one_that_makes_the_question_invalid_does_not_stop_the_others(two_promotions: list[str], ai: Any) -> None:
    ai.down = True
    with pytest.raises(Unavailable):
        run()
    ai.down, ai.invalid = False, {of("prd_sku2")["_id"]}
    run()
    assert of("prd_sku1")["analysis"]["state"] == "done"
    assert (of("prd_sku2")["analysis"]["state"], of("prd_sku2")["analysis"]["reason"]) == ("failed", "unknown customer")


def test_an_answer_to_an_older_question_is_not_kept(two_promotions: list[str], ai: Any) -> None:
    def somebody_enters_costs() -> None:
        row = of("prd_sku1")
        store.collection().update_one({"_id": row["_id"]}, {"$set": {"costs": {"fixed": None, "per_unit": None, "x": 1}}})
        ai.before_answer = lambda: None

    ai.before_answer = somebody_enters_costs
    assert run()["analysed"]["overtaken"] == 1
    assert of("prd_sku1")["analysis"]["state"] == "waiting"


def test_new_sales_have_the_model_fitted_again(
    two_promotions: list[str], ai: Any, monkeypatch: pytest.MonkeyPatch, market: Any
) -> None:
    run()
    old = {"id": "mdl_old", "source": "pos", "fitted_at": "2026-01-01T00:00:00+00:00", "current": True, "metrics": {}}
    monkeypatch.setattr(ai, "_model", lambda: old)
    market.sell(range(20, 22), {name: {20} for name in "abcd"}, import_id="imp_2")
    run()
    assert ai.trained == 2
