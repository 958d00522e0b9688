"""What the rules see of the services, the host and the measures; what is on purpose is no trouble."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.alerts.signals import read_signals, stale_measures
from app.supervisor.events import Ask
from app.supervisor.state import Disk, HostState, Phase
from tests.unit.supervisor.alerts.office import Office
from tests.unit.supervisor.world import BEGIN, World

GB = 10**9
HOST = HostState(0.42, 2, (1.0, 1.0, 1.0), 8 * GB, 1 * GB, 2 * GB, 1 * GB, 100 * GB, 5 * GB, 1000, 50, BEGIN)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.mark.parametrize(
    ("phase", "down"),
    [
        (Phase.HEALTHY, 0),
        (Phase.DEGRADED, 1),
        (Phase.FAILED, 1),
        (Phase.QUARANTINED, 1),
        (Phase.STOPPED, 0),
        (Phase.STARTING, None),
        (Phase.UNKNOWN, None),
        (Phase.MAINTENANCE, None),
    ],
)
def test_phases(office: Office, phase: Phase, down: float | None) -> None:
    office.service("redis", phase)
    signal = read_signals(office.state, office.clock.now()).get(("service_down", "redis"))
    assert (signal.value if signal else None) == down


def test_a_dependant_names_the_root(office: Office) -> None:
    office.service("mongodb", Phase.FAILED)
    office.service("backend", Phase.DEGRADED, "mongodb")
    signals = read_signals(office.state, office.clock.now())
    assert signals["service_down", "backend"].cause == "mongodb"
    assert signals["service_down", "mongodb"].cause == "mongodb"


@pytest.mark.parametrize("phase", [Phase.MAINTENANCE, Phase.STOPPED])
def test_what_stands_still_because_its_root_does_on_purpose_is_not_down(office: Office, phase: Phase) -> None:
    office.service("mongodb", phase)
    office.service("backend", Phase.DEGRADED, "mongodb")
    assert ("service_down", "backend") not in read_signals(office.state, office.clock.now())


def test_a_start_that_takes_too_long_counts_as_down(office: Office) -> None:
    office.service("redis", Phase.STARTING)
    office.clock.advance(170)
    assert ("service_down", "redis") not in read_signals(office.state, office.clock.now())
    office.clock.advance(20)
    assert read_signals(office.state, office.clock.now())["service_down", "redis"].value == 1


def test_a_service_that_falls_again_and_again_stays_down_between_the_starts() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    seen = set()
    for _second in range(12):
        world.advance(1)
        seen.add(read_signals(world.state, world.now)["service_down", "ai"].value)
    assert seen == {1.0}


def test_a_restart_is_told_once_the_service_is_well_for_a_minute() -> None:
    world = World().healthy()
    world.crash("ai")
    world.advance(30)
    assert world.phase("ai") is Phase.HEALTHY
    assert read_signals(world.state, world.now)["service_restarted", "ai"].value == 0
    world.advance(60)
    assert read_signals(world.state, world.now)["service_restarted", "ai"].value == 1
    world.advance(900)
    assert read_signals(world.state, world.now)["service_restarted", "ai"].value == 0


@pytest.mark.parametrize("wish", [Ask.RELEASE, Ask.START])
def test_a_start_by_an_operator_is_not_told_as_a_restart(wish: Ask) -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 5
    world.crash("ai")
    world.advance(180)
    assert world.phase("ai") is Phase.QUARANTINED
    world.bodies["ai"].dies_after = None
    world.ask("ai", wish)
    for _second in range(300):
        world.advance(1)
        assert read_signals(world.state, world.now)["service_restarted", "ai"].value == 0
    assert world.phase("ai") is Phase.HEALTHY


def test_a_restart_after_a_release_is_told_again() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 5
    world.crash("ai")
    world.advance(180)
    world.bodies["ai"].dies_after = None
    world.ask("ai", Ask.RELEASE)
    world.advance(100)
    world.crash("ai")
    world.advance(90)
    assert read_signals(world.state, world.now)["service_restarted", "ai"].value == 1


def test_a_quarantine_is_seen() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 5
    world.crash("ai")
    world.advance(180)
    assert world.phase("ai") is Phase.QUARANTINED
    signals = read_signals(world.state, world.now)
    assert (signals["service_quarantined", "ai"].value, signals["service_down", "ai"].value) == (1, 1)


def test_the_host_as_shares(office: Office) -> None:
    signals = read_signals(replace(office.state, host=HOST), BEGIN)
    values = {name: round(signal.value, 3) for (name, _subject), signal in signals.items() if signal.cause == "host"}
    assert values == {
        "host_cpu": 0.42,
        "host_memory": 0.875,
        "disk_free_share": 0.05,
        "host_swap": 0.5,
        "inodes_free_share": 0.05,
    }


def test_a_further_disk_has_signals_of_its_own_and_names_itself(office: Office) -> None:
    host = replace(HOST, disks=(Disk("backups", 100 * GB, 2 * GB, 1000, 20), Disk("logs", 10 * GB, 5 * GB)))
    signals = read_signals(replace(office.state, host=host), BEGIN)
    assert (signals["disk_free_share", ""].value, signals["disk_free_share", "backups"].value) == (0.05, 0.02)
    assert signals["disk_free_share", "backups"].detail == "2.0 % of the disk of the backups is free"
    assert signals["inodes_free_share", "backups"].value == 0.02
    assert ("inodes_free_share", "logs") not in signals
    assert signals["disk_free_share", "logs"].cause == "host"


def test_a_host_without_swap_or_counted_inodes_says_nothing_of_them(office: Office) -> None:
    host = replace(HOST, swap_total=0, inodes_total=0)
    names = {name for name, _subject in read_signals(replace(office.state, host=host), BEGIN)}
    assert not names & {"host_swap", "inodes_free_share"}


def test_docker_is_not_asked_yet_answers_or_does_not(office: Office) -> None:
    def silent(answers: bool | None) -> float | None:
        state = replace(office.state, docker=replace(office.state.docker, answers=answers))
        signal = read_signals(state, BEGIN).get(("docker_silent", ""))
        return signal.value if signal else None

    assert (silent(None), silent(True), silent(False)) == (None, 0, 1)


def test_measures_come_through_until_they_are_stale(office: Office) -> None:
    office.measure("certificate_days", 12, "trade.example")
    office.measure("clock_drift_s", -3)
    signals = read_signals(office.state, BEGIN + timedelta(minutes=15))
    assert signals["certificate_days", "trade.example"].value == 12
    assert signals["clock_drift_s", ""].value == 3
    late = BEGIN + timedelta(minutes=15, seconds=1)
    assert ("clock_drift_s", "") not in read_signals(office.state, late)
    assert set(stale_measures(office.state, late)) == {("clock_drift_s", "")}
    assert ("certificate_days", "trade.example") in read_signals(office.state, late)  # measured each hour only
    assert len(stale_measures(office.state, BEGIN + timedelta(hours=4))) == 2


@pytest.mark.parametrize(
    ("phase", "age", "looked_at"),
    [
        (Phase.HEALTHY, 301, True),
        (Phase.HEALTHY, 299, False),
        (Phase.MAINTENANCE, 9999, False),
        (Phase.STOPPED, 301, True),
        (Phase.FAILED, 1, True),
    ],
)
def test_figures_of_requests_wait_until_the_appliance_has_settled(
    office: Office, phase: Phase, age: float, looked_at: bool
) -> None:
    office.service("ai", phase)
    service = replace(office.state.services["ai"], since=BEGIN - timedelta(seconds=age))
    office.state = replace(office.state, services={**office.state.services, "ai": service})
    office.measure("api_error_share", 0.5)
    office.measure("backup_failed", 1)
    signals = read_signals(office.state, BEGIN)
    assert (("api_error_share", "") in signals) is looked_at
    assert ("backup_failed", "") in signals
