"""One incident a cause, with everything that happened in it, from the first sign until it has been quiet for five minutes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.events import Ask, HostSampled
from app.supervisor.incidents.causes import well
from app.supervisor.incidents.shelf import MOST_ENTRIES, MOST_EVIDENCE
from app.supervisor.state import Phase
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.incidents.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_healthy_day_has_no_incident(desk: Desk) -> None:
    assert desk.advance(600).shelf.newest(10) == []


def test_a_crash_that_is_healed_is_one_incident_that_ends_after_five_quiet_minutes(desk: Desk) -> None:
    desk.breaks("ai", 137).advance(20)
    incident = desk.only
    assert (incident.cause, incident.priority, incident.state, incident.affected) == ("ai", "P2", "recovered", ("ai",))
    desk.advance(250)
    assert desk.only.open
    desk.advance(60)
    assert desk.only.state == "ended"
    assert desk.book.open == []


def test_its_figures_are_those_of_the_failure(desk: Desk) -> None:
    began = desk.world.now
    desk.breaks("ai").advance(20)
    incident = desk.only
    assert incident.to_detect == timedelta(0)
    assert incident.to_act is not None
    assert timedelta(seconds=1) <= incident.to_act <= timedelta(seconds=2)
    assert incident.to_recover is not None
    assert incident.recovered_at == began + incident.to_recover
    assert timedelta(seconds=3) <= incident.to_recover <= timedelta(seconds=8)


def test_a_hang_is_counted_from_the_first_lost_answer(desk: Desk) -> None:
    desk.world.bodies["redis"].hangs = True
    desk.advance(10)
    assert desk.only.to_detect >= timedelta(seconds=2)


def test_answers_that_are_missing_while_it_comes_up_are_no_first_sign(desk: Desk) -> None:
    desk.world.bodies["ai"].boots_in = 60
    desk.world.restart_by_hand("ai")
    desk.advance(20).breaks("ai")
    assert desk.only.to_detect == timedelta(0)


def test_the_timeline_tells_what_happened_and_what_was_done(desk: Desk) -> None:
    desk.breaks("ai").advance(400)
    assert desk.texts("action") == ["The supervisor starts ai"]
    events = desk.texts("event")
    assert events[0].startswith("The incident is opened: ai, it ended with exit code 1")
    assert "ai is failed: it ended with exit code 1" in events
    assert "ai is healthy" in events
    assert events[-2:] == ["Everything affected works again", "Quiet for 5 minutes: the incident has ended"]
    moments = [entry.at for entry in desk.timeline()]
    assert moments == sorted(moments)


def test_one_database_failure_is_one_incident_for_all_that_depend_on_it(desk: Desk) -> None:
    desk.world.bodies["mongodb"].dies_after = 1
    desk.breaks("mongodb").advance(20)
    incident = desk.only
    assert incident.cause == "mongodb"
    assert set(incident.affected) >= {"mongodb", "backend", "worker", "ai"}


def test_whom_the_failure_turns_out_to_come_from_takes_over_the_incident(desk: Desk) -> None:
    """The first to fall silent was taken for the cause; then the database behind it is found dead."""
    desk.alert("firing", "api_slow", "backend", priority="P3")
    desk.world.bodies["mongodb"].hangs = True
    desk.advance(40)
    incident = desk.only
    assert incident.cause == "mongodb"
    assert incident.priority == "P2"
    assert any("The cause is mongodb, not backend" in text for text in desk.texts("event"))
    assert incident.alerts == {"api_slow:backend": True}


def test_two_causes_are_two_incidents(desk: Desk) -> None:
    desk.keeps_breaking("ai").keeps_breaking("realtime").advance(5)
    assert {incident.cause for incident in desk.book.open} == {"ai", "realtime"}


def test_a_failure_that_returns_within_the_five_minutes_is_the_same_incident(desk: Desk) -> None:
    desk.breaks("ai").advance(100)
    desk.breaks("ai").advance(250)
    assert desk.only.open
    assert desk.texts("event").count("The trouble is back") == 1
    assert desk.advance(90).only.state == "ended"


def test_a_flapping_service_stays_one_open_incident_until_a_person_helps(desk: Desk) -> None:
    desk.keeps_breaking("ai").advance(900)
    assert desk.only.state == "open"
    desk.world.bodies["ai"].dies_after = None
    desk.world.ask("ai", Ask.RELEASE)
    assert desk.advance(400).only.state == "ended"
    assert any("operator asked" in text for text in desk.texts("event"))


def test_a_failure_of_its_own_soon_after_another_services_is_another_incident(desk: Desk) -> None:
    desk.world.bodies["mongodb"].hangs = True
    desk.advance(60)
    assert desk.world.all_healthy()
    recovered_at = desk.only.recovered_at
    desk.breaks("ai").advance(20)
    younger, older = desk.shelf.newest(10)
    assert (younger.cause, younger.affected) == ("ai", ("ai",))
    assert (older.cause, older.recovered_at) == ("mongodb", recovered_at)
    assert "ai" in older.affected


def test_a_service_not_asked_since_its_cause_is_well_takes_no_recovery_back(desk: Desk) -> None:
    """The backend suffers from Redis and nginx from the backend; the backend is asked first when Redis is back."""
    desk.breaks("backend").advance(30)
    incident = desk.only
    assert incident.recovered_at is not None
    affected = replace(incident, affected=("backend", "nginx"))
    nginx = replace(desk.world["nginx"], phase=Phase.DEGRADED, blamed_on="backend")
    state = replace(desk.world.state, services={**desk.world.state.services, "nginx": nginx})
    assert well(affected, state)
    assert not well(replace(affected, recovered_at=None), state)


def test_a_supervisor_that_comes_back_takes_no_recovery_back(desk: Desk) -> None:
    desk.breaks("ai").advance(30)
    recovered_at = desk.only.recovered_at
    assert recovered_at is not None
    desk.open_book()
    desk.world.supervisor_restarts()
    desk.advance(10)
    assert desk.only.recovered_at == recovered_at
    assert "The trouble is back" not in desk.texts("event")


def test_what_a_person_stops_is_no_incident(desk: Desk) -> None:
    desk.world.stop_by_hand("mongodb")
    assert desk.advance(120).shelf.newest(10) == []


def test_stopping_a_failing_service_ends_its_incident(desk: Desk) -> None:
    desk.keeps_breaking("ai").advance(30)
    desk.world.ask("ai", Ask.STOP)
    desk.advance(400)
    assert desk.only.state == "ended"


def test_a_host_without_room_is_the_cause_not_the_service(desk: Desk) -> None:
    desk.world.tell(HostSampled(HOST.__class__(**{**vars(HOST), "disk_free": 0})))
    desk.world.bodies["redis"].hangs = True
    desk.advance(40)
    assert {incident.cause for incident in desk.book.open} == {"host"}


def test_evidence_is_secured_at_the_moment_of_the_failure(desk: Desk) -> None:
    desk.world.tell(HostSampled(HOST))
    desk.world.crash("ai", 137, out_of_memory=True)
    evidence = desk.shelf.evidence(desk.only.id)[0]
    assert (evidence.service, evidence.exit_code, evidence.oom_killed) == ("ai", 137, True)
    assert evidence.host["disk_free"] == HOST.disk_free
    assert evidence.logs == ("starting", "password=[redacted]", "Traceback: it broke")


def test_the_last_fifty_lines_of_the_log_are_evidence(desk: Desk) -> None:
    desk.lines = [f"line {number}" for number in range(200)]
    desk.breaks("ai")
    assert desk.shelf.evidence(desk.only.id)[0].logs == tuple(f"line {number}" for number in range(150, 200))


def test_a_log_that_cannot_be_read_is_said_in_its_place(desk: Desk) -> None:
    desk.silent = True
    desk.breaks("ai")
    assert desk.shelf.evidence(desk.only.id)[0].logs == ("The log could not be read: connection refused",)


def test_evidence_of_a_service_that_flaps_stays_bounded(desk: Desk) -> None:
    desk.world.bodies["ai"].dies_after = 30
    desk.breaks("ai").advance(900)
    assert 2 <= len(desk.shelf.evidence(desk.only.id)) <= MOST_EVIDENCE


def test_the_timeline_stays_bounded_and_people_always_find_room(desk: Desk) -> None:
    desk.keeps_breaking("ai")
    for number in range(MOST_ENTRIES):
        desk.book.told("", desk.world.now, "nobody's")
        desk.alert("firing", f"rule_{number}", "", cause="ai")
    desk.book.note(desk.only.id, desk.world.now, "seen", "Anna")
    assert len(desk.timeline()) == MOST_ENTRIES + 1
    assert desk.texts("note") == ["seen"]


def test_an_alert_without_a_failing_service_is_an_incident_of_its_priority(desk: Desk) -> None:
    desk.alert("pending", "host_cpu", "", cause="host", priority="P2")
    desk.advance(300)
    desk.alert("firing", "host_cpu", "", cause="host", priority="P2")
    assert (desk.only.cause, desk.only.priority) == ("host", "P2")
    assert desk.only.to_detect == timedelta(seconds=300)
    desk.advance(60).alert("resolved", "host_cpu", "", cause="host").advance(301)
    assert desk.only.state == "ended"
    assert desk.only.to_recover == timedelta(seconds=361)


def test_alerts_join_the_incident_of_their_cause_and_raise_its_priority(desk: Desk) -> None:
    desk.keeps_breaking("ai").advance(30)
    desk.alert("firing", "service_down", "ai")
    desk.alert("firing", "error_rate", "", cause="ai", priority="P3")
    assert desk.only.priority == "P1"
    assert desk.texts("alert") == ["P1 service_down: it is so", "P3 error_rate: it is so"]


def test_an_incident_does_not_end_while_one_of_its_alerts_fires(desk: Desk) -> None:
    desk.breaks("ai").advance(20).alert("firing", "service_restarted", "ai", priority="P4")
    desk.advance(900)
    assert desk.only.state == "recovered"
    assert desk.only.to_recover is not None
    assert desk.only.to_recover < timedelta(seconds=10)
    desk.alert("resolved", "service_restarted", "ai").advance(301)
    assert desk.only.state == "ended"


def test_an_acknowledgement_is_an_action_of_a_person(desk: Desk) -> None:
    desk.alert("firing", "disk_low", "", cause="host", priority="P2").advance(60)
    desk.alert("acknowledged", "disk_low", "", by="Anna", reason="I clean up")
    assert desk.only.to_act == timedelta(seconds=60)
    entry = desk.timeline()[-1]
    assert (entry.kind, entry.by, entry.text) == ("acknowledgement", "Anna", "disk_low acknowledged: I clean up")


def test_messages_and_notes_are_part_of_the_timeline(desk: Desk) -> None:
    desk.alert("firing", "disk_low", "", cause="host")
    desk.book.told("disk_low:", desk.world.now, "mail to ops: sent")
    assert desk.book.note(desk.only.id, desk.world.now, "old dumps removed", "Anna")
    assert not desk.book.note(99, desk.world.now, "nothing", "Anna")
    assert desk.texts("message") == ["mail to ops: sent"]
    assert desk.texts("note") == ["old dumps removed"]


def test_a_supervisor_that_comes_back_goes_on_with_the_same_incident(desk: Desk) -> None:
    desk.keeps_breaking("ai").advance(30)
    before = desk.only
    desk.open_book()
    desk.advance(30)
    assert desk.only.id == before.id
    assert (desk.only.began_at, desk.only.detected_at, desk.only.acted_at) == (
        before.began_at,
        before.detected_at,
        before.acted_at,
    )
    desk.world.bodies["ai"].dies_after = None
    desk.world.ask("ai", Ask.RELEASE) if desk.world["ai"].quarantined else None
    desk.advance(400)
    assert desk.only.state == "ended"


def test_alerts_that_went_away_meanwhile_keep_no_incident_open(desk: Desk) -> None:
    desk.alert("firing", "disk_low", "", cause="host")
    desk.open_book()
    desk.book.settle([])
    assert desk.advance(301).only.state == "ended"


def test_the_time_of_stability_is_the_callers(tmp_path: Path) -> None:
    desk = Desk(tmp_path, stability=timedelta(seconds=10))
    desk.breaks("ai").advance(25)
    assert desk.only.state == "ended"


def test_a_volume_that_is_full_for_a_while_loses_nothing(desk: Desk) -> None:
    database = desk.store._db
    database.execute("PRAGMA query_only = ON")
    desk.breaks("ai").advance(20)
    assert desk.shelf.newest(10) == []
    database.execute("PRAGMA query_only = OFF")
    desk.advance(2)
    assert desk.only.state == "recovered"
    assert desk.texts("action") == ["The supervisor starts ai"]


def test_what_ended_two_years_ago_is_forgotten(desk: Desk) -> None:
    desk.breaks("ai").advance(400)
    assert desk.only.state == "ended"
    desk.shelf.prune(desk.world.now + timedelta(days=731))
    assert desk.shelf.newest(10) == []
    assert desk.shelf.timeline(1) == []
