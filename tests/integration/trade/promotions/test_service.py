"""Promotions entered by hand: terms, life, overlaps, versions, audit; and what may be done to observed ones."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.access.models import Principal, Role
from app.core.errors import Conflict, Forbidden, Invalid, Stale
from app.core.jobs import Progress
from app.trade.promotions import finder, service, store
from app.trade.promotions.models import Costs, PromotionChange, PromotionCreate, PromotionStatus, StatusChange

ANA = Principal("usr_ana", "Ana", "ana@example.com", Role.ACCOUNT_MANAGER)
VIEWER = Principal("usr_vic", "Vic", "vic@example.com", Role.VIEWER)


def terms(**changes: Any) -> PromotionCreate:
    fields = {
        "name": "Spring", "customer_id": "cus_acme", "product_ids": ["prd_brand"], "start": date(2026, 3, 16),
        "end": date(2026, 3, 29), "discount": Decimal("0.25"), **changes,
    }  # fmt: skip
    return PromotionCreate(**fields)


def move(row: dict[str, Any], status: PromotionStatus) -> dict[str, Any]:
    return service.set_status(ANA, row["_id"], StatusChange(status=status, version=store.get(row["_id"])["version"]))


def test_it_is_a_draft_with_a_code_of_its_own(market: Any, mongo: Any) -> None:
    first, warnings = service.create(ANA, terms())
    second, overlaps = service.create(ANA, terms())
    assert (first["status"], first["code"], second["code"]) == ("draft", "ACME-2026W12-1", "ACME-2026W12-2")
    assert warnings == []
    assert len(overlaps) == 1
    assert "ACME-2026W12-1 Spring" in overlaps[0]
    entry = mongo["audit"].find_one({"subject_id": first["_id"]})
    assert (entry["action"], entry["actor"], entry["after"]["name"]) == ("promotions.created", "usr_ana", "Spring")


def test_a_taken_code_is_refused(market: Any) -> None:
    service.create(ANA, terms(code="SPRING"))
    with pytest.raises(Conflict, match="SPRING exists already"):
        service.create(ANA, terms(code="SPRING"))


def test_unknown_customers_and_products_and_bad_terms_are_named(market: Any) -> None:
    with pytest.raises(Invalid) as refused:
        service.create(ANA, terms(customer_id="cus_none", product_ids=["prd_none"], end=date(2026, 3, 1)))
    assert {error.field for error in refused.value.errors} == {"customer_id", "product_ids", "end"}


def test_a_viewer_may_look_and_not_enter(market: Any) -> None:
    with pytest.raises(Forbidden):
        service.create(VIEWER, terms())


def test_its_life_and_what_is_refused_on_the_way(market: Any) -> None:
    row, _warnings = service.create(ANA, terms())
    with pytest.raises(Conflict, match="can only become"):
        move(row, PromotionStatus.COMPLETED)
    assert move(row, PromotionStatus.ACTIVE)["status"] == "active"
    assert move(row, PromotionStatus.COMPLETED)["status"] == "completed"
    with pytest.raises(Conflict, match="only its name, costs and note"):
        service.change(ANA, row["_id"], PromotionChange(version=3, discount=Decimal("0.1")))
    changed, _warnings = service.change(ANA, row["_id"], PromotionChange(version=3, note="Went well"))
    assert (changed["note"], changed["version"]) == ("Went well", 4)
    assert [entry["action"] for entry in service.history(ANA, row["_id"])] == [
        "promotions.changed", "promotions.status", "promotions.status", "promotions.created",
    ]  # fmt: skip


def test_a_stale_change_loses(market: Any) -> None:
    row, _warnings = service.create(ANA, terms())
    service.change(ANA, row["_id"], PromotionChange(version=1, name="Summer"))
    with pytest.raises(Stale):
        service.change(ANA, row["_id"], PromotionChange(version=1, name="Autumn"))


def test_only_what_is_sent_changes_and_null_means_none_where_none_is_possible(market: Any) -> None:
    row, _warnings = service.create(ANA, terms(costs=Costs(fixed=Decimal("1500"))))
    changed, _warnings = service.change(ANA, row["_id"], PromotionChange(version=1, discount=None))
    assert changed["discount"] is None
    assert str(changed["costs"]["fixed"]) == "1500"


def test_it_is_analysed_when_it_runs_and_there_are_sales(market: Any, ai: Any) -> None:
    from app.worker.run import run_pending

    row, _warnings = service.create(ANA, terms(product_ids=["prd_sku1"]))
    with pytest.raises(Conflict, match="no sales in its weeks"):
        service.analyse(ANA, row["_id"])
    market.sell(range(20), {name: {10, 11} for name in "abcd"})
    move(row, PromotionStatus.ACTIVE)
    assert run_pending() == 1
    assert store.get(row["_id"])["analysis"]["state"] == "done"


def test_costs_of_an_observed_deal_can_be_entered_and_have_it_analysed_again(market: Any, ai: Any) -> None:
    from app.worker.run import run_pending

    market.sell(range(20), {name: {10, 11} for name in "abcd"})
    finder.find(Progress.unwatched())
    [row] = list(store.find({}))
    with pytest.raises(Conflict, match="found in sales"):
        service.change(ANA, row["_id"], PromotionChange(version=1, start=date(2026, 3, 1)))
    with pytest.raises(Conflict, match="already happened"):
        service.set_status(ANA, row["_id"], StatusChange(status=PromotionStatus.CANCELLED, version=1))
    service.change(ANA, row["_id"], PromotionChange(version=1, costs=Costs(per_unit=Decimal("0.10"))))
    assert run_pending() == 1
    after = store.get(row["_id"])
    assert (after["analysis"]["state"], str(after["costs"]["per_unit"])) == ("done", "0.10")
