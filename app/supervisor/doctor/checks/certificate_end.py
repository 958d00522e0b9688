"""When the certificate at the public door ends."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "tls", N_("End of the certificate"), Source.SUPERVISOR


def look(world: World) -> Finding:
    ends_at = world.door().ends_at
    days = (ends_at - world.now).total_seconds() / 86400
    remedy = _("Run ./deploy.sh, which makes or renews it, or put a new one into secrets/tls and run ./deploy.sh.")
    if days < 0:
        return problem(_("It ended on {day}", day=f"{ends_at:%Y-%m-%d}"), remedy)
    evidence = _("It ends on {day}, in {days} days", day=f"{ends_at:%Y-%m-%d}", days=int(days))
    if days < 7:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if days < 21 else ok(evidence)
