"""The audit trail on a real database: many writers at once, and every way of touching it shows."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymongo
import pytest

from app.access.audit import service, store
from app.access.models import Permission, Principal, Role
from app.core.errors import Forbidden
from app.core.paging import PageRequest

WHO = Principal.system("tests")


def write(count: int, who: str = "tests") -> None:
    for number in range(count):
        service.record(Principal.system(who), "thing.changed", "thing", f"thing-{number}", {"n": number}, {"n": number + 1})


@pytest.fixture
def chain(mongo: Any, redis_client: Any) -> Any:
    """A chain of ten entries."""
    write(10)
    assert service.verify().ok
    return mongo.audit


def test_threads_writing_at_once_make_one_unbroken_chain(mongo: Any, redis_client: Any) -> None:
    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(write, 10, f"thread-{number}") for number in range(16)]:
            done.result()
    found = service.verify()
    assert found.ok, found.reason
    assert found.entries == 160
    assert [entry["_id"] for entry in mongo.audit.find().sort("_id", 1)] == list(range(1, 161))


def _writer(url: str, database: str, name: str, ready: Any) -> None:
    """A process of its own, so that no lock within a process can be what keeps the chain whole."""
    from app.access.audit import chain
    from app.core import mongo as mongo_module

    client: Any = pymongo.MongoClient(url, retryWrites=False, tz_aware=True)
    mongo_module.database.cache_clear()
    mongo_module.connect = lambda _config: client[database]
    chain._anchor = lambda _link: None
    ready.wait(120)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, 10, name) for _ in range(4)]:
            done.result()


def test_processes_writing_at_once_make_one_unbroken_chain(mongo: Any, redis_client: Any) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    url = os.environ["TRADEAI_TEST_MONGO_URL"]
    writers = [context.Process(target=_writer, args=(url, mongo.name, f"process-{n}", ready)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(180)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    found = service.verify()
    assert found.ok, found.reason
    assert found.entries == 120
    assert mongo.audit.distinct("actor") == [f"system:process-{n}" for n in range(3)]


def test_a_changed_entry_is_named(chain: Any) -> None:
    chain.update_one({"_id": 4}, {"$set": {"after.n": 99}})
    found = service.verify()
    assert (found.ok, found.broken_at, found.entries) == (False, 4, 3)
    assert "entry 4 was changed" in str(found.reason)


def test_a_changed_entry_with_a_new_hash_breaks_the_next(chain: Any) -> None:
    from app.access.audit.rules import digest

    entry = chain.find_one({"_id": 4})
    entry["actor"] = "usr_somebody_else"
    chain.update_one({"_id": 4}, {"$set": {"actor": entry["actor"], "hash": digest(entry)}})
    found = service.verify()
    assert (found.ok, found.broken_at) == (False, 5)


def test_a_removed_entry_is_named(chain: Any) -> None:
    chain.delete_one({"_id": 6})
    found = service.verify()
    assert (found.ok, found.broken_at) == (False, 6)
    assert "missing" in str(found.reason)


def test_a_cut_off_tail_shows_because_redis_knows_the_end(chain: Any) -> None:
    chain.delete_many({"_id": {"$gt": 8}})
    found = service.verify()
    assert (found.ok, found.broken_at, found.anchored) == (False, 9, True)


def test_an_entry_written_while_the_chain_is_walked_is_no_break(chain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = store.walk

    def walk_and_write(after: int = 0) -> Iterator[dict[str, Any]]:
        yield from list(walk(after))
        service.record(Principal.system("tests"), "tests.meanwhile", "thing", "later")

    monkeypatch.setattr(store, "walk", walk_and_write)
    found = service.verify()
    assert (found.ok, found.anchored, found.reason) == (True, True, None)


def test_a_chain_rewritten_from_the_middle_shows(chain: Any, redis_client: Any) -> None:
    noted = redis_client.get("audit:head")
    chain.delete_many({"_id": {"$gt": 5}})
    write(6)
    redis_client.set("audit:head", noted)
    found = service.verify()
    assert (found.ok, found.broken_at) == (False, 10)


def test_only_the_newest_can_be_walked(chain: Any) -> None:
    found = service.verify(newest=3)
    assert (found.ok, found.entries, found.first_checked) == (True, 3, 8)
    chain.update_one({"_id": 2}, {"$set": {"actor": "x"}})
    assert service.verify(newest=3).ok
    assert not service.verify().ok


def test_an_empty_trail_holds(mongo: Any, redis_client: Any) -> None:
    assert service.verify().entries == 0
    assert service.verify().ok


def test_awkward_values_survive_the_round_trip(mongo: Any, redis_client: Any) -> None:
    from datetime import UTC, datetime
    from decimal import Decimal

    value = {
        "money": Decimal("12.30"),
        "when": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        "big": 2**70,
        "float": 0.1 + 0.2,
        "whole": 3.0,
        "nan": float("nan"),
        "words": "Zoë 🧃 \u2028",
        "nested": {"a.b": [1, {"$set": None}]},
        "flag": True,
        "empty": {},
        "password": "hunter2hunter2",
    }
    service.record(WHO, "thing.created", "thing", "t", None, value)
    assert service.verify().ok
    stored = mongo.audit.find_one()
    assert stored["after"]["money"] == "12.30"
    assert "hunter2" not in str(stored)


def test_records_who_what_whence(as_role: Any, client: Any, audited: Any) -> None:
    administrator = as_role("administrator")
    body = {"email": "new@example.com", "name": "New", "role": "viewer"}
    made = administrator.post(
        "/api/v1/users", json=body, headers={"X-Request-ID": "request-1234", "X-Forwarded-For": "203.0.113.9"}
    )
    assert made.status_code == 201
    entry = audited("user.created")[-1]
    assert entry["actor"] == administrator.person.user_id
    assert (entry["subject_id"], entry["request_id"], entry["address"]) == (made.json["id"], "request-1234", "203.0.113.9")
    assert made.json["password"] not in str(entry)


def test_search_narrows_and_pages(mongo: Any, redis_client: Any) -> None:
    write(5)
    service.record(WHO, "other.done", "other", "o-1")
    newest = service.search(WHO, PageRequest("-seq", limit=2))
    assert [entry["_id"] for entry in newest.items] == [6, 5]
    following = service.search(WHO, PageRequest("-seq", limit=2, cursor=newest.next_cursor))
    assert [entry["_id"] for entry in following.items] == [4, 3]
    assert [entry["_id"] for entry in service.search(WHO, PageRequest("-seq"), action="other.").items] == [6]
    assert service.search(WHO, PageRequest("-seq"), subject_id="thing-2").total == 1
    assert service.search(WHO, PageRequest("-seq"), anywhere="o-1").total == 1


def test_only_some_roles_read_it(as_role: Any) -> None:
    from app.access.permissions import TABLE

    for role, permissions in TABLE.items():
        expected = 200 if Permission.AUDIT_READ in permissions else 403
        client = as_role(role)
        assert client.get("/api/v1/audit").status_code == expected, role
        assert client.get("/api/v1/audit/chain").status_code == expected, role
        assert client.get("/settings/audit").status_code == expected, role
    viewer = Principal("usr_1", "V", "v@example.com", Role.VIEWER)
    with pytest.raises(Forbidden):
        service.search(viewer, PageRequest("-seq"))


def test_the_page_shows_a_broken_chain(as_role: Any, mongo: Any) -> None:
    client = as_role("administrator")
    assert "The chain holds" in client.get("/settings/audit?check=1").get_data(as_text=True)
    mongo.audit.update_one({"_id": 1}, {"$set": {"action": "user.changed"}})
    page = client.get("/settings/audit?check=1").get_data(as_text=True)
    assert "broken at entry 1" in page


def test_one_entry_shows_what_changed(as_role: Any, add_user: Any, mongo: Any) -> None:
    client = as_role("administrator")
    user = add_user()
    client.patch(f"/api/v1/users/{user.user_id}", json={"version": 1, "name": "Renamed Person"})
    entry = mongo.audit.find_one({"action": "user.changed"})
    page = client.get(f"/settings/audit/{entry['_id']}").get_data(as_text=True)
    assert "Renamed Person" in page
    assert "Test Person" in page
    assert client.get("/settings/audit/999999").status_code == 404
    assert client.get("/settings/audit?format=csv").get_data(as_text=True).count("user.changed") == 1
