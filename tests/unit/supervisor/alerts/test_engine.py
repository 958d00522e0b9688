"""From a signal to an alert and back: doubt, hysteresis, acknowledgement, and what silence of a signal means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.supervisor.alerts.rule import Condition, Priority, Rule
from app.supervisor.alerts.rules import BY_NAME, RULES
from tests.unit.supervisor.alerts.scene import Scene


def test_a_condition_must_hold_for_as_long_as_the_rule_says() -> None:
    scene = Scene().set("host_cpu", 0.9).advance(299)
    assert scene.stage("host_cpu") == "pending"
    assert scene.advance(3).stage("host_cpu") == "firing"
    assert scene.steps("host_cpu") == ["pending", "firing"]


def test_a_doubt_that_passes_is_dropped() -> None:
    scene = Scene().set("host_cpu", 0.9).advance(200).set("host_cpu", 0.5).advance(2).set("host_cpu", 0.9).advance(200)
    assert scene.stage("host_cpu") == "pending"
    assert scene.messages == []


def test_a_firing_alert_ends_only_below_its_clearing_threshold_and_after_its_calm() -> None:
    scene = Scene().set("host_cpu", 0.9).advance(310).set("host_cpu", 0.78).advance(120)
    assert scene.stage("host_cpu") == "firing"  # below 80 %, but not below 75 %
    scene.set("host_cpu", 0.5).advance(30).set("host_cpu", 0.9).advance(5).set("host_cpu", 0.5).advance(59)
    assert scene.stage("host_cpu") == "firing"
    assert scene.advance(5).stage("host_cpu") == "resolved"


def test_what_occurs_again_is_another_alert() -> None:
    scene = Scene().down("redis").advance(50)
    first = scene.alerts["service_down", "redis"].id
    scene.up("redis").advance(120).down("redis").advance(50)
    assert scene.alerts["service_down", "redis"].id != first
    assert scene.kinds() == ["trigger", "resolve", "trigger"]


def test_an_absent_signal_fires_nothing_and_ends_nothing() -> None:
    scene = Scene().advance(10)
    assert scene.alerts == {}
    scene.down("redis").advance(40).forget("service_down", "redis").advance(3600, step=10)
    assert scene.stage("service_down", "redis") == "firing"


def test_an_alert_about_nothing_any_more_ends_after_a_day() -> None:
    scene = Scene().down("redis").advance(40).forget("service_down", "redis").advance(25 * 3600, step=60)
    assert scene.steps("service_down", "redis")[-1] == "resolved"
    assert "for a day" in scene.changes[-1].detail


def test_acknowledging_takes_name_and_reason_and_ends_with_the_alert() -> None:
    scene = Scene().down("redis").advance(50).acknowledge("service_down", "redis")
    assert (scene.changes[-1].now, scene.changes[-1].by, scene.changes[-1].reason) == ("acknowledged", "Ada", "looking at it")
    scene.up("redis").advance(120).down("redis").advance(50)
    assert scene.stage("service_down", "redis") == "firing"


def test_only_what_fires_can_be_acknowledged() -> None:
    scene = Scene().down("redis").advance(5).acknowledge("service_down", "redis")
    assert scene.stage("service_down", "redis") == "pending"


def test_a_rule_that_is_switched_off_ends_its_alerts() -> None:
    scene = Scene().down("redis").advance(50)
    scene.rules = tuple(rule for rule in RULES if rule.name != "service_down")
    scene.look()
    assert scene.steps("service_down", "redis")[-1] == "resolved"


def test_a_changed_priority_reaches_an_alert_that_stands() -> None:
    scene = Scene().down("redis").advance(50)
    scene.rules = (replace(BY_NAME["service_down"], priority=Priority.P3),)
    assert scene.look().alerts["service_down", "redis"].priority == "P3"


@pytest.mark.parametrize(
    ("condition", "value", "held", "holds"),
    [
        (Condition(5), 5, False, False),
        (Condition(5), 5.1, False, True),
        (Condition(0.8, clear=0.7), 0.75, False, False),
        (Condition(0.8, clear=0.7), 0.75, True, True),
        (Condition(14, below=True), 13.9, False, True),
        (Condition(14, below=True), 14, False, False),
        (Condition(0.1, below=True, clear=0.12), 0.11, True, True),
    ],
)
def test_conditions(condition: Condition, value: float, held: bool, holds: bool) -> None:
    assert condition.holds(value, held) is holds


def test_the_same_look_gives_the_same_ids() -> None:
    one, two = Scene().down("redis").advance(50), Scene().down("redis").advance(50)
    assert [message.id for message in one.messages] == [message.id for message in two.messages] != []


def test_at_once_means_at_once() -> None:
    rule = Rule("now", "now", "x", Condition(0), Priority.P1, "", after=timedelta(0))
    scene = Scene(rules=(rule,)).set("x", 1).advance(1)
    assert scene.steps("now") == ["pending", "firing"]
