"""A dead service comes back after growing pauses, five times in ten minutes, and is then left alone until a person acts."""

from datetime import timedelta

import pytest

from app.supervisor.actions import Note, Restart, Start
from app.supervisor.decide import decide
from app.supervisor.decide.heal import BUDGET, pause
from app.supervisor.events import ActionDone, Ask, Asked, Died, Started, Tick
from app.supervisor.state import Phase
from tests.unit.supervisor.world import BEGIN, KEPT, World


@pytest.mark.parametrize("name", KEPT)
def test_a_killed_service_is_back_within_seconds(name: str) -> None:
    world = World().healthy()
    world.kill(name)
    assert world.phase(name) is Phase.FAILED
    assert str(world[name].reason) == "it ended with exit code 137"
    world.advance(6)
    assert world.all_healthy(), world.phases()
    assert world.actions_on(name) == [Start(name)]
    assert world[name].restarts == 1


def test_pauses_double_and_differ_a_little_between_services() -> None:
    pauses = [pause("redis", attempts, BEGIN).total_seconds() for attempts in range(10)]
    for attempts, seconds in enumerate(pauses):
        expected = min(60, 2**attempts)
        assert expected * 0.8 <= seconds <= expected * 1.2
    assert pause("redis", 3, BEGIN) != pause("mongodb", 3, BEGIN)


def test_a_crash_loop_ends_in_quarantine_and_the_rest_keeps_running() -> None:
    world = World().healthy()
    world.bodies["realtime"].dies_after = 1
    world.crash("realtime")
    world.advance(120)
    assert world.phase("realtime") is Phase.QUARANTINED
    assert len(world.actions_on("realtime")) == BUDGET.attempts
    assert {phase for name, phase in world.phases().items() if name != "realtime"} == {"healthy"}
    gaps = [(after - before).total_seconds() for (before, _a), (after, _b) in zip(world.done, world.done[1:], strict=False)]
    assert gaps == sorted(gaps)


def test_quarantine_lasts_until_it_is_released() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    world.advance(300)
    assert len(world.actions_on("ai")) == BUDGET.attempts
    world.bodies["ai"].dies_after = None
    world.ask("ai", Ask.RELEASE)
    world.advance(5)
    assert world.phase("ai") is Phase.HEALTHY
    assert not world["ai"].quarantined


def test_the_start_that_a_release_brings_about_is_the_operators() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    world.advance(300)
    world.done.clear()
    world.ask("ai", Ask.RELEASE)
    assert world.actions_on("ai") == [Start("ai")]
    assert (world["ai"].attempts, world["ai"].restarts) == ((), BUDGET.attempts)
    world.advance(300)
    assert world.phase("ai") is Phase.QUARANTINED, "it ends again: five attempts of our own, then it is set aside again"
    assert len(world.actions_on("ai")) == 1 + BUDGET.attempts
    assert world["ai"].restarts == 2 * BUDGET.attempts


def test_a_release_while_docker_is_away_is_carried_out_when_it_comes_back() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    world.advance(300)
    world.bodies["ai"].dies_after = None
    world.docker_goes()
    world.ask("ai", Ask.RELEASE)
    world.advance(60)
    world.docker_comes()
    world.advance(8)
    assert world.phase("ai") is Phase.HEALTHY
    assert (world["ai"].attempts, world["ai"].restarts) == ((), BUDGET.attempts)


def test_who_starts_a_quarantined_service_by_hand_has_released_it() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    world.advance(120)
    world.bodies["ai"].dies_after = None
    world.start_by_hand("ai")
    world.advance(5)
    assert world.phase("ai") is Phase.HEALTHY
    assert world["ai"].attempts == ()


def test_a_new_container_starts_with_a_clean_slate() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    world.advance(120)
    world.recreate("ai")
    world.advance(5)
    assert world.phase("ai") is Phase.HEALTHY
    assert not world["ai"].quarantined


@pytest.mark.slow
def test_rare_crashes_are_healed_for_ever() -> None:
    world = World().healthy()
    for _time in range(6):
        world.crash("worker")
        world.advance(BUDGET.window.total_seconds() / 4)
    assert world.all_healthy()
    assert world["worker"].restarts == 6


def test_the_budget_outlives_the_supervisor() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.crash("ai")
    for _time in range(40):
        world.advance(2)
        world.supervisor_restarts()
    world.advance(60)
    assert len(world.actions_on("ai")) == BUDGET.attempts
    assert world.phase("ai") is Phase.QUARANTINED


def test_attempts_that_docker_never_heard_of_cost_nothing() -> None:
    world = World().healthy()
    world.crash("redis")
    world.docker = False  # gone, but the supervisor has not noticed
    world.advance(3)
    assert world.actions_on("redis") != []
    assert world["redis"].attempts == ()
    assert world["redis"].restarts == 0


def test_while_docker_is_away_nothing_is_tried() -> None:
    world = World().healthy()
    world.crash("redis")
    world.docker_goes()
    world.advance(120)
    assert world.done == []
    world.docker_comes()
    world.advance(8)
    assert world.all_healthy()


def test_what_docker_says_against_a_start_is_shown() -> None:
    world = World().healthy()
    world.crash("redis")
    service = world["redis"]
    assert service.next_attempt_at is not None
    world.now = service.next_attempt_at
    world.state, actions = decide(world.state, Tick(), world.now)
    assert Start("redis") in actions
    world.tell(ActionDone("redis", ok=False, detail="port is already allocated"))
    assert str(world["redis"].reason) == "Docker could not start it: port is already allocated"
    assert len(world["redis"].attempts) == 1


def test_no_second_action_while_one_is_under_way() -> None:
    world = World().healthy()
    world.crash("redis")
    seen = 0
    for _second in range(60):
        world.now += timedelta(seconds=1)
        world.state, actions = decide(world.state, Tick(), world.now)
        seen += sum(isinstance(action, Start | Restart) for action in actions)
    assert seen == 1


def test_a_restart_whose_start_is_heard_of_late_is_no_failure() -> None:
    world = World().healthy()
    body = world.bodies["realtime"]
    world.state, actions = decide(world.state, Asked("realtime", Ask.RESTART, "a person", world.now), world.now)
    assert [type(action) for action in actions if not isinstance(action, Note)] == [Restart]
    world.tell(Died("realtime", body.id, world.now, 0))
    world.tell(ActionDone("realtime", ok=True))
    assert world.phase("realtime") is Phase.STARTING
    world.tell(Started("realtime", body.id, world.now))
    assert world["realtime"].running
    world.tell(Died("realtime", body.id, world.now, 1))
    assert world.phase("realtime") is Phase.FAILED
