"""What was done with backups stands in the audit trail, and only the supervisor can write it there."""

from typing import Any

import pytest

from app.access.audit import service as audit
from app.core.internal import HEADER, word_for
from app.core.mongo import Db
from app.core.settings import settings

ENTRY = {
    "id": "20260301T020000-00000000", "at": "2026-03-01T02:00:00+00:00", "who": "Ada", "action": "backup.downloaded",
    "backup": "20260301T020000Z-ab12", "text": "Ada downloads the backup",
}  # fmt: skip


@pytest.fixture
def inside() -> dict[str, str]:
    """The word that the supervisor says."""
    return {HEADER: word_for("audit", settings().secret("redis_password").get_secret_value())}


def test_an_entry_is_part_of_the_unbroken_chain(client: Any, mongo: Db, inside: dict[str, str]) -> None:
    assert client.post("/internal/audit", json=ENTRY, headers=inside).status_code == 204
    (entry,) = mongo["audit"].find({"action": "backup.downloaded"})
    assert (entry["actor"], entry["actor_name"], entry["subject_type"], entry["subject_id"]) == (
        "operator", "Ada", "backup", "20260301T020000Z-ab12",
    )  # fmt: skip
    assert entry["after"]["text"] == "Ada downloads the backup"
    assert audit.verify().ok


@pytest.mark.parametrize(
    "changed", [{"action": "user.created"}, {"action": "backup."}, {"who": "x" * 101}, {"more": 1}, {"at": "?"}]
)
def test_nothing_but_an_entry_about_a_backup_is_taken(client: Any, mongo: Db, inside: dict[str, str], changed: Any) -> None:
    assert client.post("/internal/audit", json=ENTRY | changed, headers=inside).status_code == 422
    assert mongo["audit"].count_documents({}) == 0


@pytest.mark.parametrize("word", ["", word_for("doctor", "x"), word_for("audit", "wrong")])
def test_whoever_does_not_know_the_word_finds_nothing(client: Any, mongo: Db, word: str) -> None:
    assert client.post("/internal/audit", json=ENTRY, headers={HEADER: word}).status_code == 404
    assert mongo["audit"].count_documents({}) == 0


def test_what_nginx_passed_on_finds_nothing(client: Any, inside: dict[str, str]) -> None:
    assert client.post("/internal/audit", json=ENTRY, headers=inside | {"X-Forwarded-For": "1.2.3.4"}).status_code == 404
