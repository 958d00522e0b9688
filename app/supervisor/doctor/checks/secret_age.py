"""Secrets that were made long ago."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "secrets", N_("Age of the secrets"), Source.HOST
_OLD_DAYS = 365


def look(world: World) -> Finding:
    ages = {name: secret["age_days"] for name, secret in world.fact("secrets").items() if secret.get("age_days") is not None}
    if not ages:
        raise NoEvidence(_("The host could not tell; run sudo tradeai doctor as root."))
    old = sorted(name for name, days in ages.items() if days > _OLD_DAYS)
    if old:
        return warning(
            _("Older than a year: {names}", names=", ".join(old)),
            _(
                "Plan to change them. JWT_KEYS: ./deploy.sh --rotate-keys. SUPERVISOR_PASSWORD: empty the value in .env and "
                "run ./deploy.sh."
            ),
        )
    return ok(_("The oldest secret is {days} days old", days=max(ages.values())))
