"""Indexes of the database that this version expects."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Indexes"), Source.APP
FIX = N_("Creates the missing indexes; while a large one is made the database is slower.")


def look(world: World) -> Finding:
    indexes = world.app("indexes")
    if indexes["missing"]:
        return problem(
            _("Missing: {names}. Searches are slow, and rules of uniqueness are not kept", names="; ".join(indexes["missing"])),
            _("tradeai migrate"),
        )
    return ok(ngettext("{count} index is there", "All {count} indexes are there", indexes["declared"]))


def fix(world: World) -> str:
    return ngettext("{count} index was created.", "{count} indexes were created.", world.hands.create_indexes())
