"""Which documents are a customer's."""

from collections.abc import Callable
from typing import Any

import bson
import pytest

from app.backup.customer import belongs, family, where
from app.backup.documents import documents
from app.backup.shelf import Backup

NODES: list[dict[str, Any]] = [
    {"_id": "chain", "path": ["chain"]},
    {"_id": "region", "path": ["chain", "region"]},
    {"_id": "store", "path": ["chain", "region", "store"]},
    {"_id": "other", "path": ["other"]},
    {"_id": "bare"},
]


@pytest.mark.parametrize(
    ("customer", "ids"),
    [
        ("chain", {"chain", "region", "store"}),
        ("region", {"region", "store"}),
        ("store", {"store"}),
        ("bare", {"bare"}),
        ("nobody", set()),
    ],
)
def test_a_customer_comes_with_everything_below_it(customer: str, ids: set[str]) -> None:
    assert family(customer, NODES) == ids


@pytest.mark.parametrize(
    ("name", "document", "theirs"),
    [
        ("sales", {"customer_id": "store"}, True),
        ("sales", {"customer_id": "other"}, False),
        ("promotions", {"customer_id": "other", "customer_ids": ["other", "store"]}, True),
        ("plans", {"question": {"customer_ids": ["chain"]}}, True),
        ("plans", {"question": {"customer_ids": ["other"]}}, False),
        ("plans", {"question": "chain"}, False),
        ("customers", {"_id": "region"}, True),
        ("customers", {"_id": "other", "customer_id": "chain"}, False),
        ("products", {"_id": "chain"}, False),
    ],
)
def test_what_names_one_of_them_is_theirs(name: str, document: dict[str, Any], theirs: bool) -> None:
    assert belongs(name, document, family("chain", NODES)) is theirs


def test_the_database_is_asked_the_same() -> None:
    assert where("customers", frozenset({"b", "a"})) == {"_id": {"$in": ["a", "b"]}}
    assert [list(part) for part in where("sales", frozenset({"a"}))["$or"]] == [
        ["customer_id"], ["customer_ids"], ["question.customer_ids"],
    ]  # fmt: skip


def test_documents_come_out_of_the_archive_as_they_are(backup: Callable[..., Backup]) -> None:
    found = [(name, bson.decode(raw)) for name, raw in documents(backup(), {"customers"})]
    assert found == [("customers", {"_id": number, "name": f"Shop {number}"}) for number in range(3)]
    assert list(documents(backup("20260302T020000Z-ab12"), {"empty"})) == []
