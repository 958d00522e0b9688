"""Whether the services that share an image run the same one: a half-finished update shows here."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("One version everywhere"), Source.SUPERVISOR
_SHARED = ("backend", "realtime", "worker", "supervisor")


def look(world: World) -> Finding:
    images = {name: container["Image"] for name, container in world.containers().items() if name in _SHARED}
    if len(set(images.values())) > 1:
        named = ", ".join(f"{name} {image.removeprefix('sha256:')[:8]}" for name, image in sorted(images.items()))
        return problem(_("The services run different versions: {images}", images=named), _("Finish the update: ./deploy.sh"))
    return ok(_("{names} run the same version", names=", ".join(sorted(images))))
