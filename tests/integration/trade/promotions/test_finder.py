"""Observed promotions follow the sales, and nothing else moves them."""

from typing import Any

from app.core.jobs import Progress
from app.trade.promotions import finder, store

ALL_ON_DEAL = {name: {10, 11} for name in "abcd"}


def find() -> finder.Counts:
    return finder.find(Progress.unwatched())


def stored(**where: Any) -> list[dict[str, Any]]:
    return list(store.find(where, sort=[("start", 1), ("_id", 1)]))


def test_a_chain_event_and_a_store_deal_are_found(market: Any) -> None:
    market.sell(range(20), {**ALL_ON_DEAL, "a": {10, 11, 15, 16}})
    counts = find()
    chain, alone = stored()
    assert (counts.looked, counts.changed, counts.new) == (1, 1, 2)
    assert (chain["level"], chain["customer_id"], chain["customer_ids"]) == (
        "chain",
        "cus_acme",
        ["cus_a", "cus_b", "cus_c", "cus_d"],
    )
    assert (chain["start"].date().isoformat(), chain["end"].date().isoformat()) == ("2026-03-16", "2026-03-29")
    assert str(chain["discount"]) == "0.2500"
    assert (chain["code"], chain["status"], chain["analysis"]["state"]) == ("ACME-SKU1-2026W12", "completed", "waiting")
    assert (alone["level"], alone["customer_id"], alone["code"]) == ("store", "cus_a", "A-SKU1-2026W17")


def test_finding_again_reads_nothing_and_changes_nothing(market: Any) -> None:
    market.sell(range(20), ALL_ON_DEAL)
    find()
    before = stored()
    counts = find()
    assert (counts.changed, counts.new, counts.updated, counts.gone) == (0, 0, 0, 0)
    assert stored() == before


def test_a_new_week_changes_only_its_own_product_and_keeps_the_id(market: Any) -> None:
    market.sell(range(12), ALL_ON_DEAL)
    market.sell(range(12), ALL_ON_DEAL, sku="sku2")
    find()
    before = {row["product_ids"][0]: row for row in stored()}
    market.sell(range(12, 13), {name: {12} for name in "abcd"}, import_id="imp_2")
    counts = find()
    after = {row["product_ids"][0]: row for row in stored()}
    assert (counts.changed, counts.updated, counts.new, counts.gone) == (1, 1, 0, 0)
    longer, untouched = after["prd_sku1"], after["prd_sku2"]
    assert longer["_id"] == before["prd_sku1"]["_id"]
    assert (longer["version"], longer["end"].date().isoformat()) == (2, "2026-04-05")
    assert untouched == before["prd_sku2"]


def test_quiet_weeks_around_a_deal_ask_for_a_new_analysis_and_far_ones_do_not(market: Any) -> None:
    market.sell(range(12), ALL_ON_DEAL)
    find()
    [row] = stored()
    store.set_analysis(row, {"analysis": {"state": "done"}})
    market.sell(range(12, 14), import_id="imp_2")
    find()
    assert stored()[0]["analysis"]["state"] == "waiting"
    store.set_analysis(stored()[0], {"analysis": {"state": "done"}})
    market.sell(range(18, 20), import_id="imp_3")
    find()
    assert stored()[0]["analysis"]["state"] == "done"


def test_taking_an_import_back_takes_its_promotions_back(market: Any) -> None:
    market.sell(range(20), ALL_ON_DEAL)
    market.sell(range(20), ALL_ON_DEAL, sku="sku2", import_id="imp_2")
    find()
    market.take_back("imp_2")
    counts = find()
    assert counts.gone == 1
    assert [row["product_ids"] for row in stored()] == [["prd_sku1"]]
    assert find().changed == 0


def test_what_people_wrote_survives_finding_and_is_told_when_the_deal_goes(market: Any) -> None:
    market.sell(range(12), ALL_ON_DEAL)
    find()
    [row] = stored()
    store.update(row["_id"], row["version"], {"note": "Spring leaflet"}, "usr_1")
    market.sell(range(12, 13), {name: {12} for name in "abcd"}, import_id="imp_2")
    find()
    assert stored()[0]["note"] == "Spring leaflet"
    market.take_back("imp_1")
    market.take_back("imp_2")
    assert [row["note"] for row in find().touched_by_people] == ["Spring leaflet"]


def test_a_store_that_moves_to_another_chain_takes_its_deals_along_once(market: Any, mongo: Any) -> None:
    market.sell(range(20), {"a": {5, 6}})
    find()
    other = market._customer("cus_other", "OTHER", "banner", None)
    mongo["customers"].update_one({"_id": "cus_a"}, {"$set": {"parent_id": "cus_other", "path": [*other["path"], "cus_a"]}})
    find()
    [row] = stored()
    assert (row["customer_id"], row["level"]) == ("cus_other", "chain")
    assert find().changed == 0


def test_another_unit_cost_asks_for_a_new_analysis(market: Any, mongo: Any) -> None:
    market.sell(range(20), ALL_ON_DEAL)
    find()
    store.set_analysis(stored()[0], {"analysis": {"state": "done"}})
    mongo["products"].update_one({"_id": "prd_sku1"}, {"$set": {"unit_cost": None}})
    assert find().updated == 1
    assert stored()[0]["analysis"]["state"] == "waiting"
