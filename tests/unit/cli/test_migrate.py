"""Migrate knows every store, and tells a missing index from a present one."""

import re
from pathlib import Path
from typing import Any

import app
from app.cli import migrate
from app.core.indexes import missing_indexes, store_modules
from app.core.mongo import Index

_ROOT = Path(app.__file__).parent


def test_every_module_that_declares_indexes_is_found() -> None:
    declaring = {
        ".".join(("app", *path.relative_to(_ROOT).with_suffix("").parts))
        for path in _ROOT.rglob("*.py")
        if re.search(r"^INDEXES\b", path.read_text(), re.MULTILINE)
    }
    assert declaring <= set(store_modules())
    assert len(declaring) >= 5


def test_the_last_line_says_where_the_database_stands() -> None:
    """deploy.sh shows this line alone."""
    step = {"number": 3, "title": "tidy"}
    same = migrate._sentences({"migration": 3, "migrations_applied": [], "indexes_created": []})
    assert same == ["The database is already up to date (migration 3)."]
    both = migrate._sentences({"migration": 3, "migrations_applied": [step], "indexes_created": ["sales: week", "sales: store"]})
    assert both[:2] == ["Applied migration 3: tidy", "Created index on sales: week"]
    assert both[-1] == "The database is now at migration 3: 1 migration applied, 2 indexes created."


class _Collections:
    """Just enough of a database: collections that report their indexes."""

    def __init__(self, **indexes: dict[str, Any]) -> None:
        self._indexes = indexes

    def __getitem__(self, name: str) -> "_Collections":
        return _Collections(**self._indexes.get(name, {}))

    def index_information(self) -> dict[str, Any]:
        return self._indexes


CODE = Index("customers", (("code", 1),), unique=True)
TEXT = Index("customers", (("name", "text"), ("code", "text")))


def test_a_declared_index_that_is_there_is_left_alone() -> None:
    db = _Collections(
        customers={
            "code_1": {"key": [("code", 1)], "unique": True},
            "name_text": {"key": [("_fts", "text"), ("_ftsx", 1)], "weights": {"code": 1, "name": 1}},
        }
    )
    assert missing_indexes(db, [CODE, TEXT]) == []  # type: ignore[arg-type]


def test_an_absent_index_and_one_of_other_uniqueness_are_missing() -> None:
    assert missing_indexes(_Collections(), [CODE]) == [CODE]  # type: ignore[arg-type]
    db = _Collections(customers={"code_1": {"key": [("code", 1)]}})
    assert missing_indexes(db, [CODE]) == [CODE]  # type: ignore[arg-type]
