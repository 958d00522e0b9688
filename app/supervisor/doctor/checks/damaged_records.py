"""Record files of the supervisor that were found damaged and set aside."""

from datetime import timedelta

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "supervisor", N_("Damaged records"), Source.SUPERVISOR
FIX = N_("Deletes the damaged files that were set aside more than 30 days ago.")
_OLD = timedelta(days=30)


def look(world: World) -> Finding:
    damaged = _damaged(world)
    if not damaged:
        return ok(_("No record file was ever found damaged"))
    return warning(
        _("Found damaged and set aside: {names}", names=", ".join(sorted(damaged))),
        _("Check the disk (dmesg, smartctl) and the power supply. Files older than 30 days can be deleted."),
    )


def fix(world: World) -> str:
    old = [
        file.name
        for file in world.folders.get("state", ())
        if file.name in _damaged(world) and world.now - file.changed_at > _OLD
    ]
    return ngettext("{count} damaged file was deleted.", "{count} damaged files were deleted.", world.hands.remove("state", old))


def _damaged(world: World) -> list[str]:
    return [file.name for file in world.folders.get("state", ()) if ".damaged-" in file.name]
