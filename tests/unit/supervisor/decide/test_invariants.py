"""Whatever happens, in whatever order: no restart storm, the budget kept, order kept, no dependant blamed, and all heals."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.supervisor.actions import DockerAction, Restart, Start
from app.supervisor.decide.heal import BUDGET
from app.supervisor.decide.order import STAGE_LIMIT
from app.supervisor.events import Ask
from app.supervisor.state import Phase
from tests.unit.supervisor.world import KEPT, World, chain

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(sorted(KEPT))
MINUTE = timedelta(minutes=1)


def _flaps(world: World, name: str) -> None:
    world.bodies[name].dies_after = 20


def _recovers(world: World, name: str) -> None:
    world.bodies[name].dies_after = None
    world.bodies[name].unready = False


def _hangs(world: World, name: str) -> None:
    world.bodies[name].hangs = True


def _loops(world: World, name: str) -> None:
    world.bodies[name].dies_after = 1


def _ails(world: World, name: str) -> None:
    world.bodies[name].unready = True


def _dies(world: World, name: str) -> None:
    if world.bodies[name].running:
        world.kill(name)


def _all_die(world: World, _name: str) -> None:
    for name in KEPT:
        _dies(world, name)


def _falls_silent_with_its_dependencies(world: World, name: str) -> None:
    world.bodies[name].feels = name == "nginx"


def _docker_hiccups(world: World, _name: str) -> None:
    world.docker_goes()
    world.advance(15)
    world.docker_comes()


def _maintenance_begins(world: World, name: str) -> None:
    """Its holder stops the service, and may crash: the lease runs out after half a minute."""
    world.take(f"work-on-{name}", name, seconds=30)
    world.ask(name, Ask.STOP, lease=f"work-on-{name}")


def _maintenance_ends(world: World, _name: str) -> None:
    for lease in world.state.leases.values():
        world.release(lease)


FAULTS: dict[str, Callable[[World, str], None]] = {
    "dies": _dies,
    "hangs": _hangs,
    "loops": _loops,
    "flaps": _flaps,
    "ails": _ails,
    "recovers": _recovers,
    "all die": _all_die,
    "restarted by hand": lambda world, name: world.restart_by_hand(name),
    "falls silent with its dependencies": _falls_silent_with_its_dependencies,
    "docker hiccups": _docker_hiccups,
    "maintenance begins": _maintenance_begins,
    "maintenance ends": _maintenance_ends,
    "supervisor restarts": lambda world, _name: world.supervisor_restarts(),
}
STORY = st.lists(st.tuples(st.sampled_from(sorted(FAULTS)), NAMES, st.integers(1, 45)), min_size=1, max_size=8)
SLOW = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def _play(story: list[tuple[str, str, int]]) -> World:
    world = World(pace=3).healthy()
    for fault, name, seconds in story:
        FAULTS[fault](world, name)
        world.advance(seconds)
    return world


def _within_window(done: list[tuple[datetime, DockerAction]], name: str) -> int:
    """The most healing actions on `name` in any ten minutes."""
    moments = [at for at, action in done if action.service == name]
    return max((sum(at <= other < at + BUDGET.window for other in moments) for at in moments), default=0)


@SLOW
@given(STORY)
def test_no_service_is_restarted_more_often_than_the_budget_allows(story: list[tuple[str, str, int]]) -> None:
    world = _play(story)
    world.advance(30)
    for name in KEPT:
        assert _within_window(world.done, name) <= BUDGET.attempts


@SLOW
@given(STORY)
def test_nothing_is_restarted_while_something_it_depends_on_is_known_to_be_down(story: list[tuple[str, str, int]]) -> None:
    wrong: list[str] = []

    class Watched(World):
        def _carry_out(self, action):  # type: ignore[no-untyped-def]
            if isinstance(action, Start | Restart):
                wrong.extend(f"{action.service} for {other}" for other in chain(action.service) if not self.state.of_use(other))
            super()._carry_out(action)

    world = Watched(pace=3).healthy()
    for fault, name, seconds in story:
        FAULTS[fault](world, name)
        world.advance(seconds)
    assert wrong == []


@SLOW
@given(STORY, NAMES)
def test_nothing_is_done_by_itself_to_what_somebody_works_on(story: list[tuple[str, str, int]], name: str) -> None:
    world = World(pace=3).healthy()
    lease = world.take("restore", name, seconds=3600)
    world.ask(name, Ask.STOP, lease="restore")
    for fault, other, seconds in story:
        if fault not in {"maintenance ends", "restarted by hand"}:
            FAULTS[fault](world, other)
        world.advance(seconds)
    assert [action for action in world.actions_on(name) if isinstance(action, Start | Restart)] == []
    assert world.phase(name) is Phase.MAINTENANCE
    world.release(lease)
    assert world.phase(name) is not Phase.MAINTENANCE


@SLOW
@given(STORY)
def test_when_the_faults_end_everything_is_healthy_or_quarantined(story: list[tuple[str, str, int]]) -> None:
    world = _play(story)
    for name in KEPT:
        _recovers(world, name)
        world.bodies[name].feels = True
    world.advance(240)
    set_aside = {name for name in KEPT if world.phase(name) is Phase.QUARANTINED}
    for name in KEPT:
        needed = {*chain(name), *KEPT[name].fronts, *(far for front in KEPT[name].fronts for far in chain(front))}
        if name not in set_aside and not set_aside & needed:
            assert world.phase(name) is Phase.HEALTHY, world.phases()


@SLOW
@given(
    st.lists(NAMES, max_size=3, unique=True),
    st.dictionaries(NAMES, st.floats(0, 40), max_size=4),
    st.lists(NAMES, max_size=2, unique=True),
)
def test_the_first_start_keeps_the_order(looping: list[str], slow: dict[str, float], running: list[str]) -> None:
    """A service is first started when all stages before are healthy or set aside, or the limit is over."""
    world = World(pace=3)
    for name in looping:
        world.bodies[name].dies_after = 1
    for name, seconds in slow.items():
        world.bodies[name].boots_in = seconds
    for name in running:
        world.bodies[name].status = "running"
    wrong: list[str] = []
    begun = world.now
    world.boot()
    first: set[str] = set()
    for _second in range(200):
        before = dict(world.phases())
        world.advance(1)
        for name in {action.service for _at, action in world.done} - first:
            first.add(name)
            waiting = [
                other
                for other in KEPT
                if KEPT[other].stage < KEPT[name].stage
                and before[other] not in {"healthy", "quarantined", "stopped"}
                and world.phase(other) is not Phase.HEALTHY
                and world.phase(other) is not Phase.QUARANTINED
            ]
            if waiting and name not in running and world.now - begun < STAGE_LIMIT:
                wrong.append(f"{name} before {waiting} at {world.now - begun}")
    assert wrong == []


def test_a_day_of_crashes_every_quarter_hour_needs_nobody() -> None:
    """A long quiet time between faults: each is healed, none is held against the service."""
    world = World(pace=3).healthy()
    for hour, name in enumerate(sorted(KEPT) * 2):
        world.kill(name)
        world.advance(20)
        assert world.all_healthy(), (hour, world.phases())
        world.now += 15 * MINUTE
    assert all(service.restarts == 2 for service in world.state.services.values())
