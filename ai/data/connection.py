"""The connection to MongoDB, as the user that may only read."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from ai.data import slow_calls
from ai.settings import Settings


def connect(settings: Settings) -> Database[dict[str, Any]]:
    """The database; connects when first used, so a database that is down does not stop the service from starting."""
    login: dict[str, Any] = {}
    if settings.mongo_user:
        login = {
            "username": settings.mongo_user,
            "password": settings.mongo_password,
            "authSource": settings.mongo_auth_source,
        }
    milliseconds = int(settings.mongo_timeout_seconds * 1000)
    client: MongoClient[dict[str, Any]] = MongoClient(
        settings.mongo_host,
        settings.mongo_port,
        appname="tradeai-ai",
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=120_000,
        maxPoolSize=8,
        retryReads=True,
        event_listeners=slow_calls.listeners(settings.mongo_slow_milliseconds),
        **login,
    )
    return client[settings.mongo_database]
