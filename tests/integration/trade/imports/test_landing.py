"""Files land, land again without a change, and are taken back exactly."""

from decimal import Decimal
from typing import Any

import pytest

from app.access.models import Principal
from app.core.errors import Conflict, Invalid
from app.core.jobs import Progress
from app.core.mongo import Db
from app.trade.imports import service, store, work
from app.trade.imports.models import Status
from app.worker.run import run_pending
from tests.integration.trade.imports.conftest import Imported, checked, facts

WEEKS = ("S1,A,2024-01-01,10,25.00,2.50,0", "S1,B,2024-01-01,4,8.00,2.00,1", "S2,A,2024-01-08,7,17.50,2.50,0")


@pytest.fixture(autouse=True)
def _known(known: None) -> None:
    """Stores and SKUs exist."""


def revert(person: Principal, import_id: str) -> dict[str, Any]:
    """Take an import back, at once."""
    service.revert(person, import_id)
    run_pending()
    return store.get(import_id)


def test_a_file_lands_as_facts_with_exact_money(imported: Imported, mongo: Db) -> None:
    document = imported(WEEKS)
    assert document["status"] == "landed"
    assert document["landed"] == {"inserted": 3, "replaced": 0, "unchanged": 0}
    fact = mongo["sales"].find_one({"units": 10})
    assert fact is not None
    assert fact["net_revenue"].to_decimal() == Decimal("25.00")
    assert fact["price_paid"].to_decimal() == Decimal("2.50")
    assert fact["period"].isoformat().startswith("2024-01-01")
    assert fact["import_id"] == document["_id"]


def test_totals_of_the_preview_are_those_of_the_rows(person: Principal) -> None:
    document = checked(person, "store,sku,week,units,net revenue\nS1,A,2024-01-03,10,25.00\nS2,A,2024-01-08,-2,-5.5\n")
    assert document["status"] == "validated"
    assert document["totals"]["units"] == "8"
    assert document["totals"]["revenue"] == {"USD": "19.50"}
    assert document["counts"]["customers"] == 2
    assert document["counts"]["negative_rows"] == 1
    assert document["totals"]["from"].isoformat().startswith("2024-01-01")


def test_the_same_file_again_is_the_same_import(imported: Imported, person: Principal) -> None:
    first = imported(WEEKS)
    again = imported(WEEKS)
    assert again["_id"] == first["_id"]
    assert again["already_imported"]


def test_the_same_rows_in_another_file_change_nothing(imported: Imported, mongo: Db) -> None:
    imported(WEEKS)
    before = facts(mongo)
    document = imported(reversed(WEEKS))
    assert document["landed"] == {"inserted": 0, "replaced": 0, "unchanged": 3}
    assert facts(mongo) == before


def test_taking_back_deletes_what_was_new_and_restores_what_was_replaced(
    imported: Imported, person: Principal, mongo: Db
) -> None:
    imported(WEEKS)
    before = facts(mongo)
    second = imported(["S1,A,2024-01-01,99,247.50,2.50,1", "S3,B,2024-01-15,5,10,2,0", WEEKS[2]])
    assert second["landed"] == {"inserted": 1, "replaced": 1, "unchanged": 1}
    assert facts(mongo) != before
    assert revert(person, second["_id"])["status"] == "reverted"
    assert facts(mongo) == before


def test_taking_back_is_refused_while_a_later_import_stands_on_it(imported: Imported, person: Principal, mongo: Db) -> None:
    first = imported(WEEKS)
    second = imported(["S1,A,2024-01-01,99,247.50,2.50,1"])
    before = facts(mongo)
    with pytest.raises(Conflict, match=second["file_name"]):
        service.revert(person, first["_id"])
    assert facts(mongo) == before
    assert store.get(first["_id"])["status"] == "landed"
    revert(person, second["_id"])
    revert(person, first["_id"])
    assert facts(mongo) == []


def test_an_error_in_one_row_lands_nothing_through_the_command(imported: Imported, mongo: Db) -> None:
    with pytest.raises(Invalid, match=r"row 3, sku: Unknown"):
        imported([WEEKS[0], "S1,Z,2024-01-01,10,25.00,2.50,0"])
    assert facts(mongo) == []


def test_rows_with_errors_stay_out_when_the_person_confirms(person: Principal, mongo: Db) -> None:
    text = "store,sku,week,units,net revenue\nS1,A,2024-01-01,10,25.00\nS9,A,2024-01-01,1,2\nS1,A,2024-01-02,5,9\n"
    document = checked(person, text)
    assert document["counts"]["rows"] == 1
    assert document["counts"]["errors"] == 2
    messages = [one["message"] for one in store.all_errors(document["_id"])]
    assert "repeats row 2" in messages[1].lower()
    service.confirm(person, document["_id"])
    run_pending()
    assert store.get(document["_id"])["status"] == "landed"
    assert len(facts(mongo)) == 1


