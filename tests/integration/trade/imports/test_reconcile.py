"""The reconciler on real imports: landing, replacing and taking back agree; what was changed past the application does not."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128

from app.access.models import Principal
from app.core.mongo import Db
from app.trade.imports import service, store
from app.trade.imports.models import Status
from app.trade.imports.reconcile import reconcile
from app.worker.run import run_pending
from tests.integration.trade.imports.conftest import Imported

FIRST = ("S1,A,2024-01-01,10,25.00,2.50,0", "S1,B,2024-01-01,4,8.10,2.03,1", "S2,A,2024-01-08,7,17.50,2.50,0")
LATER = ("S1,A,2024-01-01,11,27.50,2.50,0", "S3,A,2024-01-08,2,5.00,2.50,0")


@pytest.fixture(autouse=True)
def _known(known: None) -> None:
    """Stores and SKUs exist."""


def found(count: int = 0) -> dict[str, Any]:
    told = reconcile()
    assert told["count"] == count, told
    return told


def test_imports_that_replace_and_are_taken_back_agree_at_every_step(imported: Imported, person: Principal) -> None:
    assert found()["imports"] == 0
    imported(FIRST)
    assert (found()["imports"], found()["facts"]) == (1, 3)
    later = imported(LATER)
    assert (found()["imports"], found()["facts"]) == (2, 4)
    service.revert(person, later["_id"])
    run_pending()
    assert (found()["imports"], found()["facts"]) == (1, 3)


def test_a_fact_that_was_deleted_changed_or_added_by_hand_is_named(imported: Imported, mongo: Db) -> None:
    imported(FIRST)
    fact = mongo["sales"].find_one({"units": 4})
    assert fact is not None
    mongo["sales"].update_one({"_id": fact["_id"]}, {"$set": {"net_revenue": Decimal128("80.10")}})
    assert "revenue of 122.60 USD, 50.60 was imported" in found(1)["differences"][0]
    mongo["sales"].delete_one({"_id": fact["_id"]})
    assert "2 facts are in the data, 3 should be" in found(1)["differences"][0]
    mongo["sales"].insert_one({**fact, "import_id": "imp_nobody"})
    assert "imp_nobody" in found(2)["differences"][1]


def test_while_an_import_is_at_work_nothing_is_said(imported: Imported, person: Principal) -> None:
    document = imported(FIRST)
    store.move(document["_id"], [Status.LANDED], Status.REVERTING, {}, person.user_id)
    assert found()["busy"] == document["file_name"]
