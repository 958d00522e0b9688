"""Secrets that are empty, short, well known, or used twice. Only their lengths ever leave the host, never their values."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "secrets", N_("Strength of the secrets"), Source.HOST
_SHORTEST = 20


def look(world: World) -> Finding:
    secrets = world.fact("secrets")
    weak = sorted(name for name, secret in secrets.items() if secret["length"] < _SHORTEST or secret["known"])
    twice = sorted(name for name, secret in secrets.items() if secret["shared"] and secret["length"])
    remedy = _("Make it new as docs/doctor.md says under Secrets: for most, empty the value in .env and run ./deploy.sh.")
    if weak:
        return problem(_("Empty, short or well known: {names}", names=", ".join(weak)), remedy)
    if twice:
        return warning(_("The same value stands for several: {names}", names=", ".join(twice)), remedy)
    return ok(ngettext("{count} secret is strong", "All {count} secrets are strong", len(secrets)))
