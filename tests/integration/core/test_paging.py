"""Pages over a real database: read one after another they are the whole list, each row once."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128

from app.core.mongo import Db
from app.core.paging import PageRequest, find_page

SORTABLE = {"name": "name", "roi": "roi", "at": "at", "id": "_id", "owner": "who.name"}


@pytest.fixture
def rows(mongo: Db) -> list[dict[str, Any]]:
    """Rows with many equal values and many missing ones."""
    chance = random.Random(7)
    made = [
        {
            "_id": f"row_{number:03}",
            "name": chance.choice(["a", "b", "Ä", "", "zz"]),
            "roi": chance.choice([None, Decimal128("0.50"), Decimal128("-1.25"), Decimal128(Decimal(number))]),
            "at": datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=chance.randint(0, 5)),
            "who": {"name": chance.choice(["x", "y", None])},
        }
        for number in range(60)
    ]
    mongo.rows.insert_many(made)
    return made


@pytest.mark.parametrize("sort", [sign + name for name in SORTABLE for sign in ("", "-")])
def test_pages_are_the_whole_list_in_order(mongo: Db, rows: list[dict[str, Any]], sort: str) -> None:
    field, direction = SORTABLE[sort.removeprefix("-")], -1 if sort.startswith("-") else 1
    order = [(field, direction)] if field == "_id" else [(field, direction), ("_id", direction)]
    expected = [row["_id"] for row in mongo.rows.find().sort(order)]
    seen, cursor = [], None
    while True:
        page = find_page(mongo.rows, {}, PageRequest(sort, limit=7, cursor=cursor), SORTABLE)
        assert page.total == 60
        seen += [row["_id"] for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == expected


def test_rows_that_come_and_go_move_nobody_else(mongo: Db, rows: list[dict[str, Any]]) -> None:
    first = find_page(mongo.rows, {}, PageRequest("id", limit=10), SORTABLE)
    mongo.rows.delete_one({"_id": "row_003"})
    mongo.rows.insert_one({"_id": "row_0005", "name": "new"})
    second = find_page(mongo.rows, {}, PageRequest("id", limit=10, cursor=first.next_cursor), SORTABLE)
    assert [row["_id"] for row in second.items] == [f"row_{number:03}" for number in range(10, 20)]


def test_the_filter_and_the_projection_hold_on_every_page(mongo: Db, rows: list[dict[str, Any]]) -> None:
    where = {"$or": [{"name": "a"}, {"name": "b"}]}
    cursor, names = None, []
    while True:
        page = find_page(mongo.rows, where, PageRequest("-name", limit=5, cursor=cursor), SORTABLE, {"name": 1}, count=False)
        assert page.total is None
        names += [row["name"] for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == sorted((row["name"] for row in rows if row["name"] in {"a", "b"}), reverse=True)
