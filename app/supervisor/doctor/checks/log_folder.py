"""How much the log files take."""

from datetime import timedelta

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import size

GROUP, TITLE, SOURCE = "host", N_("Log files"), Source.SUPERVISOR
FIX = N_("Deletes turned log files (NAME.log.1 and so on) that are older than 14 days.")
_MUCH, _TOO_MUCH, _OLD = 2e9, 6e9, timedelta(days=14)


def look(world: World) -> Finding:
    if "logs" not in world.folders:
        raise NoEvidence(_("The log folder cannot be read: {reason}", reason=world.silence.get("logs", "?")))
    files = world.folders["logs"]
    total = sum(file.size for file in files)
    evidence = ngettext("{count} file takes {size}", "{count} files take {size}", len(files), size=size(total))
    if total < _MUCH:
        return ok(evidence)
    largest = max(files, key=lambda file: file.size)
    said = _("{evidence}; the largest is {name} ({size})", evidence=evidence, name=largest.name, size=size(largest.size))
    remedy = _(
        "Keep what is needed elsewhere, then delete old files in the log folder. A file that grows fast says why in its lines."
    )
    return problem(said, remedy) if total >= _TOO_MUCH else warning(said, remedy)


def fix(world: World) -> str:
    old = [
        file.name
        for file in world.folders.get("logs", ())
        if ".log." in file.name and file.name.rpartition(".log.")[2][:1].isdigit() and world.now - file.changed_at > _OLD
    ]
    return ngettext(
        "{count} turned log file was deleted.", "{count} turned log files were deleted.", world.hands.remove("logs", old)
    )
