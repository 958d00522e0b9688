"""What a container consumes, from Docker's counters."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.supervisor.state import Usage


def usage_from_stats(stats: Mapping[str, Any], before: Usage | None, now: datetime) -> Usage:
    """Usage from one reading; `cpu` is the mean since `before`, 0 without one or after a restart reset the counter."""
    cpu_seconds = stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0) / 1e9
    memory = stats.get("memory_stats", {})
    details = memory.get("stats", {})
    # Page cache that can be dropped is not consumption: cgroup v2 and v1 name it differently.
    reclaimable = details.get("inactive_file", details.get("total_inactive_file", 0))
    cpu = 0.0
    if before is not None and before.at is not None and cpu_seconds >= before.cpu_seconds:
        cpu = (cpu_seconds - before.cpu_seconds) / max((now - before.at).total_seconds(), 0.001)
    return Usage(
        cpu=cpu,
        cpu_seconds=cpu_seconds,
        memory=max(memory.get("usage", 0) - reclaimable, 0),
        memory_limit=memory.get("limit", 0),
        at=now,
        disk=_moved(stats.get("blkio_stats", {}).get("io_service_bytes_recursive") or []),
    )


def _moved(counters: Iterable[Mapping[str, Any]]) -> int:
    """Bytes read and written on all disks; the other lines of control groups v1 count the same bytes again."""
    return sum(counter.get("value", 0) for counter in counters if str(counter.get("op", "")).lower() in {"read", "write"})
