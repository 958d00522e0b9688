"""Whether people may sign in to the machine with a password."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("SSH with passwords"), Source.HOST


def look(world: World) -> Finding:
    ssh = world.fact("ssh")
    if not ssh["installed"]:
        return ok(_("There is no SSH server on this machine"))
    if not ssh["passwords"]:
        return ok(_("SSH takes keys only"))
    return warning(
        _("SSH takes passwords, so passwords can be guessed"),
        _("Once your key works: PasswordAuthentication no in /etc/ssh/sshd_config.d/keys.conf, then systemctl reload ssh."),
    )
