"""Customers and products come in by file, as a tree, and can be taken back."""

from typing import Any

import pytest

from app.access.models import Principal
from app.core.errors import Conflict, Invalid
from app.core.mongo import Db
from app.trade.customers import service as customers
from app.trade.customers.models import CustomerChange
from app.trade.imports import service, store
from app.trade.imports.models import Kind
from app.worker.run import run_pending
from tests.integration.trade.imports.conftest import Imported, checked

HEADER = "code,name,level,parent code,channel,attributes.size"
TREE = ("S1,Store one,store,R1,grocery,1.5", "R1,North,region,N1,,", "N1,Chain,national,,,")


def tree(mongo: Db) -> dict[str, Any]:
    """Customers by code, without moments."""
    return {node["code"]: node for node in mongo["customers"].find()}


def test_parents_may_come_after_their_children(imported: Imported, mongo: Db) -> None:
    document = imported(TREE, header=HEADER, kind=Kind.CUSTOMERS)
    assert document["landed"] == {"inserted": 3, "replaced": 0, "unchanged": 0}
    nodes = tree(mongo)
    assert nodes["S1"]["path"] == [nodes["N1"]["_id"], nodes["R1"]["_id"], nodes["S1"]["_id"]]
    assert nodes["S1"]["attributes"] == {"size": 1.5}
    assert nodes["S1"]["channel"] == "grocery"


def test_importing_again_changes_only_what_differs_and_goes_back(imported: Imported, person: Principal, mongo: Db) -> None:
    imported(TREE, header=HEADER, kind=Kind.CUSTOMERS)
    before = tree(mongo)
    rows = ["S1,Store 1,store,N1,grocery,1.5", "R1,North,region,N1,,", "S2,New,store,R1,,"]
    document = imported(rows, header=HEADER, kind=Kind.CUSTOMERS)
    assert document["landed"] == {"inserted": 1, "replaced": 1, "unchanged": 1}
    nodes = tree(mongo)
    assert nodes["S1"]["name"] == "Store 1"
    assert nodes["S1"]["path"] == [nodes["N1"]["_id"], nodes["S1"]["_id"]]
    assert nodes["S1"]["version"] == 2
    service.revert(person, document["_id"])
    run_pending()
    assert store.get(document["_id"])["status"] == "reverted"
    assert tree(mongo) == before


def test_taking_back_is_refused_when_a_person_changed_something_since(imported: Imported, person: Principal, mongo: Db) -> None:
    document = imported(TREE, header=HEADER, kind=Kind.CUSTOMERS)
    node = tree(mongo)["S1"]
    customers.change(person, node["_id"], CustomerChange(name="Renamed", version=1))
    with pytest.raises(Conflict, match="Renamed was changed since"):
        service.revert(person, document["_id"])
    assert len(tree(mongo)) == 3


def test_taking_back_is_refused_when_what_was_created_has_sales(imported: Imported, person: Principal, known: None) -> None:
    document = imported(["S9,Nine,store,,,"], header=HEADER, kind=Kind.CUSTOMERS)
    imported(["S9,A,2024-01-01,1,2,2,0"])
    with pytest.raises(Conflict, match="Nine has sales"):
        service.revert(person, document["_id"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["S1,One,store,S2,,", "S2,Two,store,,,"], "cannot stand below"),
        (["S1,One,store,S1,,"], "own parent"),
        (["S1,One,store,NOWHERE,,"], "neither stored nor in this file"),
        (["S1,One,shop,,,"], "national, banner, region, store"),
        (["S1,One,store,,,", "S1,Two,store,,,"], "Repeats row 2"),
        ([",One,store,,,"], "Empty"),
        (["S1,One,store,N1,,", "N1,Chain,planet,,,"], "own row 3 has an error"),
    ],
)
def test_a_file_that_breaks_the_tree_is_refused_as_a_whole(
    rows: list[str], message: str, imported: Imported, person: Principal, mongo: Db
) -> None:
    with pytest.raises(Invalid, match="nothing was imported"):
        imported(rows, header=HEADER, kind=Kind.CUSTOMERS)
    document = store.last({})
    assert document is not None
    assert any(message in one["message"] for one in store.all_errors(document["_id"]))
    assert tree(mongo) == {}


def test_what_changed_since_the_check_is_not_overwritten(imported: Imported, person: Principal, mongo: Db) -> None:
    imported(TREE, header=HEADER, kind=Kind.CUSTOMERS)
    document = checked(person, f"{HEADER}\nS1,From the file,store,R1,,\n", "again.csv", Kind.CUSTOMERS)
    customers.change(person, tree(mongo)["S1"]["_id"], CustomerChange(name="By hand", version=1))
    service.confirm(person, document["_id"])
    run_pending()
    after = store.get(document["_id"])
    assert after["status"] == "mapping"
    assert "S1 changed since the file was checked" in after["failure"]
    assert tree(mongo)["S1"]["name"] == "By hand"
    assert store.claim("somebody else") is None


def test_products_keep_exact_costs(imported: Imported, mongo: Db) -> None:
    header = "sku,name,level,parent sku,pack size,pack unit,unit cost,unit cost basis"
    imported(["J,Juice,brand,,,,,", "J-64,Juice 64,sku,J,64,oz,1.1025,assumed"], header=header, kind=Kind.PRODUCTS)
    product = mongo["products"].find_one({"sku": "J-64"})
    assert product is not None
    assert str(product["unit_cost"]) == "1.1025"
    assert product["unit_cost_basis"] == "assumed"
    assert len(product["path"]) == 2
