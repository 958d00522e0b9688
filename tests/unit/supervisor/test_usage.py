"""Docker's counters become processor share and memory, on both generations of control groups."""

from datetime import timedelta

from app.supervisor.state import Usage
from app.supervisor.usage import usage_from_stats
from tests.unit.supervisor.world import BEGIN


def _stats(nanoseconds: int, **memory: object) -> dict[str, object]:
    return {"cpu_stats": {"cpu_usage": {"total_usage": nanoseconds}}, "memory_stats": memory}


def test_processor_share_is_the_mean_since_the_last_reading() -> None:
    before = usage_from_stats(_stats(1_000_000_000), None, BEGIN)
    after = usage_from_stats(_stats(4_000_000_000), before, BEGIN + timedelta(seconds=15))
    assert (before.cpu, after.cpu, after.cpu_seconds) == (0.0, 0.2, 4.0)


def test_a_restarted_container_begins_at_zero() -> None:
    assert usage_from_stats(_stats(1), Usage(0.5, 100.0, 1, 1, BEGIN), BEGIN + timedelta(seconds=15)).cpu == 0.0


def test_reclaimable_cache_is_not_consumption() -> None:
    assert usage_from_stats(_stats(0, usage=100, limit=500, stats={"inactive_file": 30}), None, BEGIN).memory == 70
    assert usage_from_stats(_stats(0, usage=100, limit=500, stats={"total_inactive_file": 40}), None, BEGIN).memory == 60


def test_what_is_moved_to_and_from_the_disks_is_counted_once() -> None:
    counters = [
        {"op": "read", "value": 3},
        {"op": "write", "value": 4},
        {"op": "Read", "value": 10},
        {"op": "Total", "value": 17},
    ]
    stats = {**_stats(0), "blkio_stats": {"io_service_bytes_recursive": counters}}
    assert usage_from_stats(stats, None, BEGIN).disk == 17
    assert usage_from_stats({**_stats(0), "blkio_stats": {"io_service_bytes_recursive": None}}, None, BEGIN).disk == 0


def test_a_container_that_just_ended_has_no_counters() -> None:
    assert usage_from_stats({"cpu_stats": {}, "memory_stats": {}}, None, BEGIN) == Usage(at=BEGIN)
