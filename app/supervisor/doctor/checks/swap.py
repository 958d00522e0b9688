"""Swap space: none at all on a small machine, or nearly all of it taken."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import percent, size

GROUP, TITLE, SOURCE = "host", N_("Swap space"), Source.SUPERVISOR
_LARGE_BYTES = 12e9


def look(world: World) -> Finding:
    host = world.host()
    if not host.swap_total:
        evidence = _("There is no swap space; the machine has {memory} of memory", memory=size(host.memory_total))
        if host.memory_total >= _LARGE_BYTES:
            return ok(evidence)
        return warning(
            evidence, _("Add 2 GB, so that a short peak kills no service: fallocate -l 2G /swapfile, mkswap, swapon, fstab.")
        )
    share = host.swap_used / host.swap_total
    evidence = _("{share} of {total} are taken", share=percent(share), total=size(host.swap_total))
    if share > 0.8:
        return warning(evidence, _("The machine has too little memory for its work: add memory, or see which service grows."))
    return ok(evidence)
