"""The main process of a service ends in a moment, as when somebody types kill -9, or the kernel does."""

from tests.faults.fault import Fault, Pace
from tests.faults.receivers import WEBHOOK
from tests.faults.rig import KEPT, Rig


def _killed(service: str) -> Fault:
    return Fault(
        f"kill -9 of {service}",
        "killed",
        inject=lambda rig: rig.kill_main(service),
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
    )


def _is_told(rig: Rig) -> bool:
    return any(told.channel == WEBHOOK and "service_restarted ai" in told.alerts for told in rig.heard.heard)


AS_DELIVERED = Fault(
    "kill -9 of ai, rules as delivered: healed within half a minute, told once as a restart",
    "killed",
    inject=lambda rig: rig.kill_main("ai"),
    blamed=("ai",),
    told=("service_restarted ai",),
    restarted=("ai",),
    stands=_is_told,
    undo=lambda rig: rig.forgive(["ai"]),
    pace=Pace.DELIVERED,
)

FAULTS = (*(_killed(service) for service in KEPT), AS_DELIVERED)
