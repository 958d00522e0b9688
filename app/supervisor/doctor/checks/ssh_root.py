"""Whether root may sign in to the machine with a password."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("SSH as root"), Source.HOST


def look(world: World) -> Finding:
    ssh = world.fact("ssh")
    if not ssh["installed"]:
        return ok(_("There is no SSH server on this machine"))
    if ssh["root"] == "yes":
        return problem(
            _("root can sign in over SSH with a password"),
            _("PermitRootLogin prohibit-password in /etc/ssh/sshd_config.d/keys.conf, then systemctl reload ssh."),
        )
    return ok(_("root cannot sign in with a password ({setting})", setting=ssh["root"]))
