"""Copies elsewhere: compared there, sealed when a key is set, and every trouble of the target said in its own words."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from app.backup.errors import OffsiteFailed
from app.backup.manifest import ARCHIVE, FILE
from app.backup.offsite import Elsewhere, copy_out, part_bytes
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


@pytest.mark.parametrize("size", [0, 1, 5 << 20, 48 << 30, 100 * 10**9, 4 * 10**12])
def test_an_upload_of_any_size_has_fewer_parts_than_a_store_takes(size: int) -> None:
    assert part_bytes(size) >= 5 << 20
    assert size / part_bytes(size) <= 9000


def test_rclone_is_told_how_large_the_parts_must_be(
    backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.backup.offsite.part_bytes", lambda _size: 12345)
    noting = tool(tmp_path, RCLONE.replace("case", f'[[ "$*" != *rcat* ]] || echo "$*" >>{tmp_path}/said; case', 1))
    copy_out(backup(), replace(elsewhere, rclone=noting), CLOCK)
    assert all("--s3-chunk-size=12345B" in line for line in (tmp_path / "said").read_text().splitlines())


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


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Path]:
    """rclone's configuration of a remote `there`: an SFTP server of this machine's that keeps its files in `served`."""
    rclone = os.environ["TRADEAI_TEST_RCLONE"]
    (tmp_path / "served").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [rclone, "serve", "sftp", str(tmp_path / "served"), "--addr", f"127.0.0.1:{port}", "--user", "u", "--pass", "p"]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    with subprocess.Popen(serve, stderr=subprocess.DEVNULL, env=environment) as server:
        secret = subprocess.run([rclone, "obscure", "p"], capture_output=True, text=True, check=True).stdout.strip()
        config = tmp_path / "rclone.conf"
        config.write_text(
            f"[there]\ntype = sftp\nhost = 127.0.0.1\nport = {port}\nuser = u\npass = {secret}\nshell_type = none\n"
        )
        pause = threading.Event()
        for _turn in range(100):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            pause.wait(0.1)
        yield config
        server.kill()


@pytest.mark.skipif(not os.environ.get("TRADEAI_TEST_RCLONE"), reason="rclone is in the container's image, not on every machine")
def test_a_copy_over_sftp_is_the_backup(backup: Callable[..., Backup], elsewhere: Elsewhere, tmp_path: Path, sftp: Path) -> None:
    made = backup()
    real = replace(elsewhere, rclone=os.environ["TRADEAI_TEST_RCLONE"], target="there:backups", config=sftp)
    copy_out(made, real, CLOCK)
    for name in (ARCHIVE, FILE):
        assert (tmp_path / "served/backups" / made.id / name).read_bytes() == (made.folder / name).read_bytes()
    sftp.write_text(sftp.read_text().replace("user = u", "user = somebody"))
    with pytest.raises(OffsiteFailed, match="could not be copied to there:backups"):
        copy_out(made, real, CLOCK)
