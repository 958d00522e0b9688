"""A world in which everything is in order, and words to change one thing of it."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from app.supervisor.doctor.world import AlertFacts, Certificate, File, HostFacts, World
from app.supervisor.state import HostState, Measure, Phase, ServiceState, State

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOST = HostState(
    cpu=0.2, cpu_count=2, load=(0.5, 0.4, 0.3), memory_total=8 * 10**9, memory_available=4 * 10**9, swap_total=2 * 10**9,
    swap_used=0, disk_total=100 * 10**9, disk_free=60 * 10**9, inodes_total=1000, inodes_free=900,
    booted_at=NOW - timedelta(days=3),
)  # fmt: skip
FACTS: dict[str, Any] = {
    "clock_follows": True,
    "reboot_required": False,
    "unattended_upgrades": True,
    "updates": 0,
    "security_updates": 0,
    "firewall": {"kind": "ufw", "active": True},
    "ssh": {"installed": True, "passwords": False, "root": "prohibit-password"},
    "listening": [{"port": 22, "process": "sshd"}, {"port": 443, "process": "docker-proxy"}],
    "doors": [80, 443],
    "modes": {".env": "600", "secrets/": "711", "secrets/redis_password": "400"},
    "secrets": {"REDIS_PASSWORD": {"length": 40, "known": False, "shared": False, "age_days": 30}},
    "images": {"backend": "2026-02-20T10:00:00+00:00"},
    "settings_hash": "0123456789abcdef",
}
TOLD: dict[str, Any] = {
    "users": {"administrators": 1, "active": 4, "unused": {"count": 0, "names": []}, "first_password": {"count": 0, "names": []}},
    "audit": {"ok": True, "entries": 120, "broken_at": None, "reason": None},
    "indexes": {"declared": 30, "missing": []},
    "migrations": {"applied": 1, "known": 1},
    "redis": {"maxmemory": 320 * 10**6, "used_memory": 10**7, "policy": "noeviction", "evicted": 0},
    "jobs": {"waiting": 0, "failed": 0, "titles": []},
    "totals": {"busy": None, "imports": 3, "facts": 106_139, "differences": [], "count": 0},
    "security": {"sign_in": 40, "sign_in.failed": 2},
}
DOOR = Certificate("trade.example", "Example CA", False, True, "", NOW + timedelta(days=80), ())
MEASURES = {
    "backup_age_h": 6.0,
    "proof_age_days": 3.0,
    "offsite_age_h": 6.0,
    "db_query_mean_ms": 3.0,
    "recovery_test_age_days": 20.0,
    "recovery_test_failed": 0.0,
}

_BY_DOCKER = {"supervisor", "dockerproxy", "backup", "drill"}


def container(name: str) -> dict[str, Any]:
    """What Docker says of a container as docker-compose.yml describes it."""
    ports = {"8443/tcp": [{"HostIp": "", "HostPort": "443"}]} if name == "nginx" else {}
    return {
        "Image": "sha256:aaaaaaaaaaaa",
        "State": {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}},
        "Config": {"User": "10001:10001"},
        "Mounts": [{"Source": "/var/run/docker.sock"}] if name == "dockerproxy" else [],
        "HostConfig": {
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "Memory": 10**9,
            "RestartPolicy": {"Name": "always" if name in _BY_DOCKER else "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
            "PortBindings": ports,
        },
    }


@dataclass
class Hands:
    """What fixes did."""

    removed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    indexes: int = 0

    def remove(self, folder: str, names: Sequence[str]) -> int:
        self.removed.append((folder, tuple(names)))
        return len(names)

    def create_indexes(self) -> int:
        self.indexes += 2
        return 2

    def start(self, service: str) -> str | None:
        self.started.append(service)
        return None


def world(**changes: Any) -> World:
    """Everything in order, but for `changes` of World's own fields."""
    services = {name: ServiceState(name, Phase.HEALTHY) for name in ("mongodb", "redis", "backend")}
    measures = {(name, ""): Measure(value, NOW) for name, value in MEASURES.items()}
    state = State(services=MappingProxyType(services), host=HOST, measures=MappingProxyType(measures))
    given: dict[str, Any] = {
        "now": NOW,
        "state": state,
        "hands": Hands(),
        "settings": {"http": "redirect", "domain": "trade.example"},
        "kernel": "6.1.0-18-amd64",
        "facts": HostFacts(NOW - timedelta(hours=1), FACTS),
        "inspected": {
            name: container(name) for name in ("nginx", "backend", "worker", "dockerproxy", "supervisor", "backup", "drill")
        },
        "docker": {"Version": "26.1.5"},
        "told": TOLD,
        "certificate": DOOR,
        "folders": {"logs": [File("app.log", 10**6, NOW)], "state": [File("supervisor.sqlite3", 10**6, NOW)]},
        "alerts": AlertFacts({"mail": NOW - timedelta(days=1)}),
    }
    return World(**{**given, **changes})


def host(**changes: Any) -> World:
    """The machine is otherwise."""
    given = world()
    return replace(given, state=replace(given.state, host=replace(HOST, **changes)))


def facts(**changes: Any) -> World:
    """scripts/host-facts.sh saw something else; None for what it could not see."""
    return world(facts=HostFacts(NOW - timedelta(hours=1), {**FACTS, **changes}))


def told(name: str, **changes: Any) -> World:
    """The backend says something else about `name`."""
    return world(told={**TOLD, name: {**TOLD[name], **changes}})


def measured(**changes: float | None) -> World:
    """Figures are otherwise; None for those that nobody measured."""
    given = world()
    values = {**MEASURES, **changes}
    measures = {(name, ""): Measure(value, NOW) for name, value in values.items() if value is not None}
    return replace(given, state=replace(given.state, measures=MappingProxyType(measures)))


def none_yet() -> World:
    """The backup's schedule runs, and has made none so far."""
    given = world()
    measures = {("backup_age_h", ""): Measure(2, NOW, "there is none yet")}
    return replace(given, state=replace(given.state, measures=MappingProxyType(measures)))


def phases(**changes: Phase) -> World:
    """Services are in other states."""
    given = world()
    services = {**given.state.services, **{name: ServiceState(name, phase) for name, phase in changes.items()}}
    return replace(given, state=replace(given.state, services=MappingProxyType(services)))


def worker(change: Callable[[dict[str, Any]], None], name: str = "worker") -> World:
    """The worker's container (or that of `name`) is otherwise."""
    given = world()
    inspected: dict[str, Mapping[str, Any]] = dict(given.inspected)
    changed = copy.deepcopy(dict(inspected[name]))
    change(changed)
    return replace(given, inspected={**inspected, name: changed})


def worker_host(**changes: Any) -> World:
    """The worker's container has other host settings."""
    return worker(lambda container: container["HostConfig"].update(changes))


def door(**changes: Any) -> World:
    """The public door shows another certificate."""
    return world(certificate=replace(DOOR, **changes))


def files(folder: str, *seen: File) -> World:
    """A folder holds other files."""
    given = world()
    return replace(given, folders={**given.folders, folder: seen})
