"""What the backend tells the supervisor's doctor, and to whom alone."""

from datetime import timedelta
from typing import Any

import pytest

from app.access.models import Principal, Role
from app.access.users import service as users
from app.core.clock import now
from app.core.indexes import declared_indexes
from app.core.internal import HEADER, word_for
from app.core.mongo import Db, ensure_indexes
from app.core.settings import settings


@pytest.fixture
def inside() -> dict[str, str]:
    """The word that the supervisor says."""
    return {HEADER: word_for("doctor", settings().secret("redis_password").get_secret_value())}


def add(email: str, role: Role = Role.VIEWER, must_change_password: bool = False) -> Any:
    return users.create(
        Principal.system("tests"), email=email, name="Test Person", role=role, password="correct horse battery staple",
        must_change_password=must_change_password,
    )  # fmt: skip


def test_an_appliance_in_order_tells_everything(client: Any, mongo: Db, inside: dict[str, str]) -> None:
    ensure_indexes(mongo, declared_indexes())
    add("admin@example.com", Role.ADMINISTRATOR)
    told = client.get("/internal/doctor", headers=inside).json
    assert told["users"]["administrators"] == 1
    assert told["users"]["unused"] == {"count": 0, "names": []}
    assert told["audit"]["ok"] is True
    assert told["indexes"]["missing"] == []
    assert told["migrations"]["known"] >= 1
    assert told["redis"]["policy"]
    assert told["redis"]["used_memory"] > 0
    assert told["jobs"] == {"waiting": 0, "failed": 0, "titles": []}
    assert told["security"]["user.created"] >= 1
    assert told["totals"] == {"busy": None, "imports": 0, "facts": 0, "differences": [], "count": 0}


def test_accounts_that_nobody_uses_and_first_passwords_are_named(client: Any, mongo: Db, inside: dict[str, str]) -> None:
    add("gone@example.com")
    add("waits@example.com", must_change_password=True)
    add("new@example.com", must_change_password=True)
    long_ago = now() - timedelta(days=120)
    mongo["users"].update_one({"email": "gone@example.com"}, {"$set": {"created_at": long_ago, "last_sign_in_at": long_ago}})
    mongo["users"].update_one({"email": "waits@example.com"}, {"$set": {"created_at": now() - timedelta(days=10)}})
    people = client.get("/internal/doctor", headers=inside).json["users"]
    assert people["unused"] == {"count": 1, "names": ["gone@example.com"]}
    assert people["first_password"] == {"count": 1, "names": ["waits@example.com"]}


@pytest.mark.own_database
def test_a_missing_index_is_named_and_made(client: Any, mongo: Db, inside: dict[str, str]) -> None:
    ensure_indexes(mongo, declared_indexes())
    mongo["users"].drop_index([("email_key", 1)])
    assert client.get("/internal/doctor", headers=inside).json["indexes"]["missing"] == ["users: email_key"]
    assert client.post("/internal/doctor/indexes", headers=inside).json == {"created": 1}
    assert client.get("/internal/doctor", headers=inside).json["indexes"]["missing"] == []


def test_failed_jobs_are_counted(client: Any, redis_client: Any, inside: dict[str, str]) -> None:
    redis_client.hset("job:a", mapping={"state": "failed", "title": "Import of week 12"})
    redis_client.hset("job:b", mapping={"state": "finished", "title": "Import of week 11"})
    assert client.get("/internal/doctor", headers=inside).json["jobs"]["titles"] == ["Import of week 12"]


def test_nobody_else_finds_the_address(client: Any, inside: dict[str, str]) -> None:
    assert client.get("/internal/doctor").status_code == 404
    assert client.get("/internal/doctor", headers={HEADER: "guess"}).status_code == 404
    assert client.get("/internal/doctor", headers={**inside, "X-Real-IP": "192.0.2.1"}).status_code == 404
    assert client.get("/internal/doctor", headers={**inside, "X-Forwarded-For": "192.0.2.1"}).status_code == 404
    assert client.post("/internal/doctor/indexes").status_code == 404
    assert "/internal/doctor" not in client.get("/api/v1/openapi.json").json["paths"]