def test_unknown_codes_are_created_when_wished_and_go_again(person: Principal, mongo: Db) -> None:
    text = "store,sku,week,units,net revenue\nNEW,A,2024-01-01,10,25.00\nS1,FRESH,2024-01-01,1,2\n"
    document = checked(person, text, unknown_customers="create", unknown_products="create")
    assert document["counts"]["created_customers"] == document["counts"]["created_products"] == 1
    assert mongo["customers"].find_one({"code": "NEW"}) is None
    service.confirm(person, document["_id"])
    run_pending()
    created = mongo["customers"].find_one({"code": "NEW"})
    assert created is not None
    assert mongo["sales"].count_documents({"customer_id": created["_id"]}) == 1
    revert(person, document["_id"])
    assert mongo["customers"].find_one({"code": "NEW"}) is None
    assert mongo["products"].find_one({"sku": "FRESH"}) is None


def test_a_code_created_meanwhile_by_somebody_else_is_used(person: Principal, mongo: Db) -> None:
    from app.trade.customers.models import CustomerInput
    from app.trade.customers.service import create

    document = checked(person, "store,sku,week,units,net revenue\nNEW,A,2024-01-01,10,25.00\n", unknown_customers="create")
    theirs = create(person, CustomerInput(code="NEW", name="New store"))
    service.confirm(person, document["_id"])
    run_pending()
    assert [fact["customer_id"] for fact in facts(mongo)] == [theirs["_id"]]


def test_an_interrupted_landing_continues_without_counting_twice(
    person: Principal, mongo: Db, imported: Imported, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.trade.imports import checking, landing

    monkeypatch.setattr(checking, "STAGED_ROWS", 2)
    imported(["S1,A,2024-01-01,1,2.50,2.50,0"])
    rows = [f"S{1 + n % 3},{'AB'[n % 2]},2024-{1 + n // 6:02d}-01,{n + 2},{2 * (n + 2)},2,0" for n in range(12)]
    text = "\n".join(["store,sku,week,units,net revenue,price,deal", *rows])
    document = checked(person, text)
    calls = {"left": 3}
    real = landing.sales.insert

    def dies(batch: Any) -> bool:
        calls["left"] -= 1
        if calls["left"] == 0:
            real(batch[:1])
            raise RuntimeError("the worker died")
        return real(batch)

    monkeypatch.setattr(landing.sales, "insert", dies)
    service.confirm(person, document["_id"])
    run_pending()
    stopped = store.get(document["_id"])
    assert stopped["status"] == "landing"
    assert 0 < len(facts(mongo)) < 12
    assert service.interrupted(stopped)
    service.resume(person, document["_id"])
    run_pending()
    landed = store.get(document["_id"])
    assert landed["status"] == "landed"
    assert sum(landed["landed"].values()) == document["counts"]["rows"]
    assert len(facts(mongo)) == document["counts"]["rows"]


def test_an_interrupted_landing_can_be_taken_back(person: Principal, mongo: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.trade.imports import landing

    document = checked(person, "store,sku,week,units,net revenue\nS1,A,2024-01-01,10,25.00\nS1,B,2024-01-01,10,25.00\n")
    real = landing.sales.insert

    def dies(batch: Any) -> bool:
        real(batch[:1])
        raise RuntimeError("the worker died")

    monkeypatch.setattr(landing.sales, "insert", dies)
    service.confirm(person, document["_id"])
    run_pending()
    assert len(facts(mongo)) == 1
    monkeypatch.undo()
    other = checked(person, "store,sku,week,units,net revenue\nS2,A,2024-01-01,10,25.00\n")
    service.confirm(person, other["_id"])
    run_pending()
    assert store.get(other["_id"])["status"] == "validated"  # waits until the interrupted one is settled
    assert "interrupted" in store.get(other["_id"])["failure"]


def test_a_job_that_runs_twice_changes_nothing_the_second_time(imported: Imported, person: Principal, mongo: Db) -> None:
    document = imported(WEEKS)
    before = facts(mongo)
    who = {"user_id": person.user_id, "name": person.name, "email": person.email, "role": person.role.value}
    assert work.land(Progress.unwatched(), document["_id"], who) == {"status": Status.LANDED.value}
    assert facts(mongo) == before


def test_old_files_are_forgotten_and_their_imports_can_still_go_back(imported: Imported, person: Principal, mongo: Db) -> None:
    from datetime import UTC, datetime

    document = imported(WEEKS)
    assert work.forget_uploads(Progress.unwatched()) == {"forgotten": 0}
    mongo["uploads.files"].update_many({}, {"$set": {"uploadDate": datetime(2020, 1, 1, tzinfo=UTC)}})
    assert work.forget_uploads(Progress.unwatched()) == {"forgotten": 1}
    assert mongo["uploads.chunks"].count_documents({}) == 0
    assert revert(person, document["_id"])["status"] == "reverted"
    assert facts(mongo) == []
