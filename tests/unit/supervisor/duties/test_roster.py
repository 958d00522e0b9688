"""The calendar does each turn once, catches up with the one that is on, and tells what people left open."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Conflict, Invalid, NotFound
from app.supervisor.doctor.finding import NoEvidence
from app.supervisor.duties.catalogue import BY_NAME
from app.supervisor.duties.duty import Duty, Every, Proof
from app.supervisor.duties.standing import Standing
from tests.unit.supervisor.duties.given import Office

MONDAY_EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
ALL_WELL: dict[str, Proof] = {"proof": Proof(True, "well")}


def machine(proof: dict[str, Any], at: time = time(6, 0), person: bool = False) -> Duty:
    """A daily duty that sees what `proof` holds at that moment; an exception is raised."""

    def look(_view: Any) -> Proof:
        if isinstance(proof["proof"], Exception):
            raise proof["proof"]
        return proof["proof"]

    return Duty("task", Every.DAY, "Task", "What it is", look, at, person)


def office(folder: Path, proof: dict[str, Any] | None = None, zone: str = "UTC", **options: Any) -> Office:
    return Office(folder, [machine(proof or ALL_WELL, **options)], zone, MONDAY_EVENING)


def test_nothing_is_due_that_was_due_before_the_calendar_began(tmp_path: Path) -> None:
    found = office(tmp_path)
    found.roster.work()
    assert found.looked == []
    assert found.overdue().value == 0


def test_each_day_is_looked_at_once(tmp_path: Path) -> None:
    found = office(tmp_path)
    for _minute in range(3 * 24 * 6):
        found.later(minutes=10).roster.work()
    assert found.looked == [date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)]


def test_a_restart_of_the_supervisor_repeats_nothing(tmp_path: Path) -> None:
    found = office(tmp_path).later(hours=12)
    for _restart in range(3):
        found.open()
        found.roster.work()
    assert found.looked == [date(2026, 3, 3)]


def test_missed_days_are_caught_up_with_once_and_stay_on_record_as_missed(tmp_path: Path) -> None:
    found = office(tmp_path).later(hours=12)
    found.roster.work()
    found.later(days=3, hours=4).open()
    found.roster.work()
    found.roster.work()
    assert found.looked == [date(2026, 3, 3), date(2026, 3, 6)]
    rows = found.roster.between(date(2026, 3, 2), date(2026, 3, 7))
    assert [row.standing for row in rows] == [
        Standing.NONE, Standing.DONE, Standing.MISSED, Standing.MISSED, Standing.DONE, Standing.AHEAD,
    ]  # fmt: skip


@pytest.mark.parametrize(("begin", "turns"), [("2026-03-27", 4), ("2026-10-23", 4)])
def test_summer_time_neither_skips_nor_doubles_a_day(tmp_path: Path, begin: str, turns: int) -> None:
    duties = [machine(ALL_WELL, at=time(2, 30))]
    found = Office(tmp_path, duties, "Europe/Berlin", datetime.fromisoformat(f"{begin}T12:00+00:00"))
    for _step in range(4 * 24 * 4):
        found.later(minutes=15).roster.work()
    assert found.looked == [date.fromisoformat(begin) + timedelta(days=day) for day in range(1, turns + 1)]


def test_a_clock_that_is_set_back_repeats_nothing(tmp_path: Path) -> None:
    found = office(tmp_path).later(hours=12)
    found.roster.work()
    found.later(hours=-1).roster.work()
    found.later(hours=2).roster.work()
    assert found.looked == [date(2026, 3, 3)]


def test_what_is_not_well_is_noted_once_asks_for_a_signature_and_becomes_overdue(tmp_path: Path) -> None:
    found = office(tmp_path, {"proof": Proof(False, "3 of 7 are healthy")}).later(hours=12)
    for _hour in range(6):
        found.roster.work()
        found.later(hours=1)
    assert [line.text for line in found.notes] == ["Task: 3 of 7 are healthy"]
    assert found.roster.today()[0].standing is Standing.ATTENTION
    assert found.overdue().value == 0
    found.later(hours=5).roster.work()
    assert (found.overdue().value, found.overdue().detail) == (1, "Task")
    found.roster.sign("task", "Ann", "Restarted the worker")
    assert found.overdue().value == 0
    assert "Ann signed “Task”: Restarted the worker" in found.notes[-1].text


def test_what_comes_right_by_itself_needs_no_signature(tmp_path: Path) -> None:
    proof: dict[str, Any] = {"proof": Proof(False, "ill")}
    found = office(tmp_path, proof).later(hours=12)
    found.roster.work()
    proof["proof"] = Proof(True, "well")
    found.later(minutes=30).roster.work()
    assert found.roster.today()[0].standing is Standing.ATTENTION
    found.later(minutes=31).roster.work()
    assert found.roster.today()[0].standing is Standing.DONE


def test_evidence_that_is_not_there_yet_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    found = office(tmp_path, {"proof": NoEvidence("nothing measured")}).later(hours=10)
    found.roster.work()
    found.later(minutes=90).roster.work()
    assert found.roster.today()[0].entry is None
    found.later(minutes=40).roster.work()
    entry = found.roster.today()[0].entry
    assert entry is not None
    assert not entry.good
    assert "nothing measured" in entry.proof


def test_a_persons_task_waits_for_its_signature_with_the_evidence_beside_it(tmp_path: Path) -> None:
    found = office(tmp_path, person=True).later(hours=12)
    found.roster.work()
    row = found.roster.today()[0]
    assert (row.standing, row.entry and row.entry.proof) == (Standing.ATTENTION, "well")
    signed = found.roster.sign("task", " Ann ", "As expected")
    assert signed.standing is Standing.DONE
    assert signed.entry is not None
    assert (signed.entry.signed_by, signed.entry.note, signed.entry.proof) == ("Ann", "As expected", "well")


def test_a_missed_day_can_be_signed_afterwards(tmp_path: Path) -> None:
    found = office(tmp_path).later(days=2)
    assert found.roster.row("task", date(2026, 3, 3)).standing is Standing.MISSED
    assert found.roster.sign("task", "Ann", "Was done on paper", date(2026, 3, 3)).standing is Standing.DONE


def test_nobody_signs_twice_too_early_or_without_a_name(tmp_path: Path) -> None:
    found = office(tmp_path).later(hours=12)
    found.roster.work()
    with pytest.raises(Conflict, match="by the machine"):
        found.roster.sign("task", "Ann", "Looked")
    with pytest.raises(Conflict, match="not due before"):
        found.roster.sign("task", "Ann", "Looked", date(2026, 3, 20))
    for who, note in (("", "Looked"), ("Ann", " "), ("A" * 101, "Looked"), ("Ann", "x" * 501)):
        with pytest.raises(Invalid):
            found.roster.sign("task", who, note)
    with pytest.raises(NotFound, match="There are: task"):
        found.roster.sign("nothing", "Ann", "Looked")


def test_a_day_on_which_it_does_not_fall_has_no_turn(tmp_path: Path) -> None:
    found = Office(tmp_path, [BY_NAME["security_audit"]])
    with pytest.raises(NotFound, match="does not fall on"):
        found.roster.row("security_audit", date(2026, 3, 5))


def test_looking_again_by_hand_keeps_the_signature(tmp_path: Path) -> None:
    proof: dict[str, Any] = {"proof": Proof(False, "ill")}
    found = office(tmp_path, proof).later(hours=12)
    found.roster.work()
    found.roster.sign("task", "Ann", "Known, is being repaired")
    proof["proof"] = Proof(True, "well")
    row = found.roster.run("task", "operator")
    assert row.entry is not None
    assert (row.entry.proof, row.entry.signed_by) == ("well", "Ann")


def test_the_proof_before_is_the_last_good_one(tmp_path: Path) -> None:
    proof: dict[str, Any] = {"proof": Proof(True, "version 1")}
    found = office(tmp_path, proof).later(hours=12)
    found.roster.work()
    proof["proof"] = Proof(False, "could not be told")
    found.later(days=1).roster.work()
    assert found.records.last_proof("task", date(2026, 3, 5)) == "version 1"
    assert found.records.last_proof("task", date(2026, 3, 3)) == ""
