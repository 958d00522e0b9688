"""What the audit trail is told about backups, and what it is not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.backup.owed import action_of, owe, owed, paid, refused
from app.backup.records import Record
from app.backup.shelf import Shelf

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "arguments", "ok", "facts", "action"),
    [
        ("restore", ("b",), True, {"safety": "s"}, "backup.restored"),
        ("restore", ("b",), False, {"error": "restore-failed"}, "backup.restore_failed"),
        ("restore", ("b",), False, {"error": "backup-unusable"}, None),
        ("restore", ("b",), False, {"error": "backup-at-work"}, None),
        ("restore", ("b", "--check"), True, {"documents": 1}, None),
        ("settle", (), True, {}, "backup.restore_settled"),
        ("undo", (), True, {}, "backup.restore_undone"),
        ("undo", (), False, {"error": "backup-unusable"}, None),
        ("side", ("b", "side"), True, {}, "backup.restored_beside"),
        ("prune", (), True, {"deleted": ["a"]}, "backup.pruned"),
        ("prune", (), True, {"deleted": []}, None),
        ("backup", (), True, {}, None),
        ("drill", (), False, {"error": "drill-failed"}, None),
    ],
)
def test_what_changed_or_showed_data_is_told(
    kind: str, arguments: tuple[str, ...], ok: bool, facts: dict[str, Any], action: str | None
) -> None:
    assert action_of(Record("1", kind, "Ada", NOW, NOW, ok, "text", "b", facts), arguments) == action


def test_entries_wait_in_their_order_until_they_are_taken(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert owed(shelf) == []
    for number in range(3):
        owe(shelf, NOW, "Ada", "backup.downloaded", f"b{number}", "why")
    first, second, third = owed(shelf)
    assert (first.backup, first.who, first.at) == ("b0", "Ada", NOW)
    paid(shelf, first)
    refused(shelf, second)
    assert owed(shelf) == [third]
