"""A real server, the real mongodump and mongorestore, and a database with every oddity that must survive the round trip."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import bson
import pymongo
import pytest
from pydantic import SecretStr

from app.backup.dump import Source, make_backup
from app.backup.fingerprint import fingerprint
from app.backup.restore import Target
from app.backup.server import Server
from app.backup.shelf import DATABASE, Backup, Shelf
from app.core.clock import SYSTEM
from app.core.mongo import Db

KEYS = {"secret_key": "the secret key"}
Command = Callable[..., subprocess.CompletedProcess[str]]
TOOLS = ("mongodump", "mongorestore")


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The folder with the tools: PATH's, or copied out of the container that serves the tests' database (they are static)."""
    if all(shutil.which(tool) for tool in TOOLS):
        return None
    port = urlsplit(os.environ["TRADEAI_TEST_MONGO_URL"]).port
    listed = subprocess.run(
        ["docker", "ps", "--filter", f"publish={port}", "--format", "{{.ID}}"], capture_output=True, text=True, check=True
    )
    folder = tmp_path_factory.mktemp("tools")
    for tool in TOOLS:
        subprocess.run(
            ["docker", "cp", f"{listed.stdout.split()[0]}:/opt/mongo-tools/{tool}", str(folder)], check=True, capture_output=True
        )
    return folder


@pytest.fixture
def server(mongo_client: pymongo.MongoClient[dict[str, Any]], tools: Path | None) -> Server:
    """The tests' server as the backup sees it."""
    url = urlsplit(os.environ["TRADEAI_TEST_MONGO_URL"])
    return Server(
        url.hostname or "",
        url.port or 0,
        unquote(url.username or ""),
        SecretStr(unquote(url.password or "")),
        tools,
        timeout_seconds=3,
    )


@pytest.fixture
def db(mongo_client: pymongo.MongoClient[dict[str, Any]]) -> Iterator[Db]:
    """A database with every BSON type, odd names, and indexes of every kind we use."""
    db = mongo_client[f"test_{uuid4().hex[:12]}"]
    every_type = {
        "_id": bson.ObjectId(),
        "double": 1.5, "text": "é\0x", "object": {"a": [1, {"b": None}]}, "binary": bson.Binary(b"\0\1", 5),
        "uuid": bson.Binary(b"x" * 16, 4), "true": True, "date": datetime(2026, 3, 1, tzinfo=UTC), "regex": bson.Regex("a", "i"),
        "code": bson.Code("f()"), "int": 1, "long": bson.Int64(2), "timestamp": bson.Timestamp(1, 2), "min": bson.MinKey(),
        "decimal": bson.Decimal128("1.10"), "max": bson.MaxKey(), "nan": float("nan"), "infinity": float("inf"), "": "no name",
        "zero": -0.0, "array": [], "before 1970": datetime(1901, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    db["types"].insert_one(every_type)
    db["Odd name. with-dots & ünï *"].insert_many([{"_id": number, "v": float(number)} for number in range(3000)])
    db["indexed"].create_index([("a", 1), ("b", -1)], unique=True)
    db["indexed"].create_index([("c", 1)], name="part", partialFilterExpression={"c": {"$gt": 5}})
    db["indexed"].create_index([("at", 1)], expireAfterSeconds=3600)
    db["indexed"].create_index([("words", "text")], default_language="english")
    db["indexed"].insert_many([{"a": number, "b": number, "c": number, "words": f"hello {number}"} for number in range(10)])
    db.create_collection("capped", capped=True, size=100_000)
    db["capped"].insert_one({"x": 1})
    db.create_collection("empty")
    db["uploads.chunks"].insert_many([{"_id": number, "data": b"x" * 1000} for number in range(50)])
    db["uploads.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True, sparse=True)
    db["migrations"].insert_one({"_id": 1})
    yield db
    mongo_client.drop_database(db.name)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty BACKUP_DIR."""
    return Shelf(tmp_path / "backups")


@pytest.fixture
def source(server: Server, db: Db) -> Source:
    """The database as `make_backup` takes it."""
    return Source(server, db.name, fingerprint(KEYS.__getitem__))


@pytest.fixture
def target(source: Source) -> Target:
    """The database as `restore` takes it."""
    return Target(source, KEYS.__getitem__, newest_migration=1)


@pytest.fixture
def dumped(shelf: Shelf, source: Source) -> Callable[[], Backup]:
    """`dumped()`: a new backup of the database."""
    return lambda: shelf.find(make_backup(shelf, DATABASE, source, "hand", SYSTEM))


@pytest.fixture
def secrets_folder(tmp_path: Path, server: Server) -> Path:
    """The secrets as files."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "jwt_keys").write_text(json.dumps({"current": "a", "keys": {"a": base64.b64encode(b"k" * 32).decode()}}))
    for name, value in {**KEYS, "mongo_backup_password": server.password.get_secret_value(), "redis_password": "none"}.items():
        (folder / name).write_text(value)
    return folder


@pytest.fixture
def environment(tmp_path: Path, server: Server, db: Db, shelf: Shelf, secrets_folder: Path) -> dict[str, str]:
    """What the container is told from outside."""
    return {
        **os.environ,
        "TRADEAI_SECRETS_DIR": str(secrets_folder),
        "TRADEAI_BACKUP_DIR": str(shelf.root),
        "TRADEAI_BACKUP_USER": server.user,
        "TRADEAI_MONGO_HOST": server.host,
        "TRADEAI_MONGO_PORT": str(server.port),
        "TRADEAI_MONGO_DATABASE": db.name,
        "TRADEAI_DRILL_HOST": server.host,
        "TRADEAI_DRILL_DIR": str(tmp_path / "drill"),
        **({"TRADEAI_TOOLS_DIR": str(server.tools)} if server.tools else {}),
    }


@pytest.fixture
def command(environment: dict[str, str]) -> Command:
    """`command("backup")`: `python -m app.backup backup`, ended."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.backup", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
