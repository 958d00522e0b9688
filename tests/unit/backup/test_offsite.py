"""Copies elsewhere: compared there, sealed when a key is set, and every trouble of the target said in its own words."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from app.backup.errors import OffsiteFailed
from app.backup.manifest import ARCHIVE, FILE
from app.backup.offsite import Elsewhere, copy_out
from app.backup.shelf import COPIED, Backup
from app.core.clock import FixedClock

CLOCK = FixedClock(datetime(2026, 3, 1, 2, 0, tzinfo=UTC))
# rclone as far as it is used: `rcat PATH` stores standard input, `cat PATH` gives it back.
RCLONE = """#!/bin/bash
path=${@: -1} verb=${@: -2:1}
case $verb in
    rcat) mkdir -p "$(dirname "$path")" && cat >"$path" ;;
    cat) cat "$path" ;;
esac
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """A folder as the target."""
    return Elsewhere(str(tmp_path / "away"), "", tmp_path / "none.conf", tool(tmp_path, RCLONE))


def tool(folder: Path, script: str) -> str:
    path = folder / f"rclone-{len(list(folder.glob('rclone-*')))}"
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


def test_a_copy_is_the_backup_and_the_record_of_it_lies_beside_it(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    made = backup()
    copy_out(made, elsewhere, CLOCK)
    for name in (ARCHIVE, FILE):
        assert (tmp_path / "away" / made.id / name).read_bytes() == (made.folder / name).read_bytes()
    stored = json.loads((made.folder / COPIED).read_text())
    assert (stored["target"], stored["sealed"], set(stored["files"])) == (elsewhere.target, False, {ARCHIVE, FILE})


def test_a_sealed_copy_opens_with_the_recovery_key_alone(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    made, key, other = backup(), pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    copy_out(made, replace(elsewhere, recipient=str(key.to_public())), CLOCK)
    folder = tmp_path / "away" / made.id
    assert {path.name for path in folder.iterdir()} == {f"{ARCHIVE}.age", f"{FILE}.age"}
    sealed = (folder / f"{ARCHIVE}.age").read_bytes()
    assert pyrage.decrypt(sealed, [key]) == made.archive.read_bytes()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [other])


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            'cat >/dev/null; echo "ERROR : connection refused" >&2; exit 1',
            "could not be copied to .*: ERROR : connection refused",
        ),
        ('echo "ERROR : 403 AccessDenied" >&2; exit 1', "could not be copied to .*: ERROR : 403 AccessDenied"),
        ("kill -9 $$", "could not be copied to .*: it was killed"),
        ('case "$*" in *rcat*) cat >/dev/null ;; *) echo other ;; esac', "is not what was sent. The local backup is whole"),
        (
            'case "$*" in *rcat*) cat >/dev/null ;; *) echo "ERROR : gone" >&2; exit 3 ;; esac',
            "could not be read back: ERROR : gone",
        ),
    ],
)
def test_a_target_that_is_down_refuses_or_lies_fails_the_copy_and_nothing_else(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path, script: str, sentence: str
) -> None:
    made = backup()
    with pytest.raises(OffsiteFailed, match=sentence):
        copy_out(made, replace(elsewhere, rclone=tool(tmp_path, f"#!/bin/bash\n{script}\n")), CLOCK)
    assert not (made.folder / COPIED).exists()
    assert made.archive.is_file()


@pytest.mark.parametrize(
    "script",
    ["cat >/dev/null; exec sleep 60", "exec sleep 60", 'case "$*" in *rcat*) cat >/dev/null ;; *) exec sleep 60 ;; esac'],
)
def test_a_target_that_trickles_is_given_up(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path, script: str
) -> None:
    made = backup()
    slow = replace(elsewhere, rclone=tool(tmp_path, f"#!/bin/bash\n{script}\n"), grace_seconds=0.3)
    with pytest.raises(OffsiteFailed, match=r"The target is too slow: .* it was given up. The local backup is whole"):
        copy_out(made, slow, CLOCK)
    assert not (made.folder / COPIED).exists()


def test_a_target_that_fails_leaves_no_manifest_there(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    made = backup()
    broken = tool(tmp_path, RCLONE.replace("cat) cat", "cat) [[ $path != *archive* ]] || exit 1; cat"))
    with pytest.raises(OffsiteFailed):
        copy_out(made, replace(elsewhere, rclone=broken), CLOCK)
    assert not list((tmp_path / "away" / made.id).glob("manifest*"))


def test_a_key_that_is_none_is_refused_before_anything_leaves(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    with pytest.raises(OffsiteFailed, match=r"BACKUP_OFFSITE_RECIPIENT is no age public key \(age1...\). Nothing was copied"):
        copy_out(backup(), replace(elsewhere, recipient="age1nonsense"), CLOCK)
    assert not (tmp_path / "away").exists()


def test_without_rclone_it_says_where_to_run_it(backup: Callable[..., Backup], elsewhere: Elsewhere) -> None:
    with pytest.raises(OffsiteFailed, match="rclone is not installed here"):
        copy_out(backup(), replace(elsewhere, rclone="no-such-rclone"), CLOCK)


@pytest.mark.skipif(not os.environ.get("TRADEAI_TEST_RCLONE"), reason="rclone is in the container's image, not on every machine")
def test_the_real_rclone_does_what_the_played_one_does(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    made, key = backup(), pyrage.x25519.Identity.generate()
    real = replace(elsewhere, rclone=os.environ["TRADEAI_TEST_RCLONE"], recipient=str(key.to_public()))
    copy_out(made, real, CLOCK)
    assert pyrage.decrypt((tmp_path / "away" / made.id / f"{ARCHIVE}.age").read_bytes(), [key]) == made.archive.read_bytes()
    with pytest.raises(OffsiteFailed, match="could not be copied to nowhere:x"):
        copy_out(made, replace(real, target="nowhere:x"), CLOCK)
