"""Only the root of a failing chain is restarted; whoever depends on it is degraded and waits."""

import pytest

from app.supervisor.decide.judge import MISSES
from app.supervisor.events import Probed
from app.supervisor.state import Outcome, Phase
from tests.unit.supervisor.world import KEPT, World, chain

DEPENDENT = [name for name in KEPT if KEPT[name].depends_on]


@pytest.mark.parametrize("feels", [True, False], ids=["says so", "falls silent"])
@pytest.mark.parametrize("root", ["mongodb", "redis"])
@pytest.mark.parametrize("how", ["hang", "crash loop"])
def test_a_failing_database_is_the_only_one_that_is_touched(root: str, how: str, feels: bool) -> None:
    world = World().healthy()
    for name in DEPENDENT:
        world.bodies[name].feels = feels
    if how == "hang":
        world.bodies[root].hangs = True
    else:
        world.bodies[root].dies_after = 1
        world.crash(root)
    world.advance(8)
    touched = {action.service for _at, action in world.done}
    assert touched == {root}
    for name in DEPENDENT:
        if root in chain(name) and how == "crash loop":
            assert world.phase(name) is Phase.DEGRADED, world.phases()
            assert world[name].blamed_on == root
    world.bodies[root].dies_after = None
    world.advance(60)
    assert world.all_healthy(), world.phases()
    assert {action.service for _at, action in world.done} == {root}


def test_who_falls_silent_in_the_same_second_is_not_taken_for_the_cause() -> None:
    """The dependants' third miss may come before the database's own."""
    world = World().healthy()
    for name in DEPENDENT:
        world.bodies[name].feels = False
        world.bodies[name].misses_next = 1
    world.advance(1)
    world.bodies["mongodb"].hangs = True
    world.advance(120)
    assert {action.service for _at, action in world.done} == {"mongodb"}
    assert world.all_healthy()


def test_a_service_that_died_while_its_database_was_down_waits_for_it_and_spends_nothing() -> None:
    world = World().healthy()
    world.bodies["mongodb"].dies_after = 1
    world.crash("mongodb")
    world.crash("backend")
    world.advance(60)
    assert world.actions_on("backend") == []
    assert "waits for mongodb" in str(world["backend"].reason)
    assert world["backend"].attempts == ()


def test_nginx_is_not_blamed_for_the_backend_behind_it() -> None:
    world = World().healthy()
    world.bodies["backend"].dies_after = 1
    world.crash("backend")
    world.advance(90)
    assert world.phase("backend") is Phase.QUARANTINED
    assert world.phase("nginx") is Phase.DEGRADED
    assert world["nginx"].blamed_on == "backend"
    assert world.actions_on("nginx") == []


def test_nginx_is_restarted_even_while_the_backend_is_down() -> None:
    """It shows the maintenance page: it works alone."""
    world = World().healthy()
    world.bodies["backend"].dies_after = 1
    world.crash("backend")
    world.advance(90)
    world.crash("nginx")
    world.advance(5)
    assert len(world.actions_on("nginx")) == 1


def test_the_far_end_of_a_chain_is_named() -> None:
    world = World().healthy()
    world.bodies["mongodb"].dies_after = 1
    world.crash("mongodb")
    world.advance(3)
    assert world["backend"].blamed_on == "mongodb"
    assert world["nginx"].blamed_on == "mongodb"


def test_a_service_that_blames_a_healthy_one_is_not_restarted_but_says_so() -> None:
    """A changed password: the database is fine, and a restart would not help."""
    world = World().healthy()
    for _time in range(MISSES):
        assert world.phase("backend") is Phase.HEALTHY
        world.tell(Probed("backend", world.now, Outcome.BLAMES, 3.0, "503", ("mongodb",)))
    assert world.phase("backend") is Phase.DEGRADED
    assert "check its password" in str(world["backend"].reason)
    assert world.done == []
