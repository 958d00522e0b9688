"""A whole day of random faults in simulated time, with alerts and incidents: no storm, nothing told twice or for nothing."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.supervisor.actions import Action
from app.supervisor.alerts.grouping import Kind
from app.supervisor.alerts.routing import Routing
from app.supervisor.alerts.signals import read_signals
from app.supervisor.decide.heal import BUDGET
from app.supervisor.events import Event, Tick
from app.supervisor.state import Phase, State
from tests.unit.supervisor.alerts.scene import MAIL, PAGER, Scene
from tests.unit.supervisor.alerts.test_invariants import _LEGAL
from tests.unit.supervisor.decide.test_invariants import FAULTS, NAMES, _within_window
from tests.unit.supervisor.incidents.desk import Desk
from tests.unit.supervisor.world import BEGIN, KEPT

DAY = timedelta(hours=24)
_STEP = timedelta(minutes=5)  # while nothing is wrong, and nothing waits for its time
_LASTS = 60  # seconds that a fault may do its work
_NO_FAULT = {"maintenance begins", "maintenance ends", "restarted by hand", "recovers", "falls silent with its dependencies"}
_STILL = frozenset({Phase.HEALTHY, Phase.QUARANTINED, Phase.DEGRADED})
_KINDS = sorted(set(FAULTS) - _NO_FAULT)
STORY = st.lists(st.tuples(st.sampled_from(_KINDS), NAMES, st.integers(0, 150)), min_size=3, max_size=6)


class Alerts(Scene):
    """The scene of the alerts, which looks at the world's own signals."""

    def turned(self, _before: State, after: State, event: Event, _actions: Sequence[Action], now: datetime) -> None:
        if not isinstance(event, Tick):
            return
        self.now, told = now, len(self.changes)
        self.signals = read_signals(after, now)
        self.look()
        self.desk.book.heard(self.changes[told:])

    desk: Desk


class Day:
    """A healthy appliance with its alerts and its book; `hit` are the services that something was done to."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.world = self.desk.world
        self.alerts = Alerts(routing=Routing((MAIL, PAGER)))
        self.alerts.desk = self.desk
        self.world.others = [self.alerts]
        self.hit: set[str] = set()

    def play(self, story: list[tuple[str, str, int]]) -> None:
        """Each fault does its work and is mended; after a pause of so many minutes comes the next, until the day is over."""
        for fault, name, minutes in story:
            self.hit |= set(KEPT) if fault == "all die" else {name}
            FAULTS[fault](self.world, name)
            self.world.advance(_LASTS)
            FAULTS["recovers"](self.world, name)
            self.until(min(self.world.now + timedelta(minutes=minutes), BEGIN + DAY))
        self.until(BEGIN + DAY)

    def until(self, end: datetime) -> None:
        while self.world.now < end:
            if self._quiet():
                self.world.now = min(self.world.now + _STEP, end)
            self.world.advance(1)

    def _quiet(self) -> bool:
        """Nothing changes by itself but for what minutes bring."""
        still = all(service.phase in _STILL for service in self.world.state.services.values())
        waiting = any(group.told_at is None for group in self.alerts.groups.values())
        pending = any(alert.stage == "pending" for alert in self.alerts.alerts.values())
        return still and not waiting and not pending


def _check(day: Day) -> None:
    world, alerts = day.world, day.alerts
    for name in KEPT:
        assert _within_window(world.done, name) <= BUDGET.attempts
    acted = {action.service for _at, action in world.done}
    assert acted <= day.hit
    assert {(step.was, step.now) for step in alerts.changes} <= _LEGAL
    _check_messages(day)
    set_aside = {name for name in KEPT if world.phase(name) is Phase.QUARANTINED}
    for incident in day.desk.shelf.newest(200):
        assert not incident.open or incident.cause in set_aside, incident
        assert incident.cause in day.hit | {"docker_silent"}, incident


def _check_messages(day: Day) -> None:
    messages = day.alerts.messages
    assert all(count == 1 for count in Counter(message.id for message in messages).values())
    told = Counter((alert.id, message.channel, message.kind) for message in messages for alert in message.alerts)
    assert all(count == 1 for (_alert, _channel, kind), count in told.items() if kind is not Kind.ESCALATE)
    named = {alert.subject for message in messages for alert in message.alerts if alert.rule.startswith("service_")}
    assert named <= day.hit
    for message in messages:
        assert not any(alert.muted for alert in message.alerts)


def _a_day(story: list[tuple[str, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        day = Day(Path(folder))
        day.play(story)
        _check(day)
        assert day.world.now >= BEGIN + DAY


_CALM = [HealthCheck.too_slow]


@pytest.mark.slow
@settings(deadline=None, max_examples=1, suppress_health_check=_CALM, derandomize=True)
@given(STORY)
def test_a_day_of_faults_breaks_no_promise(story: list[tuple[str, str, int]]) -> None:
    _a_day(story)


@pytest.mark.long
@settings(deadline=None, max_examples=15, suppress_health_check=_CALM, derandomize=True)
@given(STORY)
def test_many_days_of_faults_break_no_promise(story: list[tuple[str, str, int]]) -> None:
    _a_day(story)
