"""Two databases are compared by count, contents, indexes and options, and each difference is one sentence."""

from app.backup.contents import Collection, differences
from app.backup.indexes import canonical_index

ID = canonical_index({"key": {"_id": 1}, "name": "_id_"})
UNIQUE = canonical_index({"key": {"a": 1, "b": -1}, "name": "a_b", "unique": True})


def test_servers_describe_the_same_index_differently() -> None:
    one = {"v": 2, "key": {"a": 1.0}, "name": "a_1", "unique": False, "ns": "trade.c", "background": True}
    assert canonical_index(one) == canonical_index({"key": {"a": 1}, "name": "a_1", "storageEngine": {"x": 1}})


def test_the_order_of_keys_makes_another_index() -> None:
    assert canonical_index({"key": {"a": 1, "b": 1}, "name": "i"}) != canonical_index({"key": {"b": 1, "a": 1}, "name": "i"})


def test_each_difference_is_said() -> None:
    before = {"a": Collection(1, "1"), "b": Collection(2, "2", (ID, UNIQUE)), "c": Collection(3, "3"), "o": Collection(0, "0")}
    after = {"b": Collection(2, "2", (ID,)), "c": Collection(4, "4"), "d": Collection(0, "0"), "o": Collection(0, "0", (), "{}!")}
    assert differences(before, after) == [
        "Collection a is missing.",
        "Collection d should not be there.",
        "b: missing or different indexes: a_b.",
        "c: 4 documents instead of 3.",
        "o: other options of the collection.",
    ]


def test_equal_is_equal() -> None:
    assert differences({"a": Collection(1, "1")}, {"a": Collection(1, "1")}) == []
