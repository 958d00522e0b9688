"""Cables: one container cut off, connections that are dead without either end knowing, and names that nobody resolves."""

from tests.faults.fault import Fault, Healer, Pace
from tests.faults.rig import Rig, pause


def _pull(rig: Rig, service: str, network: str) -> None:
    full = f"{rig.appliance.project}_{network}"
    rig.notes["network"], rig.notes["cut"] = full, service
    rig.docker("network", "disconnect", full, rig.container(service))


def _plug(rig: Rig) -> None:
    """Back as Compose had connected it: under its name."""
    service = rig.notes["cut"]
    if rig.notes["network"] not in rig.networks(service):
        rig.docker("network", "connect", "--alias", service, rig.notes["network"], rig.container(service))


def _cut(service: str, network: str, blamed: str, told: str = "") -> Fault:
    """A restart does not help: it is tried, and the plug does. `told`: who suffers when the one that is cut answers us."""
    return Fault(
        f"{service} cut from the network {network}",
        "network",
        inject=lambda rig: _pull(rig, service, network),
        stands=lambda rig: rig.heard.since(rig.notes["begun"]),
        undo=_plug,
        blamed=(blamed,),
        told=(f"service_down {told or blamed}",),
        maybe=() if told else (blamed,),
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
    )


def _drop(rig: Rig, service: str, *match: str) -> None:
    rig.notes["dropped"] = (service, rig.pid(service), match)
    rig.inside_network(service, "iptables", "-w", "-I", *match, "-j", "DROP")


def _let_through(rig: Rig) -> None:
    """A restarted container has a new network without the rule."""
    service, process, match = rig.notes["dropped"]
    if rig.pid(service) == process:
        rig.inside_network(service, "iptables", "-w", "-D", *match, "-j", "DROP", check=False)


def _half_open(service: str, port: int) -> Fault:
    return Fault(
        f"half-open TCP: {service} gets no more packets",
        "network",
        inject=lambda rig: _drop(rig, service, "INPUT", "-p", "tcp", "--dport", str(port)),
        stands=lambda rig: rig.heard.since(rig.notes["begun"]),
        undo=_let_through,
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
        pace=Pace.SOON,
        limit=300,
    )


def _half_open_between(service: str, other: str, port: int) -> Fault:
    return Fault(
        f"half-open TCP: packets from {service} to {other} vanish",
        "network",
        inject=lambda rig: _drop(rig, service, "OUTPUT", "-p", "tcp", "--dport", str(port)),
        stands=lambda rig: rig.heard.since(rig.notes["begun"]),
        undo=_let_through,
        blamed=(other,),
        told=(f"service_down {service}",),
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
        limit=120,
    )


def _nameless(service: str, **more: object) -> Fault:
    return Fault(
        f"DNS dead for {service}",
        "network",
        inject=lambda rig: (_drop(rig, service, "OUTPUT", "-d", "127.0.0.11"), pause(25)),
        undo=_let_through,
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
        **more,  # type: ignore[arg-type]
    )


FAULTS = (
    _cut("redis", "data", "redis"),
    _cut("mongodb", "data", "mongodb"),
    _cut("backend", "edge", "backend", told="nginx"),
    _cut("worker", "data", "worker"),
    _half_open("redis", 6379),
    _half_open("mongodb", 27017),
    _half_open_between("backend", "mongodb", 27017),
    _nameless("backend", blamed=(), told=(), unwell=False),
    _nameless("supervisor", blamed=("names_dead",), told=("names_dead",), unwell=False),
)
