"""Whether browsers trust the certificate at the public door."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "tls", N_("Trust in the certificate"), Source.SUPERVISOR


def look(world: World) -> Finding:
    door, domain = world.door(), world.settings.get("domain", "")
    if door.trusted:
        return ok(_("Issued by {issuer} and trusted for {name}", issuer=door.issuer, name=domain or door.name))
    if door.self_signed:
        return warning(
            _("It is self-signed, so browsers warn and people learn to click warnings away"),
            _("Get a certificate for your domain and put it into secrets/tls (fullchain.pem, privkey.pem), then ./deploy.sh."),
        )
    return problem(
        _("It is not trusted: {reason}", reason=door.refusal),
        _("fullchain.pem must hold the certificate of this very name first, then its issuers'. Then run ./deploy.sh."),
    )
