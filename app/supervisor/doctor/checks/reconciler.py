"""Whether the sales in the database are what the imports left there: recomputed from the facts."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Sales against imports"), Source.APP


def look(world: World) -> Finding:
    totals = world.app("totals")
    if totals["busy"]:
        raise NoEvidence(_("{file} is being imported or was interrupted; look again when that is over.", file=totals["busy"]))
    if totals["count"]:
        evidence = ngettext(
            "{count} import does not agree with the facts: {which}",
            "{count} differences between imports and facts: {which}",
            totals["count"],
            which="; ".join(totals["differences"]),
        )
        return problem(
            evidence,
            _("The database was changed past the application. Make a backup; then take the import back and land it again."),
        )
    text = ngettext("{count} import agrees with its facts", "{count} imports agree with their facts", totals["imports"])
    return ok(_("{text} ({facts} in all)", text=text, facts=f"{totals['facts']:,}"))
