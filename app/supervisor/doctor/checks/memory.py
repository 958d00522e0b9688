"""Memory that new work could get."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import percent, size

GROUP, TITLE, SOURCE = "host", N_("Memory"), Source.SUPERVISOR


def look(world: World) -> Finding:
    host = world.host()
    share = host.memory_available / host.memory_total if host.memory_total else 1.0
    evidence = _("{free} of {total} are available", free=size(host.memory_available), total=size(host.memory_total))
    remedy = _(
        "See on the overview which service takes it (now {share} are left); add memory if all of them need theirs.",
        share=percent(share),
    )
    if share < 0.05:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if share < 0.12 else ok(evidence)
