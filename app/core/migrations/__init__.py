"""Schema changes: numbered, forward-only, idempotent; recorded in the database and refused when it is newer than the code.

A migration is a module `mNNNN_title.py` here with `TITLE` and `def up(db) -> None`. Indexes are not migrations:
every store declares its own, and `migrate` brings them up to date each time.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from app.core.clock import now
from app.core.errors import Conflict
from app.core.mongo import Db

COLLECTION = "migrations"


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    number: int
    title: str
    up: Callable[[Db], None]


class DatabaseIsNewer(Conflict):
    """The database was migrated by a newer version of the code."""

    kind, title = "database-newer", "The database is newer than this version"


def known() -> list[Migration]:
    """All migrations of this version, in order."""
    found = []
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name.startswith("m") and module_info.name[1:5].isdigit():
            module = importlib.import_module(f"{__name__}.{module_info.name}")
            found.append(Migration(int(module_info.name[1:5]), module.TITLE, module.up))
    return sorted(found, key=lambda migration: migration.number)


def applied(db: Db) -> int:
    """The highest number the database has seen, 0 when none."""
    last = db[COLLECTION].find_one(sort=[("_id", -1)])
    return int(last["_id"]) if last else 0


def migrate(db: Db) -> list[Migration]:
    """Apply what is missing and return it. Raises DatabaseIsNewer rather than touching a newer database."""
    migrations = known()
    newest = migrations[-1].number if migrations else 0
    current = applied(db)
    if current > newest:
        raise DatabaseIsNewer(
            f"The database is at migration {current}, this version only knows {newest}. "
            "Run the version that wrote it, or a newer one; nothing was changed."
        )
    done = []
    for migration in migrations:
        if migration.number > current:
            migration.up(db)
            db[COLLECTION].update_one(
                {"_id": migration.number},
                {"$setOnInsert": {"title": migration.title, "applied_at": now()}},
                upsert=True,
            )
            done.append(migration)
    return done
