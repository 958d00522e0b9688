"""All processes of a service are stopped: they live, keep their connections, and answer nothing."""

import signal

from tests.faults.fault import Fault, Pace
from tests.faults.rig import KEPT


def _hung(service: str) -> Fault:
    return Fault(
        f"SIGSTOP to all of {service}",
        "hung",
        inject=lambda rig: rig.signal(service, signal.SIGSTOP),
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
        pace=Pace.SOON,
        limit=300,
    )


FAULTS = tuple(_hung(service) for service in KEPT)
