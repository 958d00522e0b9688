"""`tradeai migrate`: brings the database's schema and indexes to this version; changes nothing when they are."""

from collections.abc import Mapping
from typing import Any

import click

from app.cli.output import show
from app.core.i18n import _
from app.core.indexes import declared_indexes, missing_indexes, named
from app.core.migrations import applied, migrate
from app.core.mongo import database, ensure_indexes


@click.command(help=_("Bring the database to this version: numbered migrations, then indexes. Safe to repeat."))
def command() -> None:
    db = database()
    done = migrate(db)
    missing = missing_indexes(db, declared_indexes())
    ensure_indexes(db, missing)
    result = {
        "migration": applied(db),
        "migrations_applied": [{"number": step.number, "title": step.title} for step in done],
        "indexes_created": [named(index) for index in missing],
    }
    show(result, *_sentences(result))


def _sentences(result: Mapping[str, Any]) -> list[str]:
    lines = [_("Applied migration {number}: {title}", **step) for step in result["migrations_applied"]]
    lines += [_("Created index on {name}", name=name) for name in result["indexes_created"]]
    return lines or [_("The database is already up to date (migration {number}).", number=result["migration"])]
