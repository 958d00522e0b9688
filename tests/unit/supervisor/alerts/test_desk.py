"""The desk ties it together: the state of the services becomes alerts, people answer, the file is followed, listeners hear."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.alerts.desk import Refused
from app.supervisor.state import Phase
from app.supervisor.store import RETRY, Line
from tests.unit.supervisor.alerts.office import Office
from tests.unit.supervisor.alerts.receivers import http_receiver


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def _journal(office: Office) -> str:
    return "\n".join(line.text for line in office.store.journal(20))


def test_listeners_hear_each_step_and_a_broken_one_keeps_none_from_hearing(office: Office) -> None:
    def broken(_changes: object) -> None:
        raise RuntimeError("no")

    office.desk._listeners.insert(0, broken)
    office.down()
    assert [(change.rule, change.subject, change.was, change.now, change.cause) for change in office.changes] == [
        ("service_down", "mongodb", "ok", "pending", "mongodb"),
        ("service_down", "mongodb", "pending", "firing", "mongodb"),
    ]


def test_without_channels_everything_is_still_seen(office: Office) -> None:
    office.down()
    assert [office.desk.title(alert) for alert in office.desk.live()] == ["mongodb is down"]
    assert office.desk.outbox.waiting() == 0


def test_acknowledging_leaves_a_line_and_survives_a_restart(office: Office) -> None:
    office.down()
    office.desk.acknowledge(office.desk.live()[0].id, " Ada ", "looking\nat it")
    assert "Ada acknowledged: mongodb is down (looking at it)" in _journal(office)
    office.restart()
    office.advance(5)
    alert = office.desk.live()[0]
    assert (alert.stage, alert.acknowledged_by, alert.reason) == ("acknowledged", "Ada", "looking at it")
    assert office.changes[-1].by == "Ada"


def test_acknowledging_covers_what_was_told_with_it(office: Office) -> None:
    office.service("redis", Phase.FAILED)
    office.service("mongodb", Phase.FAILED)
    office.service("backend", Phase.DEGRADED, "mongodb")
    office.advance(50)
    office.desk.acknowledge(office.desk.live()[0].id, "Ada", "both")
    assert {(alert.subject, alert.stage.value) for alert in office.desk.live()} == {
        ("mongodb", "acknowledged"),
        ("redis", "acknowledged"),
        ("backend", "acknowledged"),
    }


@pytest.mark.parametrize(("who", "reason"), [("", "why"), ("  ", "why"), ("Ada", ""), ("Ada", " \n ")])
def test_acknowledging_takes_a_name_and_a_reason(office: Office, who: str, reason: str) -> None:
    office.down()
    with pytest.raises(Refused, match="Say"):
        office.desk.acknowledge(office.desk.live()[0].id, who, reason)
    assert office.desk.live()[0].stage == "firing"


def test_what_is_not_there_cannot_be_acknowledged(office: Office) -> None:
    with pytest.raises(Refused, match="no such alert") as error:
        office.desk.acknowledge("nonsense", "Ada", "why")
    assert error.value.missing


def test_a_silence_survives_a_restart_and_can_be_ended(office: Office) -> None:
    made = office.desk.silence("service_*", "redis", timedelta(hours=1), "Ada", "moves the host")
    office.restart()
    assert [silence.id for silence in office.desk.silences] == [made.id]
    office.desk.unsilence(made.id, "Bob")
    office.restart()
    assert office.desk.silences == []
    assert "Bob ended the silence" in _journal(office)


@pytest.mark.parametrize(
    ("rule", "length", "complaint"),
    [
        ("nonsense", timedelta(hours=1), "no rule nonsense"),
        ("", timedelta(hours=1), "no rule"),
        ("service_down", timedelta(0), "1 minute to 30 days"),
        ("service_down", timedelta(days=31), "1 minute to 30 days"),
        ("service_down", timedelta(days=-1), "1 minute to 30 days"),
    ],
)
def test_absurd_silences_are_refused(office: Office, rule: str, length: timedelta, complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        office.desk.silence(rule, "*", length, "Ada", "why")
    assert office.desk.silences == []


def test_a_changed_file_is_followed(office: Office) -> None:
    office.file.write_text('[rules.service_down]\npriority = "P3"\nafter = "2s"')
    office.desk.follow_settings()
    office.service("redis", Phase.FAILED)
    office.advance(5)
    assert [(alert.priority, alert.stage) for alert in office.desk.live()] == [("P3", "firing")]


def test_a_broken_file_changes_nothing_and_raises_its_own_alert(office: Office) -> None:
    office.file.write_text('[rules.service_down]\nafter = "2s"')
    office.desk.follow_settings()
    office.file.write_text('[rules.service_down]\nafter = "soon"')
    office.desk.follow_settings()
    office.service("redis", Phase.FAILED)
    office.advance(20)
    live = {alert.rule: alert for alert in office.desk.live()}
    assert live["service_down"].stage == "firing"
    assert "line 2, rules.service_down.after" in live["settings_broken"].detail
    office.file.write_text("")
    office.desk.follow_settings()
    office.advance(2)
    assert "settings_broken" not in {alert.rule for alert in office.desk.live()}


def test_after_a_restart_with_a_broken_file_the_last_good_one_is_in_force(office: Office) -> None:
    office.file.write_text('[rules.service_down]\npriority = "P4"')
    office.desk.follow_settings()
    office.file.write_text("= nonsense")
    office.restart()
    assert office.desk.rules["service_down"].priority == "P4"
    assert office.desk.settings.mistakes[0].line == 1


def test_the_kept_copy_of_the_settings_is_nobody_elses_to_read(office: Office) -> None:
    office.file.write_text("[rules]")
    office.desk.follow_settings()
    assert (office.folder / "state" / "alerts-last-good.toml").stat().st_mode & 0o077 == 0


def test_a_measure_fires_and_a_stale_one_says_nothing(office: Office) -> None:
    office.measure("backup_failed", 1)
    office.advance(20)
    assert [alert.rule for alert in office.desk.live()] == ["backup_failed"]
    office.advance(3600, step=60)
    assert [alert.rule for alert in office.desk.live()] == ["backup_failed"]  # nobody said that it is well again
    office.measure("backup_failed", 0)
    office.advance(70)
    assert office.desk.live() == []


def test_a_damaged_state_file_is_said_loudly(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "supervisor.sqlite3").write_bytes(b"nonsense" * 1000)
    office = Office(tmp_path)
    office.advance(2)
    (alert,) = office.desk.live()
    assert (alert.rule, alert.stage.value) == ("state_damaged", "firing")
    assert "damaged-" in alert.detail


def test_a_volume_that_takes_nothing_from_the_start_is_an_alert_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("")
    office = Office(tmp_path)
    office.store.save([], office.clock.now())
    office.store.note(Line(office.clock.now(), "", "written to memory", False))
    office.advance(RETRY.total_seconds())
    assert [(alert.rule, alert.stage.value) for alert in office.desk.live()] == [("state_unwritable", "firing")]
    in_the_way.unlink()
    office.store.save([], office.clock.now())
    office.advance(70)
    assert office.desk.live() == []


def test_the_weekly_self_test_comes_on_monday_once_to_channels_known_before(tmp_path: Path) -> None:
    with http_receiver() as receiver:
        settings = f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{receiver.url}"\nsecret = "sixteen characters"\n'
        office = Office(tmp_path, settings)  # it is Monday, eight o'clock
        office.advance(3 * 3600, step=60)
        office.send()
        assert [heard.json["kind"] for heard in receiver.heard] == ["self-test"]
        office.restart()
        office.advance(86400, step=600)
        office.send()
        assert len(receiver.heard) == 1
        office.file.write_text(settings + settings.replace('"hook"', '"new"'))
        office.desk.follow_settings()
        office.advance(60)
        assert office.send() == 0


def test_the_heartbeat_beats_counts_failures_and_becomes_an_alert(tmp_path: Path) -> None:
    with http_receiver() as receiver:
        office = Office(tmp_path, f'[heartbeat]\nurl = "{receiver.url}/secretpart"\nevery = "60s"')
        entry = office.desk.settings.current.file.heartbeat
        assert entry is not None
        receiver.answers = [(500, {}, "")] * 3
        for _beat in range(3):
            office.desk.heartbeat.beat(entry)
            office.advance(60, step=10)
        office.advance(80, step=10)
        (alert,) = office.desk.live()
        assert (alert.rule, alert.stage.value) == ("heartbeat_failing", "firing")
        assert "500" in alert.detail
        assert "secretpart" not in alert.detail
        office.desk.heartbeat.beat(entry)
        office.advance(70, step=10)
        assert office.desk.live() == []
        assert office.desk.heartbeat.pulse.ok_at is not None


class _ThreeRounds(threading.Event):
    """Set after three waits, none of which takes time."""

    rounds = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.rounds += 1
        if self.rounds == 3:
            self.set()
        return self.is_set()


@pytest.mark.parametrize(("alive", "beats"), [(True, 1), (False, 0)])
def test_a_stuck_keeper_sends_no_heartbeat(tmp_path: Path, alive: bool, beats: int) -> None:
    with http_receiver() as receiver:
        office = Office(tmp_path, f'[heartbeat]\nurl = "{receiver.url}"\nevery = "60s"')
        office.desk.watch(lambda: alive)
        office.desk.heartbeat.run(_ThreeRounds())
        assert len(receiver.heard) == beats
