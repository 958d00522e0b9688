"""How long the database takes for a query, and which ones take long (the figure names them)."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Speed of the database"), Source.SUPERVISOR
_LIMIT_MS = 50


def look(world: World) -> Finding:
    mean = world.measure("db_query_mean_ms") or world.need("db_latency_ms")
    evidence = _(
        "{milliseconds} ms in the mean{detail}",
        milliseconds=round(mean.value, 1),
        detail=f" ({mean.detail})" if mean.detail else "",
    )
    if mean.value > _LIMIT_MS:
        return warning(
            evidence,
            _("See the queries it names, the check of the indexes, the host's load and disk; a long import passes by itself."),
        )
    return ok(evidence)
