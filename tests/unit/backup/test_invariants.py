"""What restored data must fulfil, and what a dump taken while others write may leave open."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.backup.invariants import Restored, contradiction, is_settled, most_facts

SINCE = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
BEFORE, AFTER = SINCE - timedelta(hours=1), SINCE + timedelta(seconds=1)
LANDED = {
    "_id": "i",
    "file_name": "march.csv",
    "status": "landed",
    "updated_at": BEFORE,
    "landed": {"inserted": 1, "replaced": 1},
}


class Found(list[dict[str, Any]]):
    """What a question gives."""

    def sort(self, *_order: Any) -> "Found":  # type: ignore[override]
        return self


class Documents:
    """A collection, as far as it is asked."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self._all = documents

    def find(self, where: dict[str, Any] | None = None, *_fields: Any) -> Found:
        return Found(one for one in self._all if all(one.get(name) == value for name, value in (where or {}).items()))

    def find_one(self, where: dict[str, Any]) -> dict[str, Any] | None:
        return next(iter(self.find(where)), None)

    def aggregate(self, stages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        field = stages[0]["$group"]["_id"].removeprefix("$")
        for value in {one.get(field) for one in self._all}:
            yield {"_id": value, "count": len(self.find({field: value}))}


class Database(dict[str, Documents]):
    """Collections by name; one that is not there is empty."""

    def __missing__(self, name: str) -> Documents:
        return Documents([])

    def list_collection_names(self) -> list[str]:
        return list(self)


def said(prefix: str = "", **collections: list[dict[str, Any]]) -> str:
    whole: dict[str, list[dict[str, Any]]] = {"customers": [{"_id": "c"}], "products": [{"_id": "p"}], "imports": [LANDED]}
    db = Database({prefix + name: Documents(documents) for name, documents in (whole | collections).items()})
    return contradiction(Restored(db, SINCE, prefix))  # type: ignore[arg-type]


def fact(customer: str = "c", product: str = "p", source: str | None = "i") -> dict[str, Any]:
    return {"customer_id": customer, "product_id": product, "import_id": source}


@pytest.mark.parametrize("prefix", ["", "restoring_"])
def test_ledgers_that_add_up(prefix: str) -> None:
    assert said(prefix, sales=[fact(), fact()], promotions=[{"_id": 1, "customer_id": "c", "updated_at": BEFORE}]) == ""
    assert said(prefix) == ""


@pytest.mark.parametrize(
    ("sold", "sentence"),
    [
        (fact(customer="x"), "sales of x, which is not among the customers"),
        (fact(product="x"), "sales of x, which is not among the products"),
        (fact(customer="x", source=None), "sales of x, which is not among the customers"),
    ],
)
def test_a_fact_of_nobody(sold: dict[str, Any], sentence: str) -> None:
    assert said(sales=[fact(), sold]) == sentence
    assert said("restoring_", sales=[fact(), sold]) == sentence


@pytest.mark.parametrize("source", [[], [LANDED | {"status": "landing"}], [LANDED | {"updated_at": AFTER}]])
def test_a_fact_whose_import_was_under_way_while_the_dump_was_made_proves_nothing(source: list[dict[str, Any]]) -> None:
    assert said(sales=[fact(customer="x")], imports=source) == ""


def test_an_import_with_more_facts_than_it_landed() -> None:
    assert said(sales=[fact()] * 3) == "the import march.csv landed 2 sales and has 3"
    assert said(sales=[fact()] * 3, imports=[LANDED | {"updated_at": AFTER}]) == ""


@pytest.mark.parametrize(("at", "sentence"), [(BEFORE, "the promotion 1 is of x, which is not among the customers"), (AFTER, "")])
def test_a_promotion_of_nobody(at: datetime, sentence: str) -> None:
    assert said(promotions=[{"_id": 1, "customer_id": "x", "updated_at": at}]) == sentence


def test_a_torn_trail_is_told_first() -> None:
    torn = [{"_id": 1, "prev": "0" * 64, "hash": "f" * 64, "action": "forged"}]
    assert said(audit=torn, sales=[fact(customer="x")]).startswith("audit trail: ")


def test_a_database_without_customers_refers_to_none() -> None:
    db = Database({"sales": Documents([fact()])})
    assert contradiction(Restored(db, SINCE)) == ""  # type: ignore[arg-type]


def test_what_an_import_says_of_itself() -> None:
    assert is_settled(LANDED, SINCE)
    assert not is_settled(None, SINCE)
    assert most_facts(LANDED) == 2
    assert most_facts({"landed": {}}) is None
