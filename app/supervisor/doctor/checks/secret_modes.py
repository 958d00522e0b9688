"""Whether others on the machine can read the secrets."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "secrets", N_("Who can read the secrets"), Source.HOST


def look(world: World) -> Finding:
    modes = {name: int(mode, 8) for name, mode in world.fact("modes").items()}
    # Folders (711) let containers through to their own files; nobody may list them.
    open_ = sorted(name for name, mode in modes.items() if mode & (0o066 if name.endswith("/") else 0o077))
    if open_:
        return problem(
            _("Others on the machine can read: {names}", names=", ".join(open_)),
            _("sudo chmod 600 .env; sudo chmod 711 secrets; sudo chmod 400 secrets/*_*. Change what may have been read."),
        )
    return ok(_("Only their owners can read .env and the secret files"))
