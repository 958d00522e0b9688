"""Images that were built long ago lack the security corrections since then."""

from datetime import datetime

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import span

GROUP, TITLE, SOURCE = "containers", N_("Age of the images"), Source.HOST
_OLD_DAYS, _TOO_OLD_DAYS = 60, 180


def look(world: World) -> Finding:
    images = {name: datetime.fromisoformat(made) for name, made in world.fact("images").items()}
    if not images:
        raise NoEvidence(_("The host could not tell; run sudo tradeai doctor as root."))
    name = min(images, key=images.__getitem__)
    age = world.now - images[name]
    evidence = _("The oldest image ({name}) was built {span} ago", name=name, span=span(age))
    remedy = _("Build them anew with today's packages: docker compose build --no-cache, then ./deploy.sh.")
    if age.days > _TOO_OLD_DAYS:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if age.days > _OLD_DAYS else ok(evidence)
