"""Integration tests talk to a real MongoDB-protocol server and a real Redis.

Where they are comes from TRADEAI_TEST_MONGO_URL and TRADEAI_TEST_REDIS_URL; `scripts/test.sh` starts both from the
compose file and sets them. Every test gets an emptied database and an emptied Redis.
"""

import functools
import importlib
import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pymongo
import pytest
import redis

import app.trade
from app.access.models import Principal, Role
from app.core import mongo as mongo_module
from app.core import redis as redis_module
from app.core.mongo import Db, Index, ensure_indexes
from app.core.settings import settings
from tests.compiled_once import compile_templates_once

compile_templates_once()


def _address(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.exit(f"{name} is not set. Run scripts/test.sh, which starts MongoDB and Redis for these tests.", returncode=4)
    return str(value)


@pytest.fixture(scope="session")
def mongo_client() -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    """One client for the whole run."""
    with pymongo.MongoClient(_address("TRADEAI_TEST_MONGO_URL"), retryWrites=False, tz_aware=True) as client:
        client.admin.command("ping")
        yield client


@pytest.fixture(scope="session")
def indexed(mongo_client: pymongo.MongoClient[dict[str, Any]]) -> Iterator[Db]:
    """One database with all declared indexes for the whole run: making them takes longer than most tests."""
    with _database(mongo_client) as db:
        yield db


@pytest.fixture
def mongo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    """An empty database with all declared indexes, which the application under test uses.

    A test that changes indexes is marked `own_database`, and gets one that is thrown away.
    """
    with ExitStack() as stack:
        if request.node.get_closest_marker("own_database"):
            db = stack.enter_context(_database(request.getfixturevalue("mongo_client")))
        else:
            db = request.getfixturevalue("indexed")
            _empty(db)
        mongo_module.database.cache_clear()
        monkeypatch.setattr(mongo_module, "connect", lambda _config: db)
        yield db
        mongo_module.database.cache_clear()


@contextmanager
def _database(mongo_client: pymongo.MongoClient[dict[str, Any]]) -> Iterator[Db]:
    db = mongo_client[f"test_{uuid4().hex[:12]}"]
    ensure_indexes(db, _declared_indexes())
    yield db
    mongo_client.drop_database(db.name)


def _empty(db: Db) -> None:
    """As it was made: no documents, and no collection but those with declared indexes."""
    declared = {index.collection for index in _declared_indexes()}
    for name in db.list_collection_names():
        if name in declared:
            db[name].delete_many({})
        else:
            db.drop_collection(name)


@pytest.fixture
def redis_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An emptied Redis, which the application under test uses."""
    address = _address("TRADEAI_TEST_REDIS_URL")

    def connect(_config: Any, *, decode: bool = True) -> Any:
        return redis.Redis.from_url(address, decode_responses=decode, socket_timeout=5)

    redis_module.client.cache_clear()
    monkeypatch.setattr(redis_module, "connect", connect)
    client = redis_module.client()
    client.flushdb()
    yield client
    redis_module.client.cache_clear()


@pytest.fixture
def app(mongo: Db, redis_client: Any) -> Any:
    """The backend on the test's own database and Redis."""
    from app.web.main import create_app

    application = create_app(settings())
    application.testing = True
    return application


@pytest.fixture
def client(app: Any) -> Any:
    """A client that is not signed in."""
    return app.test_client()


@pytest.fixture
def as_role(app: Any, mongo: Db) -> Callable[[Role | str], Any]:
    """`as_role("viewer")`: a client signed in by Bearer as a new person with that role; `.person` is its Principal."""
    from app.access import tokens
    from app.access.users import service as users

    def sign_in(role: Role | str) -> Any:
        person = users.create(
            Principal.system("tests"), email=f"{uuid4().hex[:8]}@example.com", name="Test Person", role=Role(role),
            password="correct horse battery staple", must_change_password=False,
        )  # fmt: skip
        signed_in = app.test_client()
        signed_in.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.access_token_for(person)}"
        signed_in.person = person
        return signed_in

    return sign_in


@functools.cache
def _declared_indexes() -> list[Index]:
    """INDEXES of every store module in app.trade and app.access."""
    import app.access

    found: list[Index] = []
    for package in (app.trade, app.access):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.rsplit(".", 1)[-1] == "store":
                found += getattr(importlib.import_module(module.name), "INDEXES", [])
    return found
