"""`tradeai migrate`: brings the database's schema and indexes to this version; changes nothing when they are."""

from collections.abc import Mapping
from typing import Any

import click

from app.cli.output import show
from app.core.i18n import _, ngettext
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
    steps, indexes = len(result["migrations_applied"]), len(result["indexes_created"])
    if not steps and not indexes:
        return [_("The database is already up to date (migration {number}).", number=result["migration"])]
    lines = [_("Applied migration {number}: {title}", **step) for step in result["migrations_applied"]]
    lines += [_("Created index on {name}", name=name) for name in result["indexes_created"]]
    done = [ngettext("{count} migration applied", "{count} migrations applied", steps)] if steps else []
    done += [ngettext("{count} index created", "{count} indexes created", indexes)] if indexes else []
    return [*lines, _("The database is now at migration {number}: {done}.", number=result["migration"], done=", ".join(done))]
