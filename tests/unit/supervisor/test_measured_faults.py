"""Faults that a deployed appliance once answered wrongly, replayed: the decisions, the alerts and the incidents together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.supervisor.actions import Action
from app.supervisor.alerts.grouping import Kind
from app.supervisor.alerts.rules import RULES
from app.supervisor.alerts.signals import read_signals
from app.supervisor.events import Event, HostSampled, Tick
from app.supervisor.state import HostState, State
from tests.unit.supervisor.alerts.scene import Scene
from tests.unit.supervisor.incidents.desk import Desk
from tests.unit.supervisor.world import BEGIN

pytestmark = pytest.mark.slow  # hours are played through here

BUSY_HOST = HostState(1.0, 2, (9.0, 9.0, 9.0), 8, 4, 0, 0, 100, 50, 100, 50, BEGIN)


class Office(Scene):
    """Alerts that look at a world and tell its book, with `service_down` waiting for `after`."""

    def turned(self, _before: State, after: State, event: Event, _actions: Sequence[Action], now: datetime) -> None:
        if isinstance(event, Tick):
            self.now, told = now, len(self.changes)
            self.signals = read_signals(after, now)
            self.look()
            self.desk.book.heard(self.changes[told:])

    desk: Desk


def _office(folder: Path, after: float, calm: float) -> Office:
    rules = tuple(
        replace(rule, after=timedelta(seconds=after), calm=timedelta(seconds=calm)) if rule.name == "service_down" else rule
        for rule in RULES
        if rule.name not in {"service_restarted", "host_cpu"}  # as the matrix has them switched off
    )
    office = Office(rules=rules)
    office.desk = Desk(folder)
    office.desk.world.others = [office]
    return office


@pytest.mark.parametrize("later", [0, 5, 25])
def test_a_password_that_fits_no_more_is_one_message_and_one_incident(tmp_path: Path, later: int) -> None:
    """Whoever notices `later` adds nothing, and nobody blames the backend when the database takes it in again."""
    office = _office(tmp_path, after=10, calm=5)
    world = office.desk.world
    world.bodies["backend"].refused_by = "mongodb"
    world.advance(later)
    world.bodies["worker"].refused_by = "mongodb"
    world.advance(60)
    world.bodies["backend"].refused_by = world.bodies["worker"].refused_by = ""
    world.advance(120)
    assert len(office.told(Kind.TRIGGER)) == 1
    assert {alert for message in office.told() for alert in message} <= {"service_down backend", "service_down worker"}
    assert "nginx" in office.messages[0].affected
    assert office.kinds() == ["trigger", "resolve"]
    assert [incident.cause for incident in office.desk.shelf.newest(10)] == ["mongodb"]
    assert world.done == []


def test_one_notices_late_what_another_was_told_of_and_lasts_longer(tmp_path: Path) -> None:
    """The end is told when the last of them is well."""
    office = _office(tmp_path, after=10, calm=5)
    world = office.desk.world
    world.bodies["backend"].refused_by = "mongodb"
    world.advance(40)
    world.bodies["worker"].refused_by = "mongodb"
    world.advance(40)
    world.bodies["backend"].refused_by = ""
    world.advance(60)
    assert office.kinds() == ["trigger"]
    world.bodies["worker"].refused_by = ""
    world.advance(60)
    assert office.kinds() == ["trigger", "resolve"]


def test_who_falls_silent_with_a_killed_redis_is_not_told_beside_it(tmp_path: Path) -> None:
    """On a busy machine realtime is counted out before Redis answers again: for a moment nobody can say whose fault it is."""
    office = _office(tmp_path, after=1, calm=12)
    world = office.desk.world
    world.bodies["redis"].boots_in = world.bodies["mongodb"].boots_in = 12
    for name in ("realtime", "backend", "worker"):
        world.bodies[name].feels = False
    world.crash("redis", 137)
    world.advance(300)
    assert office.told(Kind.TRIGGER) == [["service_down redis"]]
    assert {action.service for _at, action in world.done} == {"redis"}
    assert [incident.cause for incident in office.desk.shelf.newest(10)] == ["redis"]


@pytest.mark.parametrize("name", ["mongodb", "redis"])
def test_a_database_that_recovers_beyond_its_limit_is_one_message_and_one_incident(tmp_path: Path, name: str) -> None:
    office = _office(tmp_path, after=10, calm=5)
    world = office.desk.world
    world.bodies[name].boots_in = 500
    world.crash(name, 137)
    world.advance(490)
    assert office.told() == [[f"service_down {name}"]]
    assert "left alone" in world.state.services[name].reason.text
    world.advance(400)
    assert office.kinds() == ["trigger", "resolve"]
    assert [incident.cause for incident in office.desk.shelf.newest(10)] == [name]
    assert [action.service for _at, action in world.done] == [name]


def test_a_stage_that_does_not_open_is_an_incident_that_names_the_blocker(tmp_path: Path) -> None:
    """Redis never answers after the host booted: those behind it wait, and are neither told nor blamed."""
    office = _office(tmp_path, after=10, calm=5)
    world = office.desk.world
    for name, body in world.bodies.items():
        body.status, body.exit_code = "exited", 0
        body.boots_in = 10**6 if name == "redis" else 2
        body.works = name != "redis"
    world.state = State()
    world.boot()
    world.advance(400)
    assert world.phase("backend").value in {"starting", "failed", "degraded"}
    assert "service_down redis" in {alert for message in office.told(Kind.TRIGGER) for alert in message}
    assert {incident.cause for incident in office.desk.shelf.newest(10)} == {"redis"}
    assert any("although redis is not healthy" in note for note in world.notes)


@pytest.mark.parametrize("root", ["mongodb", "redis"])
def test_on_a_busy_host_the_hung_database_is_told_and_not_those_who_noticed_first(tmp_path: Path, root: str) -> None:
    """Its own silence counts for half a minute later there, because each answer is waited for longer."""
    office = _office(tmp_path, after=10, calm=5)
    world = office.desk.world
    world.bodies[root].hangs = True
    for moment in range(115):
        world.tell(HostSampled(BUSY_HOST))
        if moment < 30:  # three answers, each waited for ten seconds
            world.last_ok[root] = world.now if moment % 10 else BEGIN
        world.advance(1)
    world.advance(120)
    assert office.told(Kind.TRIGGER) == [[f"service_down {root}"]]
    assert {action.service for _at, action in world.done} == {root}
    assert "backend" in office.messages[0].affected
