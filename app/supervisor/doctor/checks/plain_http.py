"""Whether pages are served without encryption."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "tls", N_("Pages without encryption"), Source.SUPERVISOR


def look(world: World) -> Finding:
    if world.settings.get("http") == "trusted":
        return warning(
            _("Pages are served over plain HTTP too (TRADEAI_HTTP=trusted): passwords can be listened to"),
            _("Unless nobody else can listen on this network: TRADEAI_HTTP=redirect in .env, then ./deploy.sh."),
        )
    return ok(_("Plain HTTP only leads to the encrypted pages"))
