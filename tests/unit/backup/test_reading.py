"""A drill's second backend: when it is asked, and what its answers mean."""

import json

import pytest
from pydantic import SecretStr

from app.backup.errors import DrillFailed
from app.backup.manifest import Manifest
from app.backup.reading import PATHS, SecondBackend, free_memory_mb, judged
from app.backup.server import Server
from tests.unit.backup.conftest import KEYS, MOMENT

NOWHERE = Server("127.0.0.1", 1, "backup", SecretStr("x"))
GOOD = dict.fromkeys(PATHS, 200)


def manifest(migration: int = 3) -> Manifest:
    return Manifest("b", "hand", "trade", MOMENT, MOMENT, 1, "", {}, migration, "", "", "", {})


def said(found: dict[str, int]) -> str:
    return f"something else\nRESULT {json.dumps(found)}\n"


def test_good_answers_are_told() -> None:
    assert judged(0, said(GOOD), "") == "A second backend read it for a signed-in administrator: 3 answers."


@pytest.mark.parametrize("status", [401, 500, 503])
def test_any_other_answer_fails_the_drill(status: int) -> None:
    with pytest.raises(DrillFailed, match=rf"answers /api/v1/sales\?limit=1 with {status}"):
        judged(0, said(GOOD | {"/api/v1/sales?limit=1": status}), "")


def test_a_backend_that_does_not_start_fails_it_with_its_last_words() -> None:
    with pytest.raises(DrillFailed, match="could not be started with the restored data: ValueError: no"):
        judged(1, "", "Traceback\nValueError: no\n\n")


def test_one_that_was_killed_for_its_memory_or_has_nobody_to_ask_proves_nothing() -> None:
    assert "not enough memory" in judged(-9, "", "")
    assert "nobody in it is an active administrator" in judged(0, said({}), "")


def test_a_backup_of_an_older_version_is_not_read() -> None:
    assert "older version" in SecondBackend(KEYS.__getitem__, 4).read(NOWHERE, manifest(3))


def test_without_memory_it_is_not_even_tried() -> None:
    assert "less than 400 MB free" in SecondBackend(KEYS.__getitem__, 3, lambda: 399).read(NOWHERE, manifest())
    assert free_memory_mb("MemTotal: 9 kB\nMemAvailable:  2048000 kB\n") == 2000


@pytest.mark.slow
def test_a_database_that_does_not_answer_fails_it() -> None:
    """The real process, with nothing behind it."""
    with pytest.raises(DrillFailed, match=r"could not be started with the restored data: .*ServerSelectionTimeoutError"):
        SecondBackend((KEYS | {"jwt_keys": "{}"}).__getitem__, 3, lambda: 1000).read(NOWHERE, manifest())
