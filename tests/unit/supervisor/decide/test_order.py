"""After a host reboot everything comes up in its turn, and nothing that failed keeps out what can do without it."""

from datetime import timedelta

from app.supervisor.decide.order import FRESHLY_CREATED, STAGE_LIMIT
from app.supervisor.state import Phase
from tests.unit.supervisor.world import BEGIN, KEPT, World


def test_a_rebooted_host_is_brought_up_stage_by_stage() -> None:
    world = World().boot().advance(30)
    assert world.all_healthy()
    stages = [KEPT[name].stage for name in world.started()]
    assert sorted(world.started()) == sorted(KEPT)
    assert stages == sorted(stages)


def test_a_stage_opens_only_when_everything_before_is_healthy() -> None:
    world = World()
    world.bodies["redis"].boots_in = 20
    world.boot().advance(15)
    assert world.started() == ["mongodb", "redis"]
    assert world.phase("backend") is Phase.STARTING
    assert str(world["backend"].reason) == "waits for redis"
    world.advance(20)
    assert world.all_healthy()


def test_the_first_start_costs_no_restart() -> None:
    world = World().boot().advance(30)
    assert all(service.restarts == 0 and not service.attempts for service in world.state.services.values())


def test_a_service_that_dies_at_once_keeps_the_later_stages_shut_until_it_is_set_aside() -> None:
    world = World()
    world.bodies["ai"].dies_after = 0.5
    world.boot().advance(25)
    assert "nginx" not in world.started()
    world.advance(40)
    assert world.phase("ai") is Phase.QUARANTINED
    assert world.phase("nginx") is Phase.HEALTHY


def test_what_cannot_work_without_a_quarantined_service_stays_down() -> None:
    world = World()
    world.bodies["mongodb"].dies_after = 0.5
    world.boot().advance(STAGE_LIMIT.total_seconds() + 20)
    assert world.phase("mongodb") is Phase.QUARANTINED
    assert set(world.started()) == {"mongodb", "redis", "realtime", "nginx"}  # nginx shows the maintenance page
    assert world.phase("backend") is Phase.STARTING


def test_the_door_opens_late_rather_than_never_and_the_blocker_is_named() -> None:
    world = World()
    world.bodies["ai"].unready = True  # it runs, says it is not well, and restarts do not help in this time
    world.bodies["ai"].boots_in = 0
    world.boot().advance(STAGE_LIMIT.total_seconds() - 10)
    assert "nginx" not in world.started()
    world.advance(30)
    assert "nginx" in world.started()
    assert "nginx starts although ai is not healthy" in world.notes


def test_a_container_that_compose_made_a_moment_ago_is_left_to_compose() -> None:
    world = World(now=BEGIN)
    for body in world.bodies.values():
        body.status, body.exit_code = "created", None
    world.boot()
    assert sorted(world.started()) == ["mongodb", "redis"]  # created days ago: nobody else is going to start them

    fresh = World(now=BEGIN - timedelta(days=2) + FRESHLY_CREATED / 2)
    for body in fresh.bodies.values():
        body.status, body.exit_code = "created", None
    fresh.boot().advance(5)
    assert fresh.started() == []
    fresh.advance(FRESHLY_CREATED.total_seconds())
    assert sorted(fresh.started()[:2]) == ["mongodb", "redis"]


def test_services_that_run_already_are_not_started_again() -> None:
    world = World().healthy()
    world.supervisor_restarts()
    world.advance(60)
    assert world.done == []
    assert world.all_healthy()


def test_earlier_failures_do_not_jump_the_queue() -> None:
    """Everything was killed once and healed; minutes later everything is stopped while the supervisor is away."""
    world = World().healthy()
    for name in KEPT:
        world.kill(name)
    world.advance(60)
    assert world.all_healthy()
    world.done.clear()
    for body in world.bodies.values():
        body.status, body.exit_code = "exited", 0
    world.supervisor_restarts()
    world.advance(60)
    assert world.all_healthy()
    stages = [KEPT[name].stage for name in world.started()]
    assert sorted(world.started()) == sorted(KEPT)
    assert stages == sorted(stages)


def test_without_docker_nothing_is_started_and_with_it_everything_is() -> None:
    world = World(docker=False)
    world.docker_goes()
    world.advance(10)
    assert world.done == []
    world.docker_comes()
    world.advance(30)
    assert world.all_healthy()
