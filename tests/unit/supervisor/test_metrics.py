"""The metrics are well-formed, complete and stable in name."""

import re
from dataclasses import replace
from datetime import timedelta

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.supervisor.events import HostSampled, Used
from app.supervisor.metrics import registry
from app.supervisor.state import Disk, Phase, Usage
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.world import KEPT, World

STABLE = {
    "tradeai_info",
    "tradeai_docker_up",
    "tradeai_service_up",
    "tradeai_service_state",
    "tradeai_service_state_since_timestamp_seconds",
    "tradeai_service_restarts",
    "tradeai_probe_success",
    "tradeai_probe_duration_seconds",
    "tradeai_service_cpu_seconds",
    "tradeai_service_memory_bytes",
    "tradeai_service_memory_limit_bytes",
    "tradeai_host_cpu_ratio",
    "tradeai_host_memory_available_bytes",
    "tradeai_host_disk_free_bytes",
    "tradeai_host_load",
    "tradeai_host_other_disk_bytes",
    "tradeai_host_other_disk_free_bytes",
    "process_resident_memory_bytes",
    "process_cpu_seconds",
}


def _text(world: World) -> str:
    return generate_latest(registry(lambda: world.state, "1.2.3")).decode()


def _full() -> World:
    world = World().healthy()
    world.tell(HostSampled(replace(HOST, disks=(Disk("backups", 10_000, 300),))))
    for name in KEPT:
        world.tell(Used(name, Usage(0.1, 12.5, 10_000_000, 50_000_000, world.now)))
    return world


def test_every_stable_name_is_there_with_help_and_type() -> None:
    text = _text(_full())
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families.keys() >= STABLE
    for family in families.values():
        assert family.documentation, family.name
        assert family.type != "unknown", family.name
    helped = re.findall(r"^# HELP (\S+)", text, re.MULTILINE)
    assert len(helped) == len(set(helped))


def test_each_service_has_exactly_one_state() -> None:
    world = _full()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    world.now += timedelta(seconds=1)
    for family in text_string_to_metric_families(_text(world)):
        if family.name == "tradeai_service_state":
            ones = {sample.labels["service"]: sample.labels["state"] for sample in family.samples if sample.value == 1}
            assert len(family.samples) == len(KEPT) * len(Phase)
    assert ones == {**dict.fromkeys(KEPT, "healthy"), "ai": "failed"}


def test_what_is_not_known_is_absent() -> None:
    text = _text(World())
    assert "tradeai_host_cpu_ratio" not in text
    assert 'tradeai_probe_success{service="redis"}' not in text
    assert 'tradeai_service_up{service="redis"} 0.0' in text
