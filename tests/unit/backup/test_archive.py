"""The archive is read as it flows by, whatever the sizes of the pieces, and is never taken for whole when it is not."""

import random
from typing import Any

import pytest

from app.backup.archive import ArchiveReader
from app.backup.contents import Contents, differences
from app.backup.errors import BackupUnusable
from tests.unit.backup.conftest import archive

CUSTOMERS = [{"_id": number, "name": f"Shop {number}", "notes": "x" * number} for number in range(50)]
PRODUCTS: list[dict[str, Any]] = [{"_id": f"p{number}"} for number in range(7)]


def read(raw: bytes, piece: int = 1 << 20) -> Contents:
    reader = ArchiveReader()
    for at in range(0, len(raw), piece):
        reader.feed(raw[at : at + piece])
    return reader.finish()


@pytest.mark.parametrize("piece", [1, 3, 17, 1000])
def test_pieces_of_any_size_give_the_same(piece: int) -> None:
    raw = archive({"customers": CUSTOMERS, "products": PRODUCTS})
    assert read(raw, piece) == read(raw)


def test_every_collection_is_counted_even_an_empty_one() -> None:
    found = read(archive({"customers": CUSTOMERS, "products": PRODUCTS, "empty": []}))
    assert {name: collection.count for name, collection in found.items()} == {"customers": 50, "products": 7, "empty": 0}


def test_the_order_of_documents_does_not_matter() -> None:
    shuffled = random.Random(1).sample(CUSTOMERS, len(CUSTOMERS))
    assert read(archive({"customers": shuffled}, block=9)) == read(archive({"customers": CUSTOMERS}))


@pytest.mark.parametrize("change", [{"name": "Shop 8 "}, {"name": 8}, {"more": None}])
def test_one_changed_field_shows(change: dict[str, Any]) -> None:
    changed = [document | change if document["_id"] == 8 else document for document in CUSTOMERS]
    found = differences(read(archive({"customers": CUSTOMERS})), read(archive({"customers": changed})))
    assert found == ["customers: as many documents, but other contents."]


def test_two_documents_swapping_a_value_show() -> None:
    one, other = [{"_id": 1, "v": "a"}, {"_id": 2, "v": "b"}], [{"_id": 1, "v": "b"}, {"_id": 2, "v": "a"}]
    assert differences(read(archive({"c": one})), read(archive({"c": other})))


def test_an_archive_cut_anywhere_is_never_whole() -> None:
    raw = archive({"customers": CUSTOMERS[:3], "products": PRODUCTS[:2]})
    for length in range(len(raw)):
        with pytest.raises(BackupUnusable):
            read(raw[:length])


def test_something_else_is_refused_at_once() -> None:
    with pytest.raises(BackupUnusable, match="not an archive of mongodump"):
        read(b"\x1f\x8b a gzip file in a gzip file")


def test_a_length_that_cannot_be_is_damage() -> None:
    raw = bytearray(archive({"customers": CUSTOMERS[:3]}))
    at = raw.index(b"Shop 1") - 30
    with pytest.raises(BackupUnusable):
        read(bytes(raw[:at]) + b"\x00\x00\x00\x7f" * 8 + bytes(raw[at:]))
