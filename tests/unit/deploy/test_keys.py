"""deploy.sh --rotate-keys: a new key signs, the one before still verifies, and an interruption loses no key that is in use."""

from pathlib import Path

import pytest

from app.access.keys import KeyRing, parse
from tests.unit.deploy.conftest import Bash

pytestmark = pytest.mark.slow  # real processes are started here

# One run of the phase as far as keys go, then everything started.
WRITE = "CONTAINER_USER=$(id -u); SECRET_NAMES=(jwt_keys); rotate_keys; fill_secrets; write_secret_files"
START = "; compose() { :; }; show_progress() { :; }; phase_start"


def _ring(folder: Path) -> KeyRing:
    """What .env holds, which must be what the containers get."""
    line = next(line for line in (folder / ".env").read_text().splitlines() if line.startswith("JWT_KEYS="))
    return parse(line.removeprefix("JWT_KEYS=").strip("'"))


@pytest.fixture
def deployed(bash: Bash, tmp_path: Path) -> KeyRing:
    """An installation with its first keys; the ring."""
    (tmp_path / ".env").write_text("A=1\nJWT_KEYS=\nB=2\n")
    done = bash(f"ROTATE_KEYS=''; {WRITE}")
    assert done.returncode == 0, done.stderr
    return _ring(tmp_path)


def _rotate(bash: Bash, *, start: bool = True) -> str:
    done = bash(f"ROTATE_KEYS=1; {WRITE}{START if start else ''}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_generated_signing_keys_are_what_the_app_reads(bash: Bash) -> None:
    ring = parse(bash("random_keys k1").stdout)
    assert ring.current == "k1"
    assert len(ring.keys["k1"]) == 48


def test_without_the_option_keys_stay(bash: Bash, deployed: KeyRing, tmp_path: Path) -> None:
    bash(f"ROTATE_KEYS=''; {WRITE}")
    assert _ring(tmp_path) == deployed


def test_two_rotations_keep_the_key_before_and_drop_the_one_before_that(bash: Bash, deployed: KeyRing, tmp_path: Path) -> None:
    _rotate(bash)
    first = _ring(tmp_path)
    assert set(first.keys) == {deployed.current, first.current}
    assert first.current != deployed.current
    assert first.keys[deployed.current] == deployed.keys[deployed.current]
    _rotate(bash)
    second = _ring(tmp_path)
    assert set(second.keys) == {first.current, second.current}
    assert second.keys[first.current] == first.keys[first.current]
    assert len({*deployed.keys.values(), *first.keys.values(), *second.keys.values()}) == 3
    assert parse((tmp_path / "secrets/jwt_keys").read_text()) == second
    assert (tmp_path / "secrets/jwt_keys").stat().st_mode & 0o777 == 0o400
    assert (tmp_path / ".env").read_text().splitlines()[::2] == ["A=1", "B=2"]


def test_a_run_that_was_interrupted_is_completed_without_another_rotation(bash: Bash, deployed: KeyRing, tmp_path: Path) -> None:
    _rotate(bash, start=False)
    rotated = _ring(tmp_path)
    assert "rotates nothing" in _rotate(bash, start=False)
    assert _ring(tmp_path) == rotated
    assert deployed.current in rotated.keys, "the containers still sign with it"


def test_containers_are_made_anew_until_a_run_has_done_it(bash: Bash, deployed: KeyRing) -> None:
    run = f": >$STATE/log; {WRITE}{START}; cat $STATE/log"
    assert "--force-recreate" not in bash(f"ROTATE_KEYS=''; {run}").stdout
    _rotate(bash, start=False)
    assert "--force-recreate" in bash(f"ROTATE_KEYS=''; {run}").stdout
    assert "--force-recreate" not in bash(f"ROTATE_KEYS=''; {run}").stdout


def test_keys_written_by_hand_are_read_with_their_spaces(bash: Bash, deployed: KeyRing, tmp_path: Path) -> None:
    key = "QUJD" * 12
    ring = f'{{"keys": {{ "k.1" : "{key}", "k21": "{key[::-1]}" }}, "current" : "k.1"}}'
    (tmp_path / ".env").write_text(f"JWT_KEYS='{ring}'\n")
    bash(f"ROTATE_KEYS=''; {WRITE}{START}")
    _rotate(bash)
    rotated = _ring(tmp_path)
    assert set(rotated.keys) == {"k.1", rotated.current}
    assert rotated.keys["k.1"] == parse(ring).keys["k.1"]


def test_what_cannot_be_read_is_refused_before_anything_changes(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('JWT_KEYS=\'{"current": "k1"}\'\n')
    done = bash("ROTATE_KEYS=1; plan_keys")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "JWT_KEYS in .env cannot be read" in done.stderr
