"""A test of a rule goes the whole way from a value to its channels, is remembered, and fails where the way is broken."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.alerts import rehearsal
from app.supervisor.alerts.desk import Refused
from app.supervisor.alerts.rehearsal import rehearse
from app.supervisor.alerts.routing import QuietHours, Route, Routing, Tier
from app.supervisor.alerts.rule import Condition, Priority, Rule
from app.supervisor.alerts.rule_tests import RuleTests
from app.supervisor.alerts.rules import BY_NAME, RULES
from app.supervisor.store import Line
from tests.unit.supervisor.alerts.office import Office
from tests.unit.supervisor.alerts.receivers import Receiver, http_receiver
from tests.unit.supervisor.world import BEGIN

MAIL = Routing((Route("mail"),))
HOOK = '[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{url}"\nsecret = "sixteen characters"\n'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as running:
        yield running


class Bench:
    """An office with one channel, whose rules are bench."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.office, self.notes = Office(folder, HOOK.format(url=url) if url else ""), list[Line]()
        self.tests = RuleTests(self.office.desk, self.office.store, self.office.clock, self.notes.append)

    @contextmanager
    def sending(self) -> Iterator[None]:
        stopping = threading.Event()
        sender = threading.Thread(target=self.office.desk.outbox.run, args=(stopping, 0.01), daemon=True)
        sender.start()
        yield
        stopping.set()
        self.office.desk.outbox.wake()
        sender.join(5)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_fires_is_told_and_ends(rule: Rule) -> None:
    played = rehearse(rule, MAIL, BEGIN)
    assert (played.good, played.channels) == (True, ("mail",)), played.text


def test_a_rule_that_nobody_would_be_told_of_is_not_good() -> None:
    only_urgent = Routing((Route("pager", Tier.OPERATIONS, frozenset({Priority.P1})),))
    played = rehearse(BY_NAME["tasks_overdue"], only_urgent, BEGIN)
    assert not played.good
    assert "no channel would be told of a P4" in played.text
    assert rehearse(BY_NAME["service_down"], only_urgent, BEGIN).good


def test_the_channels_of_a_rule_go_before_those_of_its_priority() -> None:
    rule = replace(BY_NAME["service_down"], channels=("second",))
    assert rehearse(rule, Routing((Route("mail"), Route("second"))), BEGIN).channels == ("second",)


def test_quiet_hours_do_not_fail_a_test() -> None:
    asleep = QuietHours(BEGIN.time(), (BEGIN + timedelta(hours=2)).time(), BEGIN.tzinfo)  # type: ignore[arg-type]
    assert rehearse(BY_NAME["tasks_overdue"], replace(MAIL, quiet=asleep), BEGIN).good


def test_a_condition_that_never_holds_is_found() -> None:
    never = replace(BY_NAME["disk_low"], after=timedelta(), condition=Condition(float("inf")))
    assert rehearse(never, MAIL, BEGIN).text == "It does not fire beyond its threshold"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"after": timedelta()}, "It does not wait for the time it is to hold"),
        ({"calm": timedelta(days=1)}, "It does not end when its cause is gone"),
    ],
)
def test_an_engine_that_is_too_quick_or_never_done_is_found(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, timedelta], found: str
) -> None:
    honest = rehearsal.evaluate
    monkeypatch.setattr(rehearsal, "evaluate", lambda rules, *rest: honest([replace(one, **change) for one in rules], *rest))
    played = rehearse(BY_NAME["host_cpu"], MAIL, BEGIN)
    assert (played.good, played.text) == (False, found)


def test_a_test_reaches_the_channel_and_is_remembered(tmp_path: Path, receiver: Receiver) -> None:
    bench = Bench(tmp_path, receiver.url)
    with bench.sending():
        done = bench.tests.test("host_cpu", "Ada", 10)
    assert (done.good, done.told) == (True, True), done.text
    (heard,) = receiver.heard
    assert json.loads(heard.body)["kind"] == "test"
    assert "Test of the alert rule" in heard.body.decode()
    bench.office.restart()
    again = RuleTests(bench.office.desk, bench.office.store, bench.office.clock, bench.notes.append)
    assert again.last()["host_cpu"] == done
    assert "Ada tested the alert rule host_cpu: it went well" in bench.notes[-1].text
    assert bench.office.desk.live() == []


def test_a_channel_that_refuses_fails_the_test(tmp_path: Path, receiver: Receiver) -> None:
    receiver.ok = (500, {}, "broken")
    bench = Bench(tmp_path, receiver.url)
    with bench.sending():
        done = bench.tests.test("host_cpu", "Ada", 10)
    assert (done.good, done.told) == (False, False)
    assert "hook was not told" in bench.tests.last()["host_cpu"].text
    assert bench.notes[-1].bad


def test_a_message_that_is_not_taken_in_time_fails_the_test(tmp_path: Path, receiver: Receiver) -> None:
    done = Bench(tmp_path, receiver.url).tests.test("host_cpu", "Ada", 0.01)  # nobody sends
    assert "hook was not told: not taken within" in done.text
    assert not done.good


def test_all_are_played_and_nobody_is_told(tmp_path: Path, receiver: Receiver) -> None:
    bench = Bench(tmp_path, receiver.url)
    with bench.sending():
        done = bench.tests.test_all("cron")
    assert {one.rule for one in done} == set(BY_NAME)
    assert all(one.good and not one.told for one in done)
    assert receiver.heard == []
    assert set(bench.tests.last()) == set(BY_NAME)


def test_without_channels_no_rule_is_proven(tmp_path: Path) -> None:
    assert not any(one.good for one in Bench(tmp_path).tests.test_all("cron"))


def test_an_unknown_rule_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="host_cpu"):
        Bench(tmp_path).tests.test("nothing", "Ada", 1)


def test_what_fired_in_earnest_is_known(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.office.down("mongodb")
    assert set(bench.tests.fired()) == {"service_down"}
