"""A database that recovers its journal is waited for, for as long as it works; one that does nothing hangs."""

from datetime import timedelta

import pytest

from app.supervisor.actions import Restart, Start
from app.supervisor.decide.judge import MISSES
from app.supervisor.events import Used
from app.supervisor.state import Phase, Usage
from tests.unit.supervisor.world import KEPT, World


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mongodb", "redis"])
@pytest.mark.parametrize("loads", [True, False], ids=["it says so", "it only works"])
def test_a_database_that_recovers_for_an_hour_is_started_once_and_never_killed(name: str, loads: bool) -> None:
    world = World()
    world.bodies[name].boots_in, world.bodies[name].loads = 3600, loads
    world.boot().advance(3500)
    assert world.actions_on(name) == [Start(name)]
    assert world.phase(name) is Phase.DEGRADED
    assert "left alone" in str(world[name].reason)
    world.advance(150)
    assert world.all_healthy()
    assert world.actions_on(name) == [Start(name)]


@pytest.mark.slow
def test_it_is_not_killed_either_while_it_recovers_from_a_blow() -> None:
    world = World().healthy()
    world.bodies["mongodb"].boots_in = 3600
    world.kill("mongodb")
    world.advance(3500)
    assert world.actions_on("mongodb") == [Start("mongodb")]
    assert {action.service for _at, action in world.done} == {"mongodb"}
    world.advance(150)
    assert world.all_healthy()


def test_a_service_that_replays_no_journal_gets_no_such_time() -> None:
    world = World()
    world.bodies["backend"].boots_in = 3600
    world.boot().advance(KEPT["backend"].start_seconds + 20)
    assert Restart("backend", KEPT["backend"].stop_seconds) in world.actions_on("backend")


def test_a_database_that_has_been_well_and_hangs_is_restarted_at_once_and_gently() -> None:
    world = World().healthy()
    world.bodies["mongodb"].hangs = True
    world.advance(MISSES + 2)
    assert world.actions_on("mongodb") == [Restart("mongodb", 60)]


def test_a_supervisor_that_comes_back_to_a_hung_database_sees_that_it_does_nothing() -> None:
    world = World().healthy()
    world.bodies["mongodb"].hangs = True
    world.supervisor_restarts()
    world.advance(20)
    assert world.actions_on("mongodb") == []
    world.advance(60)
    assert world.actions_on("mongodb") == [Restart("mongodb", 60)]


def test_one_that_stops_working_in_the_middle_of_its_recovery_hangs() -> None:
    world = World()
    world.bodies["mongodb"].boots_in = 3600
    world.boot().advance(1000)
    assert world.actions_on("mongodb") == [Start("mongodb")]
    world.bodies["mongodb"].works = False
    world.advance(60)
    assert Restart("mongodb", 60) in world.actions_on("mongodb")


@pytest.mark.parametrize(("cpu", "disk"), [(0.05, 0), (0.0, 1_000_000)], ids=["processor", "disk"])
def test_work_is_processor_time_or_bytes_moved(cpu: float, disk: int) -> None:
    world = World().healthy()
    moved = 0
    for _reading in range(5):
        world.tell(Used("redis", Usage(cpu=0.0, disk=moved, at=world.now)))
        world.now += timedelta(seconds=15)
    assert world["redis"].idle_since is not None
    moved += disk
    world.tell(Used("redis", Usage(cpu=cpu, disk=moved, at=world.now)))
    assert world["redis"].idle_since is None
