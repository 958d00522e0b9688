"""Bad days of a backup that lies on the disk: each is found, and the message says what happened and what to do."""

import gzip
import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from app.backup.errors import BackupUnusable
from app.backup.fingerprint import fingerprint, strangers
from app.backup.manifest import ARCHIVE, FILE
from app.backup.shelf import Backup, look
from app.backup.verify import check_fits, verify
from tests.unit.backup.conftest import KEYS, archive

Make = Callable[..., Backup]


def test_a_good_backup_is_good(backup: Make) -> None:
    made = backup()
    assert verify(made).documents == 3
    check_fits(verify(made), KEYS.__getitem__, newest_migration=1)


def test_any_flipped_bit_is_found(backup: Make) -> None:
    made = backup()
    whole = made.archive.read_bytes()
    for at in range(0, len(whole), 7):
        made.archive.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(BackupUnusable, match=r"damaged or replaced\. Use another backup"):
            verify(made)


def test_a_truncated_archive_is_found(backup: Make) -> None:
    made = backup()
    made.archive.write_bytes(made.archive.read_bytes()[:-1])
    with pytest.raises(BackupUnusable, match=r"has \d+ bytes instead of \d+: it was cut short or replaced"):
        verify(made)


def test_an_empty_archive_is_found(backup: Make) -> None:
    made = backup()
    made.archive.write_bytes(b"")
    with pytest.raises(BackupUnusable, match="has 0 bytes instead of"):
        verify(made)


def test_a_missing_archive_is_found(backup: Make) -> None:
    made = backup()
    made.archive.unlink()
    with pytest.raises(BackupUnusable, match="has no archive"):
        verify(made)


def test_another_appliances_archive_is_found(backup: Make) -> None:
    made = backup()
    foreign = gzip.compress(archive({"customers": [{"_id": 1, "name": "Theirs"}]}))
    made.archive.write_bytes(foreign)
    with pytest.raises(BackupUnusable, match=r"cut short or replaced|damaged or replaced"):
        verify(made)


def test_another_backups_folder_contents_are_found(backup: Make) -> None:
    one, other = backup("20260301T020000Z-aaaa"), backup("20260302T020000Z-bbbb")
    shutil.copy(one.folder / FILE, other.folder / FILE)
    shutil.copy(one.archive, other.archive)
    with pytest.raises(BackupUnusable, match="belongs to 20260301T020000Z-aaaa"):
        verify(look(other.folder))


@pytest.mark.parametrize(
    ("field", "value"), [("migration", 0), ("size", 1), ("app_version", "9.9"), ("secrets", {}), ("reason", "x")]
)
def test_an_edited_manifest_is_found(backup: Make, field: str, value: Any) -> None:
    made = backup()
    body = json.loads((made.folder / FILE).read_text())
    (made.folder / FILE).write_text(json.dumps(body | {field: value}))
    with pytest.raises(BackupUnusable, match="was changed after it was written"):
        verify(look(made.folder))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}'])
def test_a_manifest_that_is_none_is_found(backup: Make, text: str) -> None:
    made = backup()
    (made.folder / FILE).write_text(text)
    with pytest.raises(BackupUnusable, match="cannot be read"):
        verify(look(made.folder))


def test_a_manifest_that_promises_more_is_found(backup: Make) -> None:
    made = backup()
    more = {name: collection for name, collection in verify(made).collections.items() if name != "empty"}
    shutil.rmtree(made.folder)
    with pytest.raises(BackupUnusable, match="Collection empty should not be there"):
        verify(backup(made.id, collections=more))


def test_wrong_keys_are_refused_by_name(backup: Make) -> None:
    other = KEYS | {"secret_key": "another"}
    with pytest.raises(BackupUnusable, match=r"made with other keys \(secret_key\). Put the .env that belongs to it in place"):
        check_fits(verify(backup()), other.__getitem__, newest_migration=1)


def test_a_rotation_of_signing_keys_spoils_no_backup() -> None:
    recorded = fingerprint(KEYS.__getitem__)
    assert "jwt_keys" not in recorded
    by_an_older_version = recorded | {"jwt_keys": "0" * 64}
    assert strangers(by_an_older_version, KEYS.__getitem__) == []


def test_a_newer_schema_is_refused(backup: Make) -> None:
    with pytest.raises(BackupUnusable, match=r"newer version \(migration 5, this one knows 1\). Update first"):
        check_fits(verify(backup(migration=5)), KEYS.__getitem__, newest_migration=1)


def test_the_keys_themselves_are_nowhere_in_the_backup(backup: Make) -> None:
    made = backup()
    for path in (made.folder / FILE, made.folder / ARCHIVE):
        assert not any(value.encode() in path.read_bytes() for value in KEYS.values())
