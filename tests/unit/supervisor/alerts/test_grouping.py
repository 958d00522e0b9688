"""One failure makes one message: what explains what, what is told together, to whom, when it is over, and when nobody answers."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.supervisor.alerts.grouping import Kind
from app.supervisor.alerts.routing import QuietHours, Routing
from app.supervisor.alerts.rule import Priority
from app.supervisor.alerts.rules import BY_NAME
from app.supervisor.alerts.wording import word
from tests.unit.supervisor.alerts.scene import MAIL, PAGER, SECOND, THIRD, Scene
from tests.unit.supervisor.world import KEPT


def test_a_database_that_is_down_explains_everything_that_depends_on_it() -> None:
    scene = Scene().down("mongodb").advance(3).down("backend", "worker", "ai", "nginx", cause="mongodb").advance(120)
    assert scene.told() == [["service_down mongodb"]]
    assert {alert.cause for alert in scene.alerts.values()} == {"mongodb"}
    scene.up("mongodb", "backend", "worker", "ai", "nginx").advance(300)
    assert scene.kinds() == ["trigger", "resolve"]


def test_the_message_names_what_is_affected() -> None:
    scene = Scene().down("mongodb").down("backend", "worker", cause="mongodb").advance(60)
    assert scene.messages[0].affected == ("backend", "worker")


def test_a_dependant_seen_first_waits_for_its_root() -> None:
    scene = Scene().down("backend").advance(2).down("backend", cause="mongodb").down("mongodb").advance(60)
    assert scene.told() == [["service_down mongodb"]]


def test_a_dependant_that_stays_down_speaks_for_itself_a_while_after_its_root() -> None:
    scene = Scene().down("mongodb").down("backend", cause="mongodb").advance(60)
    scene.up("mongodb").down("backend").advance(100)
    assert scene.told(Kind.TRIGGER) == [["service_down mongodb"]]
    scene.advance(120)
    assert scene.told(Kind.TRIGGER) == [["service_down mongodb"], ["service_down backend"]]


def test_everything_down_is_one_message() -> None:
    scene = Scene()
    for name in KEPT:
        scene.down(name).advance(1)
    scene.advance(60)
    assert len(scene.messages) == 1
    assert len(scene.messages[0].alerts) == len(KEPT)


def test_a_group_is_over_when_all_of_it_is() -> None:
    scene = Scene().down("redis", "ai").advance(60).up("redis").advance(90)
    assert scene.kinds() == ["trigger"]
    assert scene.up("ai").advance(90).kinds() == ["trigger", "resolve"]


def test_unlike_things_are_told_apart() -> None:
    scene = Scene().down("redis").set("disk_free_share", 0.01).advance(60)
    assert sorted(scene.told()) == [["disk_full"], ["service_down redis"]]


def test_what_is_over_within_the_window_is_not_told() -> None:
    scene = Scene().set("service_quarantined", 1, "redis").advance(2)
    assert scene.stage("service_quarantined", "redis") == "firing"
    scene.rules = tuple(rule for rule in scene.rules if rule.name != "service_quarantined")
    assert scene.advance(30).messages == []


def test_down_and_quarantined_are_one_failure_whichever_comes_first() -> None:
    crashing = Scene().down("ai").advance(60).set("service_quarantined", 1, "ai").advance(60)
    assert crashing.told() == [["service_down ai"]]
    flapping = Scene().set("service_quarantined", 1, "ai").down("ai").advance(90)
    assert flapping.told() == [["service_quarantined ai"]]


def test_a_restart_after_an_alarm_is_no_second_message() -> None:
    scene = Scene().down("ai").advance(60).up("ai").advance(60).set("service_restarted", 3, "ai").advance(900, step=5)
    assert scene.told(Kind.TRIGGER) == [["service_down ai"]]


def test_a_restart_alone_is_told_once_and_its_end_to_programs_only() -> None:
    scene = Scene(routing=Routing((MAIL, PAGER))).set("service_restarted", 1, "ai").advance(60)
    scene.set("service_restarted", 0, "ai").advance(60)
    assert (scene.kinds(), scene.kinds("pager")) == (["trigger"], ["trigger", "resolve"])


def test_errors_that_outlast_the_database_by_their_own_window_are_explained_by_it() -> None:
    scene = Scene().down("mongodb").advance(20).set("api_error_share", 0.5).advance(60)
    scene.up("mongodb").advance(200).set("api_error_share", 0).advance(600)
    assert scene.told(Kind.TRIGGER) == [["service_down mongodb"]]


def test_errors_of_their_own_are_told() -> None:
    assert Scene().set("api_error_share", 0.5).advance(200).told() == [["api_errors"]]


def test_priorities_choose_the_channels() -> None:
    loud = replace(PAGER, priorities=frozenset({Priority.P1}))
    scene = Scene(routing=Routing((MAIL, loud))).set("clock_drift_s", 9).advance(400)
    assert [message.channel for message in scene.messages] == ["mail"]


def test_a_rule_may_name_its_channels() -> None:
    scene = Scene(routing=Routing((MAIL, SECOND)))
    scene.rules = (replace(BY_NAME["service_down"], channels=("second",)),)
    scene.down("redis").advance(60)
    assert [message.channel for message in scene.messages] == ["second"]


def test_a_failing_channel_is_told_over_the_others() -> None:
    scene = Scene(routing=Routing((MAIL, PAGER))).set("channel_failing", 1, "mail").advance(30)
    assert [message.channel for message in scene.messages] == ["pager"]


def test_nobody_answers_so_the_next_are_asked() -> None:
    scene = Scene(routing=Routing((MAIL, SECOND, THIRD))).down("redis").advance(60).advance(16 * 60, step=5)
    assert [(message.kind.value, message.channel) for message in scene.messages] == [("trigger", "mail"), ("escalate", "second")]
    scene.advance(15 * 60, step=5)
    assert (scene.messages[-1].kind.value, scene.messages[-1].channel) == ("escalate", "third")
    scene.advance(7200, step=10).up("redis").advance(120)
    assert [message.channel for message in scene.messages if message.kind is Kind.RESOLVE] == ["mail", "second", "third"]
    assert len(scene.messages) == 6


TIMES = {
    Priority.P1: ("15m", "4h"),
    Priority.P2: ("1h", "8h"),
    Priority.P3: ("4h", "24h"),
    Priority.P4: ("24h", "168h"),
}


def _minutes(length: str) -> int:
    return int(length[:-1]) * {"m": 1, "h": 60}[length[-1]]


@pytest.mark.parametrize("priority", TIMES)
def test_each_priority_is_answered_and_over_in_its_time(priority: Priority) -> None:
    """Nobody answers: the next tier is asked after the one time, and everybody told again after the other, once."""
    respond, resolve = (_minutes(length) for length in TIMES[priority])
    rule = replace(BY_NAME["service_down"], priority=priority)
    scene = Scene(rules=(rule,), routing=Routing((MAIL, SECOND))).down("redis").advance(60)
    (told,) = scene.messages
    step = respond * 60 / 90
    while scene.now < told.at + timedelta(minutes=resolve, seconds=2 * step):
        scene.advance(step, step=step)
    after = {
        kind: [message.at - told.at for message in scene.messages if message.kind is kind]
        for kind in (Kind.ESCALATE, Kind.OVERDUE)
    }
    slack = timedelta(seconds=step)
    assert timedelta(minutes=respond) <= after[Kind.ESCALATE][0] <= timedelta(minutes=respond) + slack
    assert timedelta(minutes=2 * respond) <= after[Kind.ESCALATE][1] <= timedelta(minutes=2 * respond) + slack
    assert len(after[Kind.OVERDUE]) == 2  # one for each channel that was told
    assert all(timedelta(minutes=resolve) <= late <= timedelta(minutes=resolve) + slack for late in after[Kind.OVERDUE])


def test_what_is_looked_after_and_still_not_over_is_told_once() -> None:
    scene = Scene().down("redis").advance(60).acknowledge("service_down", "redis").advance(5 * 3600, step=60)
    assert scene.kinds() == ["trigger", "overdue"]
    words = word(scene.messages[-1], BY_NAME)
    assert words.subject == "[TradeAI P1 still not over] redis is down"
    assert words.closing == "It should be over within 4 hours. Ada looks after it."
    scene.advance(86_400, step=600)
    assert scene.kinds() == ["trigger", "overdue"]


def test_what_is_silenced_is_told_to_be_late_when_the_silence_is_over() -> None:
    scene = Scene().down("redis").advance(60).silence("*", "*", 6 * 3600).advance(5 * 3600, step=60)
    assert Kind.OVERDUE not in {message.kind for message in scene.messages}
    scene.advance(2 * 3600, step=60)
    assert "overdue" in scene.kinds()


def test_without_a_next_tier_the_first_is_asked_again() -> None:
    assert Scene().down("redis").advance(60).advance(17 * 60, step=5).kinds() == ["trigger", "escalate"]


def test_each_tier_has_its_time_also_after_an_hour_in_which_nobody_kept_watch() -> None:
    scene = Scene(routing=Routing((MAIL, SECOND, THIRD))).down("redis").advance(60)
    scene.now += timedelta(hours=1)
    scene.advance(60)
    assert [(message.kind.value, message.channel) for message in scene.messages] == [("trigger", "mail"), ("escalate", "second")]
    scene.advance(15 * 60, step=5)
    assert (scene.messages[-1].kind.value, scene.messages[-1].channel) == ("escalate", "third")


def test_who_answered_is_left_in_peace_and_programs_hear_of_it() -> None:
    scene = Scene(routing=Routing((MAIL, PAGER, SECOND))).down("redis").advance(60).acknowledge("service_down", "redis")
    scene.advance(7200, step=10)
    assert (scene.kinds(), scene.kinds("pager"), scene.kinds("second")) == (["trigger"], ["trigger", "acknowledge"], [])


def test_a_silence_keeps_quiet_and_ends() -> None:
    scene = Scene().silence("service_*", "redis", 600).down("redis").advance(300)
    assert scene.messages == []
    assert scene.advance(400).told() == [["service_down redis"]]


def test_a_silence_covers_only_what_it_says() -> None:
    scene = Scene().silence("service_down", "ai", 600).down("redis", "ai").advance(60)
    assert scene.told() == [["service_down redis"]]


def test_a_silence_made_later_stops_escalation_but_not_the_good_news() -> None:
    scene = Scene().down("redis").advance(60).silence("*", "*", 3600).advance(3000, step=10).up("redis").advance(120)
    assert scene.kinds() == ["trigger", "resolve"]


def _at_night() -> Routing:
    return Routing((MAIL,), QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin")))


def test_at_night_what_can_wait_waits_until_morning() -> None:
    scene = Scene(routing=_at_night()).set("clock_drift_s", 9)
    scene.now = datetime(2026, 3, 2, 23, 0, tzinfo=ZoneInfo("UTC"))
    scene.advance(6 * 3600, step=30)
    assert scene.messages == []
    scene.advance(3600 + 60, step=30)
    assert [f"{message.at:%H:%M}" for message in scene.messages] == ["06:00"]  # seven in Berlin


def test_at_night_what_is_over_by_morning_is_not_told() -> None:
    scene = Scene(routing=_at_night()).set("clock_drift_s", 9)
    scene.now = datetime(2026, 3, 2, 23, 0, tzinfo=ZoneInfo("UTC"))
    scene.advance(3600, step=30).set("clock_drift_s", 0).advance(8 * 3600, step=30)
    assert scene.messages == []


def test_what_cannot_wait_goes_out_at_night_even_beside_what_can() -> None:
    scene = Scene(routing=_at_night()).set("service_restarted", 1, "ai")
    scene.now = datetime(2026, 3, 2, 23, 0, tzinfo=ZoneInfo("UTC"))
    scene.advance(60).down("redis").advance(60)
    assert scene.told() == [["service_down redis"]]


def test_a_restarted_supervisor_tells_nothing_twice() -> None:
    scene = Scene().down("redis").advance(60).forget("service_down", "redis").advance(5).down("redis").advance(600)
    assert scene.kinds() == ["trigger"]


def test_a_busy_host_that_is_only_a_doubt_keeps_no_failure_quiet_that_is_the_services_own() -> None:
    scene = Scene().set("host_cpu", 0.99).down("ai", cause="host").advance(60)
    assert scene.told() == []
    scene.down("ai").advance(20)
    assert scene.told() == [["service_down ai"]]
